//! Patterns of the commonest form, matched by comparing: fixed words, one stretch that the log's daemon fills in, a
//! literal, the host, and a rest.
//!
//! `^Invalid user <F-USER>.*?</F-USER> from <HOST>…`: if ` from ` stands once in a line, the way to match can only be
//! this: the words, then the stretch up to the literal, then the host. Patterns without a host are read alike.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::pattern::ast::{Anchor, Kind, Node};

use super::ascii::Ascii;
use super::check::{Check, end_of};
use super::follow::is_any_run;
use super::lower::literal;
use super::plan::Plan;
use super::sequence::{Item, Sequence, literal_of, literals_at};

/// Checks, and the stretch after them with where it ends.
type Head = (Vec<Check>, Option<(Stretch, usize)>);

/// What the items begin with, up to their end or that of the first stretch.
fn head(items: &[Item<'_>]) -> Option<Head> {
    let mut checks = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Item::Leaf(node) = item else { continue };
        if let Some(check) = Check::of(node, &items[at + 1..]) {
            check.push_to(&mut checks);
        } else if !matches!(node.kind, Kind::Anchor(Anchor::Start)) || !checks.is_empty() {
            let (stretch, length) = Stretch::begin(&items[at..])?;
            return Some((checks, Some((stretch, at + length))));
        }
    }
    Some((checks, None))
}

/// What ends the stretch of a sequence without a host.
pub(super) fn literal_after_stretch(items: &[Item<'_>]) -> Vec<u8> {
    let end = head(items).and_then(|(_, stretch)| stretch).map_or(items.len(), |(_, end)| end);
    literal_of(&items[end..end + literals_at(&items[end..])]).unwrap_or_default()
}

/// What stands before the host and after it.
#[derive(Debug)]
pub(super) struct Shape {
    checks: Vec<Check>,
    /// What lies between the checks and the literal before the host; `None` if the checks lead to the host.
    stretch: Option<Stretch>,
    /// What follows the host, if comparing is enough for that too.
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Rest {
    checks: Vec<Check>,
    /// `$`
    at_end: bool,
}

/// All that stands before the end of a line.
const ANYTHING: Ascii = Ascii::ALL.without(b'\n');

#[derive(Debug)]
struct Stretch {
    set: Ascii,
    min: usize,
    max: usize,
}

/// Where the literal before the host stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    None,
    One(usize),
    Several,
}

impl Places {
    pub(super) fn of(literal: &Finder<'_>, text: &[u8]) -> Places {
        match literal.find(text) {
            None => Places::None,
            Some(at) if literal.find(&text[at + 1..]).is_none() => Places::One(at),
            Some(_) => Places::Several,
        }
    }
}

impl Shape {
    /// `None` if the sequence has another form.
    pub(super) fn of(sequence: &Sequence<'_>, plan: &Plan) -> Option<Shape> {
        let items = &sequence.items;
        let host = items.iter().position(|item| matches!(item, Item::Host));
        let (checks, stretch) = head(&items[..host.unwrap_or(items.len())])?;
        let Some((stretch, end)) = stretch else {
            let rest = Rest::of(&items[host? + 1..]);
            return Some(Shape { checks, stretch: None, rest });
        };
        let rest = match host {
            Some(host) if plan.only_anchor_after(items, end) => Rest::of(&items[host + 1..]),
            Some(_) => return None,
            None => Some(Rest::of(&items[end + literals_at(&items[end..])..])?),
        };
        Some(Shape { checks, stretch: Some(stretch), rest })
    }

    /// Whether the place of the literal before the host matters.
    pub(super) fn has_stretch(&self) -> bool {
        self.stretch.is_some()
    }

    /// Where the host or the rest begins, if what is before it matches; `anchor` is where the literal before it stands
    /// and ends.
    pub(super) fn begin(&self, text: &[u8], anchor: Range<usize>) -> Option<usize> {
        let at = end_of(&self.checks, text, 0)?;
        match &self.stretch {
            None => Some(at),
            Some(stretch) => stretch.fills(text, at, anchor.start).then_some(anchor.end),
        }
    }
}

impl Shape {
    /// Whether the rest matches at `at`, if a comparison tells.
    pub(super) fn rest_matches(&self, text: &[u8], at: usize) -> Option<bool> {
        self.rest.as_ref().map(|rest| rest.matches(text, at))
    }
}

impl Rest {
    fn of(items: &[Item<'_>]) -> Option<Rest> {
        let mut rest = Rest { checks: Vec::new(), at_end: false };
        for (at, item) in items.iter().enumerate() {
            match item {
                Item::Open(_) | Item::Close(_) => {}
                Item::Leaf(node) if matches!(node.kind, Kind::Anchor(Anchor::EndOrFinalNewline)) => {
                    rest.at_end = true
                }
                Item::Leaf(node) if !rest.at_end => {
                    Check::of(node, &items[at + 1..])?.push_to(&mut rest.checks)
                }
                _ => return None,
            }
        }
        Some(rest)
    }

    fn matches(&self, text: &[u8], at: usize) -> bool {
        end_of(&self.checks, text, at).is_some_and(|end| !self.at_end || matches!(text[end..], [] | [b'\n']))
    }
}

impl Stretch {
    /// The stretch with which the items begin, and how many of them it takes. One that takes anything takes a word
    /// before it too: `(invalid user )?.*` is `.*`.
    fn begin(items: &[Item<'_>]) -> Option<(Stretch, usize)> {
        let Item::Leaf(node) = items.first()? else { return None };
        if let Some(stretch) = Stretch::of(node) {
            return Some((stretch, 1));
        }
        let Kind::Repeat { min: 0, max: Some(1), body, .. } = &node.kind else { return None };
        let word = literal(body)?;
        let next = 1 + items[1..].iter().position(|item| matches!(item, Item::Leaf(_)))?;
        let Item::Leaf(node) = items[next] else { return None };
        let stretch = Stretch::of(node)?;
        let takes_word = word.iter().all(|&byte| stretch.set.contains(byte));
        (takes_word && stretch.min == 0 && stretch.max == usize::MAX).then_some((stretch, next + 1))
    }

    fn of(node: &Node) -> Option<Stretch> {
        let Kind::Repeat { min, max, body, .. } = &node.kind else {
            return match &node.kind {
                Kind::Group { body, .. } => Stretch::of(body),
                _ => None,
            };
        };
        let set = match Ascii::of(&body.kind) {
            Some(set) => set,
            None if is_any_run(node) => ANYTHING,
            None => return None,
        };
        Some(Stretch { set, min: *min as usize, max: max.map_or(usize::MAX, |max| max as usize) })
    }

    /// Whether it is all that is from `at` to `to`.
    fn fills(&self, text: &[u8], at: usize, to: usize) -> bool {
        let Some(length) = to.checked_sub(at) else { return false };
        let anything = self.set == ANYTHING;
        (self.min..=self.max).contains(&length)
            && (anything || text[at..to].iter().all(|&byte| self.set.contains(byte)))
    }
}
