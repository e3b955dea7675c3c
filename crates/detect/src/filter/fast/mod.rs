//! The fast route: automata say which pattern matches, and where its host must be.
//!
//! It gives exactly what the plain route gives, or says that it cannot tell and the plain route is taken: for lines that
//! are not ASCII, for patterns that are no regular language where that matters, for lines in which the host could stand
//! in more places than one. So a forgery costs its line a slower look, and nothing else.

mod ascii;
mod automaton;
mod backwards;
mod check;
mod exact;
mod follow;
mod head;
mod literal;
mod lower;
mod memory;
mod needle;
mod place;
mod plan;
mod prefix;
mod rests;
mod sequence;
mod shape;
mod table;
mod tails;
mod texts;
mod variant;
mod walk;

use std::sync::OnceLock;

use regex_automata::MatchKind;

use crate::Address;
use crate::pattern::Overrun;

use self::automaton::{Automaton, Found, GaveUp};
use self::head::{Candidate, Heads};
use self::needle::End;
use self::place::{Group, Place};
use self::plan::Verdict;
use self::prefix::{Prefix, Prefixed};
use self::rests::Rests;
use self::table::Table;
use self::tails::Tails;
use self::variant::Variant;
use super::compile::Filter;
use super::hit::{Hit, User, Way};
use super::plain::{self, Outcome, Scratch};
use super::rule::Rule;
use super::span::Span;
use super::text::Text;

/// What is compiled for one filter.
#[derive(Debug)]
pub(super) struct Fast {
    prefix: Option<Prefix>,
    heads: Heads,
    /// All that match, made for the first line that needs it; `None` if it would be too large.
    content: OnceLock<Option<Automaton>>,
    /// What must follow a host.
    rest: Automaton,
    /// By the automaton's numbers: in the order of rules, and of a rule's ways.
    variants: Vec<Variant>,
}

/// What one source has taught: the states that the automata have built, and the ways that heads allow.
#[derive(Debug)]
pub(super) struct Caches {
    prefix: Option<prefix::Caches>,
    heads: head::Memory,
    content: Option<Table>,
    found: Found,
    rest: Table,
    found_rest: Found,
    tails: Tails,
    /// The host that was read last. It stays where it was written: to copy an address as soon as that is done keeps the
    /// processor waiting.
    host: Place,
}

impl Caches {
    /// Whom a hit accuses that [`Fast::find`] has just found, where it [has it](Hit::has_address).
    #[inline]
    pub(super) fn address(&self) -> Option<Address> {
        self.host.address
    }
}

impl Fast {
    /// `None` where the automata would be too large.
    pub(super) fn new(prefix: Option<&Rule>, rules: &[Rule]) -> Option<Fast> {
        let (mut variants, mut heads, mut rests) = (Vec::new(), Vec::new(), Vec::new());
        for mut way in variant::all(prefix, rules) {
            way.variant.rest = rests.iter().position(|rest| *rest == way.rest).unwrap_or(rests.len());
            if way.variant.rest == rests.len() {
                rests.push(way.rest);
            }
            variants.push(way.variant);
            heads.push(way.head);
        }
        // Their numbers are kept in two bytes.
        u16::try_from(variants.len()).ok()?;
        Some(Fast {
            prefix: prefix.and_then(Prefix::new),
            heads: Heads::new(heads),
            content: OnceLock::new(),
            rest: Automaton::new(&rests, MatchKind::All)?,
            variants,
        })
    }

    /// [`Fast::content`], from the rules of the filter that this is for.
    fn content(&self, filter: &Filter) -> Result<&Automaton, GaveUp> {
        let make = || {
            let languages = variant::languages(filter.prefix.as_ref(), &filter.rules);
            Automaton::new(&languages, MatchKind::All)
        };
        self.content.get_or_init(make).as_ref().ok_or(GaveUp)
    }

    pub(super) fn caches(&self) -> Caches {
        Caches {
            prefix: self.prefix.as_ref().map(Prefix::caches),
            heads: head::Memory::new(),
            content: None,
            found: Found::default(),
            rest: self.rest.table(),
            found_rest: Found::default(),
            tails: Tails::default(),
            host: Place::new(),
        }
    }

    /// As [`plain::find`], for a simple subject.
    pub(super) fn find(
        &self,
        filter: &Filter,
        subject: Text<'_>,
        caches: &mut Caches,
        scratch: &mut Scratch,
    ) -> Result<Outcome, Overrun> {
        let bytes = subject.bytes();
        let Some(prefixed) = self.prefixed(filter, subject, caches, scratch)? else {
            return Ok(Outcome::Nothing);
        };
        let Some(text) = terminated(bytes, prefixed.content) else {
            return plain::find(filter, subject.as_str(), scratch);
        };
        let Caches { heads, rest, found_rest, tails, host, .. } = caches;
        let candidates = self.heads.candidates(text, heads, |way, head| self.variants[way].read_head(head));
        if candidates.is_empty() {
            return Ok(Outcome::Nothing);
        }
        let rests = Rests::new(&self.rest, rest, found_rest, tails);
        host.forget();
        let look = |ways| self.look(ways, text, bytes.last_chunk(), host, rests);
        match candidates.list().map_or(Look::Unsure, look) {
            Look::Nothing => return Ok(Outcome::Nothing),
            Look::Match(way) if self.variants[way].first_wins && completes(filter, &prefixed) => {
                if plain::ignores(filter, subject, prefixed.content, scratch)? {
                    return Ok(Outcome::Ignored);
                }
                let host = Some(&*host).filter(|_| self.variants[way].has_host());
                return Ok(Outcome::Hit(self.hit(way, host, &prefixed)));
            }
            Look::Match(_) | Look::Unsure => {}
        }
        let found = self.content(filter).and_then(|content| {
            let table = caches.content.get_or_insert_with(|| content.table());
            content.find_all(table, text, 0, &mut caches.found)
        });
        match found {
            Err(GaveUp) => plain::find(filter, subject.as_str(), scratch),
            Ok(()) if !caches.found.any() => Ok(Outcome::Nothing),
            Ok(()) => self.choose(filter, subject, &prefixed, caches, scratch),
        }
    }

    /// Looks whether one of `ways` matches `text`, which the line ends with as `end` does, and reads its `host`.
    fn look(
        &self,
        ways: &[Candidate],
        text: &[u8],
        end: End<'_>,
        host: &mut Place,
        mut rests: Rests<'_>,
    ) -> Look {
        for &Candidate { way, progress } in ways {
            let variant = &self.variants[usize::from(way)];
            if !variant.ends(text) || !variant.is_possible(text, end, progress) {
                continue;
            }
            match variant.look(text, end, progress, host, |at| rests.matches(variant.rest, text, at)) {
                Verdict::No => {}
                Verdict::Unknown => return Look::Unsure,
                Verdict::Match => return Look::Match(way.into()),
            }
        }
        Look::Nothing
    }

    fn prefixed(
        &self,
        filter: &Filter,
        subject: Text<'_>,
        caches: &mut Caches,
        scratch: &mut Scratch,
    ) -> Result<Option<Prefixed>, Overrun> {
        if let (Some(prefix), Some(caches)) = (&self.prefix, &mut caches.prefix)
            && let Ok(prefixed) = prefix.find(caches, subject.bytes())
        {
            return Ok(prefixed);
        }
        let content = plain::content(filter, subject.as_str(), scratch.prefix())?;
        Ok(content.map(|content| Prefixed { content, session: None, session_known: false }))
    }

    /// Of the ways that the automaton found, the first that really matches.
    fn choose(
        &self,
        filter: &Filter,
        subject: Text<'_>,
        prefixed: &Prefixed,
        caches: &mut Caches,
        scratch: &mut Scratch,
    ) -> Result<Outcome, Overrun> {
        let Caches { found, rest, found_rest, tails, .. } = caches;
        let mut rests = Rests::new(&self.rest, rest, found_rest, tails);
        let text = &subject.bytes()[prefixed.content.start()..];
        let mut ways = found.iter().peekable();
        while let Some(way) = ways.next() {
            let variant = &self.variants[way];
            let mut sure = true;
            while ways.next_if(|&next| self.variants[next].rule == variant.rule).is_some() {
                sure = variant.first_wins;
            }
            let rest = |at| rests.matches(variant.rest, text, at) == Some(true);
            let place = variant.place(text, rest);
            let hit = match place.filter(|_| sure && completes(filter, prefixed)) {
                Some(place) => Some(self.hit(way, place.as_ref(), prefixed)),
                None => plain::capture(filter, variant.rule, subject.as_str(), scratch)?,
            };
            if let Some(hit) = hit {
                return plain::judge(filter, subject, hit, scratch);
            }
        }
        Ok(Outcome::Nothing)
    }

    /// The hit of a way that matches. It is put together where it is to be.
    #[inline(always)]
    fn hit(&self, way: usize, place: Option<&Place>, prefixed: &Prefixed) -> Hit {
        let variant = &self.variants[way];
        Hit {
            rule: variant.rule as u32,
            way: Some(Way::new(way as u16)),
            content: prefixed.content,
            marks: variant.marks,
            ids: ids(place, prefixed.content.start()),
            has_address: place.is_some_and(|place| place.address.is_some()),
            session: prefixed.session,
            names_user: variant.names_user,
        }
    }

    /// The user that a hit of `way` names in `content` of the subject, if that needs no search.
    pub(super) fn user(&self, way: Way, content: Span, subject: &str) -> Option<User> {
        let text = subject.as_bytes().get(content.start()..content.end() + 1)?;
        self.variants[way.index()].user(text, content.start())
    }
}

/// Whether a hit needs no search to be complete.
fn completes(filter: &Filter, prefixed: &Prefixed) -> bool {
    let sessions = filter.prefix.as_ref().is_some_and(|prefix| prefix.roles.session.is_some());
    prefixed.session_known || !sessions
}

/// What a look at a line says of all ways.
enum Look {
    Nothing,
    /// The way that matches.
    Match(usize),
    /// Not enough.
    Unsure,
}

/// The content with its newline, where it goes to the end of the line.
fn terminated(subject: &[u8], content: Span) -> Option<&[u8]> {
    (content.end() + 1 == subject.len()).then(|| &subject[content.start()..])
}

/// A host's place in the content as the places of ids in the subject, in which that begins at `offset`.
fn ids(place: Option<&Place>, offset: usize) -> [Option<Span>; 5] {
    let at = |group| {
        let place = place.filter(|place| place.group == group)?;
        Some(Span::new(offset + place.start, offset + place.end))
    };
    [None, at(Group::Ip4), at(Group::Ip6), at(Group::Dns), None]
}
