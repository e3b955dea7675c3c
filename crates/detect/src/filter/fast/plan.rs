//! Where the host and the user of a match stand, found without capturing.
//!
//! An automaton says that a sequence matches. Where only one place can be the host's, the host is there: no search
//! has to say so. All below is proved from the sequence when it is compiled, or checked in the line; where neither
//! works, the pattern's own search decides.

use std::ops::Range;

use super::ascii::Ascii;
use super::follow::{Follow, host_bytes, takes_anything};
use super::needle::Needle;
use super::place::{Group, Place, Unsure, classify, host_bytes_run};
use super::sequence::{Item, Sequence, is_anchored, literal_before, literal_of, literals_at};
use super::shape::literal_after_stretch;
use super::walk::{Step, Walk, go, steps};

/// Where to find what a sequence names.
#[derive(Debug)]
pub(super) struct Plan {
    host: Option<HostPlan>,
    users: Vec<UserPlan>,
    /// The literal before the host, or before the rest where there is no host.
    pub(super) anchor: Needle,
    /// The match is sure only where `anchor` stands once.
    pub(super) once: bool,
}

#[derive(Debug)]
struct HostPlan {
    /// `None`: after the one `anchor`.
    start: Option<Walk>,
    /// The literal after the host, where neither it nor the one before could be part of a host.
    after: Option<Box<Needle>>,
    follow: Follow,
    /// Bytes of hosts that may also be the first after one.
    inside: Ascii,
    /// None of them is in an IPv4 address.
    outside_ip4: bool,
    /// What follows matches whatever stands there.
    open: bool,
    names: bool,
}

#[derive(Debug)]
struct UserPlan {
    start: UserStart,
    end: UserEnd,
}

#[derive(Debug)]
enum UserStart {
    Walk(Walk),
    /// After a literal that must stand once.
    After(Box<Needle>),
}

#[derive(Debug)]
enum UserEnd {
    /// Where the one `anchor` begins.
    Anchor,
    Walk(Vec<Step>),
}

/// What a look at a line says of one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    No,
    /// The host, if it has one, is what was read last.
    Match,
    /// Ask the automaton.
    Unknown,
}

impl Plan {
    /// `None` if the host cannot be found without capturing. A sequence without a host has none to find.
    /// `names`: a host may be a name.
    pub(super) fn host(sequence: &Sequence<'_>, names: bool) -> Option<Plan> {
        let items = &sequence.items;
        let mut hosts =
            items.iter().enumerate().filter(|(_, item)| matches!(item, Item::Host)).map(|(at, _)| at);
        let (at, second) = (hosts.next(), hosts.next());
        if !is_anchored(items) || second.is_some() {
            return None;
        }
        let Some(at) = at else {
            return Some(Plan {
                host: None,
                users: Vec::new(),
                anchor: Needle::new(&literal_after_stretch(items)),
                once: false,
            });
        };
        let anchor = literal_before(items, at);
        let start = Walk::to(items, at);
        if start.is_none() && anchor.is_empty() {
            return None;
        }
        let follow = Follow::of(&items[at + 1..]);
        let inside = follow.among(host_bytes());
        let open = takes_anything(&items[at + 1..]);
        let after = literal_of(&items[at + 1..at + 1 + literals_at(&items[at + 1..])]).unwrap_or_default();
        let apart = |byte: Option<&u8>| byte.is_some_and(|&byte| !host_bytes().contains(byte));
        let after = (apart(anchor.last()) && apart(after.first())).then(|| Box::new(Needle::new(&after)));
        let outside_ip4 = (inside & Ascii::of_bytes(b"0123456789.")).is_empty();
        let host = Some(HostPlan { start, after, follow, inside, outside_ip4, open, names });
        Some(Plan { host, users: Vec::new(), anchor: Needle::new(&anchor), once: false })
    }

    pub(super) fn anchor(&self) -> &[u8] {
        self.anchor.text()
    }

    pub(super) fn has_host(&self) -> bool {
        self.host.is_some()
    }

    /// Whether somebody must say if what follows the host matches.
    pub(super) fn asks_for_rest(&self) -> bool {
        self.host.as_ref().is_some_and(|host| !host.open)
    }

    /// Adds the way to a user's name; false if there is none.
    pub(super) fn add_user(&mut self, sequence: &Sequence<'_>, group: usize) -> bool {
        let items = &sequence.items;
        let at = |wanted: fn(&Item<'_>) -> Option<usize>| {
            items.iter().position(|item| wanted(item) == Some(group))
        };
        let open = at(|item| if let Item::Open(index) = item { Some(*index) } else { None });
        let close = at(|item| if let Item::Close(index) = item { Some(*index) } else { None });
        let (Some(open), Some(close)) = (open, close) else { return true };
        let start = match Walk::to(items, open) {
            Some(walk) => UserStart::Walk(walk),
            None => match literal_before(items, open) {
                literal if literal.is_empty() => return false,
                literal => UserStart::After(Box::new(Needle::new(&literal))),
            },
        };
        let end = match steps(items, open..close) {
            Some(steps) => UserEnd::Walk(steps),
            None if self.only_anchor_after(items, close) => UserEnd::Anchor,
            None => return false,
        };
        self.users.push(UserPlan { start, end });
        true
    }

    /// Whether nothing but the anchor stands between `from` and the host.
    pub(super) fn only_anchor_after(&self, items: &[Item<'_>], from: usize) -> bool {
        let host = items.iter().position(|item| matches!(item, Item::Host));
        let between = host.and_then(|host| literal_of(items.get(from..host)?));
        !self.anchor().is_empty() && between.is_some_and(|text| text == self.anchor())
    }

    /// Whether a host begins at `start` and what follows it matches, given that all before it does; without a host,
    /// whether the rest matches at `start`. `rest` says whether what must follow matches from a place on, if it knows;
    /// `known` is what was read by the last that asked about this text.
    pub(super) fn judge(
        &self,
        text: &[u8],
        start: usize,
        known: &mut Place,
        rest: impl FnOnce(usize) -> Option<bool>,
    ) -> Verdict {
        let Some(plan) = &self.host else {
            return match rest(start) {
                Some(true) => Verdict::Match,
                Some(false) => Verdict::No,
                None => Verdict::Unknown,
            };
        };
        known.read(text, start);
        let Place { end, group, .. } = *known;
        let host = &text[start..end];
        let only = if group == Group::Ip4 && plan.outside_ip4 {
            !plan.open
        } else {
            plan.ends_only_at(text, start, end)
        };
        let name =
            || plan.names && host.last().is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match group {
            _ if host.is_empty() => return Verdict::No,
            Group::Ip4 | Group::Ip6 => {}
            Group::Dns if !only || host.iter().any(|byte| b":[]".contains(byte)) => return Verdict::Unknown,
            Group::Dns if name() => {}
            Group::Dns => return Verdict::No,
        }
        if only && !plan.follow.fits(text, end) {
            return Verdict::No;
        }
        match if plan.open { Some(true) } else { rest(end) } {
            Some(true) => Verdict::Match,
            Some(false) if only => Verdict::No,
            _ => Verdict::Unknown,
        }
    }

    /// Where the host of a match in `text` stands; `rest` says whether what follows the host matches from a place on.
    /// `Err`: ask the pattern.
    pub(super) fn place(
        &self,
        text: &[u8],
        rest: impl FnOnce(usize) -> bool,
    ) -> Result<Option<Place>, Unsure> {
        let once = if self.once { Some(self.anchor.only(text).ok_or(Unsure)?) } else { None };
        let Some(host) = &self.host else { return Ok(None) };
        let start = match (&host.start, once) {
            (Some(walk), _) => walk.end(text, 0),
            (None, Some(at)) => at + self.anchor().len(),
            (None, None) => match self.anchor.only(text) {
                Some(at) => at + self.anchor().len(),
                None => return classify(text, host.before_literal(text).ok_or(Unsure)?).map(Some),
            },
        };
        let end = host_bytes_run(text, start);
        if host.ends_only_at(text, start, end) || host.is_taken_first(text, start, end, rest) {
            classify(text, start..end).map(Some)
        } else {
            Err(Unsure)
        }
    }

    /// Where the user of a match in `text` stands; empty if nobody is named.
    pub(super) fn user(&self, text: &[u8], rest: impl Fn(usize) -> bool) -> Result<Range<usize>, Unsure> {
        let mut first = 0..0;
        for user in &self.users {
            let start = match &user.start {
                UserStart::Walk(walk) if walk.from_host => {
                    let host = self.place(text, &rest)?.ok_or(Unsure)?;
                    walk.end(text, host_bytes_run(text, host.start))
                }
                UserStart::Walk(walk) => walk.end(text, 0),
                UserStart::After(literal) => literal.only(text).ok_or(Unsure)? + literal.len(),
            };
            let end = match &user.end {
                UserEnd::Anchor => self.anchor.only(text).ok_or(Unsure)?,
                UserEnd::Walk(steps) => go(steps, text, start),
            };
            if start > end || end > text.len() {
                return Err(Unsure);
            }
            if start < end {
                return Ok(start..end);
            }
            first = start..end;
        }
        Ok(first)
    }
}

impl HostPlan {
    /// The host that ends where the literal after it stands, if that is in one place only: all bytes before it that can
    /// be a host's, since what must be before them cannot.
    fn before_literal(&self, text: &[u8]) -> Option<Range<usize>> {
        let end = self.after.as_ref()?.only(text)?;
        let bytes = host_bytes();
        let length = text[..end].iter().rev().take_while(|&&byte| bytes.contains(byte)).count();
        Some(end - length..end)
    }

    /// No place before `end` can be followed by what must follow.
    fn ends_only_at(&self, text: &[u8], start: usize, end: usize) -> bool {
        let may_end = |at: usize| self.inside.contains(text[at]) && self.follow.fits(text, at);
        !self.open && (self.inside.is_empty() || !(start + 1..end).any(may_end))
    }

    /// An address is tried as a whole before any part of it, and before a name; the first way on that leads to a match
    /// is taken.
    fn is_taken_first(
        &self,
        text: &[u8],
        start: usize,
        end: usize,
        rest: impl FnOnce(usize) -> bool,
    ) -> bool {
        let mut host = Place::new();
        host.take(text, start, end);
        host.group != Group::Dns && (self.open || rest(end))
    }
}
