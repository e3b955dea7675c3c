//! One session, and what another line adds to it.

use crate::{Address, Time};

use super::super::compile::Filter;
use super::super::fields::{FieldValue, Fields};
use super::super::hit::{Hit, User, Way};
use super::super::host::{Host, Ids};
use super::super::plain::{self, Scratch};
use super::super::rule::CIDR;
use super::super::span::Span;
use super::super::text::Text;

/// A session keeps so many lines as text; then it keeps their values instead.
const LINES: usize = 16;
/// Of the lines of a failure, so many are kept as the log has them, and of each so many bytes.
const KEPT: (usize, usize) = (64, 2048);
/// So many different users are told by name.
const USERS: usize = 32;

/// A line that matched, in a filter that joins lines.
#[derive(Clone, Copy)]
pub(in super::super) struct Line<'a> {
    pub(in super::super) filter: &'a Filter,
    /// The line without its date, with its newline.
    pub(in super::super) subject: Text<'a>,
    pub(in super::super) hit: &'a Hit,
    /// How many lines of the log this one stands for.
    pub(in super::super) lines: u32,
    /// Those lines as the log has them, where somebody will ask for them.
    pub(in super::super) kept: &'a [String],
}

/// What a session's lines have said so far.
#[derive(Debug, Default)]
pub(in super::super) struct Session {
    pub(super) created: Time,
    /// The subjects of `entries`, and whatever else spans point to: between characters always.
    text: Vec<u8>,
    /// What tells it from others.
    key: Option<Span>,
    entries: Vec<Entry>,
    /// What lines said that are no longer kept as text.
    folded: Option<Box<Fields>>,
    /// Where the last value of each id stands.
    ids: [Option<Span>; 5],
    /// One of them says who it is.
    identified: bool,
    /// Where the users' names stand, each once.
    users: Vec<Span>,
    /// Entries from this one on may name further users.
    unread: usize,
    /// Somebody failed whose address is not known yet.
    pending: bool,
    /// The last line was no failure by itself.
    excused: bool,
    /// Lines that make up the failure.
    matches: u32,
    /// Lines that will, if it becomes one.
    nofail_matches: u32,
    /// All these as the log has them, where somebody will ask for them.
    kept: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    subject: Span,
    /// Within the subject.
    content: Span,
    rule: u32,
    way: Option<Way>,
    names_user: bool,
}

/// Whether one of these says who it is.
fn identify(ids: &[Option<Span>; 5]) -> bool {
    ids.iter().enumerate().any(|(id, span)| span.is_some() && id != CIDR)
}

impl Entry {
    fn new(subject: Span, hit: &Hit) -> Entry {
        let Hit { content, rule, way, names_user, .. } = *hit;
        Entry { subject, content, rule, way, names_user }
    }

    fn user(&self, filter: &Filter, subject: &str, scratch: &mut Scratch) -> User {
        match self.names_user {
            true => filter.user(self.rule, self.way, self.content, subject, scratch),
            false => User::Nobody,
        }
    }
}

impl Session {
    /// Forgets all and begins anew, with a line in which its key stands at `key`; its buffers stay. Says whether the line is
    /// a failure, as [`Session::add`] does: most sessions have no other line.
    pub(super) fn begin(&mut self, key: Span, at: Time, line: Line<'_>) -> bool {
        let Line { subject, hit, .. } = line;
        self.created = at;
        self.key = Some(key);
        self.text.clear();
        self.text.extend_from_slice(subject.bytes());
        self.entries.clear();
        self.entries.push(Entry::new(Span::new(0, self.text.len()), hit));
        self.folded = None;
        self.ids = hit.ids;
        self.identified = identify(&hit.ids);
        self.users.clear();
        self.unread = 0;
        (self.pending, self.excused) = (false, hit.marks.blameless());
        (self.matches, self.nofail_matches) = (0, 0);
        self.kept.clear();
        self.settle(line)
    }

    /// What tells it from others.
    pub(super) fn key(&self) -> &[u8] {
        self.key.map_or(&[], |key| &self.text[key.range()])
    }

    /// Bytes of text that it holds.
    pub(super) fn size(&self) -> usize {
        let kept: usize = self.kept.iter().map(String::capacity).sum();
        self.text.capacity() + kept + self.folded.as_deref().map_or(0, Fields::size)
    }

    /// Adds a line and says whether it completes a failure; then [`Session::host`] says whose.
    pub(super) fn add(&mut self, line: Line<'_>, scratch: &mut Scratch) -> bool {
        let marks = line.hit.marks;
        let was_pending = std::mem::take(&mut self.pending) && !marks.gained;
        let was_excused = std::mem::take(&mut self.excused);
        if !was_excused && !was_pending {
            self.matches = 0;
            self.kept.clear();
        }
        self.append(line, scratch);
        self.excused = marks.blameless() && !was_pending && !self.several_users(line.filter, scratch);
        self.settle(line)
    }

    fn settle(&mut self, line: Line<'_>) -> bool {
        if !(self.excused && line.hit.marks.forget) {
            self.keep(line.kept);
        }
        if self.excused {
            if !line.hit.marks.forget {
                self.nofail_matches += line.lines;
            }
            return false;
        }
        self.matches += std::mem::take(&mut self.nofail_matches) + line.lines;
        self.pending = !self.identified;
        self.identified
    }

    fn keep(&mut self, lines: &[String]) {
        for line in lines.iter().take(KEPT.0.saturating_sub(self.kept.len())) {
            self.kept.push(line[..line.floor_char_boundary(KEPT.1)].to_owned());
        }
    }

    /// The lines of its last failure, as the log has them.
    pub(in super::super) fn kept(&self) -> &[String] {
        &self.kept
    }

    fn append(&mut self, line: Line<'_>, scratch: &mut Scratch) {
        if self.entries.len() == LINES {
            self.fold(line.filter, scratch);
        }
        let start = self.text.len();
        self.text.extend_from_slice(line.subject.bytes());
        for (known, new) in self.ids.iter_mut().zip(&line.hit.ids) {
            *known = new.map(|span| span.shift(start)).or(*known);
        }
        self.identified |= identify(&line.hit.ids);
        self.entries.push(Entry::new(Span::new(start, self.text.len()), line.hit));
    }

    /// Whom the session accuses, after a line with `hit`; `address` is whom that accuses, where it is known already.
    #[inline]
    pub(in super::super) fn host(&self, hit: &Hit, address: Option<Address>) -> Option<Host<'_>> {
        let [fid, ip4, _, _, cidr] = &self.ids;
        // What comes first among the ids is this line's own.
        let own = fid.is_none() && cidr.is_none() && (ip4.is_none() || hit.ids[1].is_some());
        match address {
            Some(address) if own => Some(Host::Address(address)),
            _ => self.ids().host(),
        }
    }

    /// The last value of each id.
    fn ids(&self) -> Ids<'_> {
        let at = |index: usize| self.ids[index].map(|span| span.text_of(&self.text));
        Ids { fid: at(0), ip4: at(1), ip6: at(2), dns: at(3), cidr: at(4) }
    }

    /// Whether more than one user was tried.
    fn several_users(&mut self, filter: &Filter, scratch: &mut Scratch) -> bool {
        // As long as a second user would need more lines than there are, nobody has to look.
        while self.users.len() < 2 && self.users.len() + self.entries.len() - self.unread > 1 {
            self.read_user(filter, scratch);
        }
        self.users.len() > 1
    }

    /// Takes the user from the next entry that has not been asked yet.
    fn read_user(&mut self, filter: &Filter, scratch: &mut Scratch) {
        let entry = &self.entries[self.unread];
        self.unread += 1;
        let span = match entry.user(filter, entry.subject.text_of(&self.text), scratch) {
            User::At(span) => span.shift(entry.subject.start()),
            User::Joined(user) => {
                let start = self.text.len();
                self.text.extend_from_slice(user.as_bytes());
                Span::new(start, self.text.len())
            }
            User::Nobody => return,
        };
        let name = &self.text[span.range()];
        if self.users.len() < USERS && self.users.iter().all(|known| self.text[known.range()] != *name) {
            self.users.push(span);
        }
    }

    /// Reads the values out of the lines and forgets the lines.
    fn fold(&mut self, filter: &Filter, scratch: &mut Scratch) {
        while self.unread < self.entries.len() {
            self.read_user(filter, scratch);
        }
        self.folded = Some(Box::new(self.merged(filter)));
        let old = std::mem::take(&mut self.text);
        for span in self.key.iter_mut().chain(self.ids.iter_mut().flatten()).chain(&mut self.users) {
            let start = self.text.len();
            self.text.extend_from_slice(&old[span.range()]);
            *span = Span::new(start, self.text.len());
        }
        self.entries.clear();
        self.unread = 0;
    }

    fn merged(&self, filter: &Filter) -> Fields {
        let mut fields = self.folded.as_deref().cloned().unwrap_or_default();
        for entry in &self.entries {
            let subject = entry.subject.text_of(&self.text);
            fields.merge(plain::fields(filter, entry.rule as usize, entry.content, subject));
        }
        fields
    }

    /// Everything that its lines have said.
    pub(in super::super) fn fields(&self, filter: &Filter) -> Fields {
        let mut fields = self.merged(filter);
        drop_marks(&mut fields);
        let users = self.all_users(filter);
        if !users.is_empty() {
            fields.set("users", FieldValue::List(users));
        }
        fields.set("attempts", FieldValue::Number(self.matches));
        fields
    }

    fn all_users(&self, filter: &Filter) -> Vec<String> {
        let mut users: Vec<String> =
            self.users.iter().map(|span| span.text_of(&self.text).to_owned()).collect();
        for entry in &self.entries[self.unread..] {
            let subject = entry.subject.text_of(&self.text);
            let user = match entry.user(filter, subject, &mut Scratch::default()) {
                User::At(span) => span.of(subject).to_owned(),
                User::Joined(user) => user,
                User::Nobody => continue,
            };
            if users.len() < USERS && !users.contains(&user) {
                users.push(user);
            }
        }
        users
    }
}

/// What lines say about their session is nothing that the failure says.
pub(in super::super) fn drop_marks(fields: &mut Fields) {
    for name in ["mlfforget", "nofail", "mlfgained"] {
        fields.remove(name);
    }
}
