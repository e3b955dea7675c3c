//! Patterns of the commonest form, matched by comparing: fixed words, one stretch that the log's daemon fills in, a
//! literal, the host, and a rest.
//!
//! `^Invalid user <F-USER>.*?</F-USER> from <HOST>…`: if ` from ` stands once in a line, the way to match can only be
//! this: the words, then the stretch up to the literal, then the host. Patterns without a host are read alike.

use crate::pattern::ast::{Anchor, Kind, Node};

use super::ascii::Ascii;
use super::backwards::{Backwards, Read};
use super::check::{Check, Checks, end_of};
use super::follow::is_any_run;
use super::literal::Literal;
use super::lower::literal;
use super::place::{Group, Place};
use super::plan::{Plan, Verdict};
use super::sequence::{Item, Sequence, literal_of, literals_at};

/// What an anchored sequence begins with, as far as comparing tells; and which of the items is the first that does not
/// tell.
fn head(items: &[Item<'_>]) -> (Vec<Check>, Option<usize>) {
    let mut checks = Checks::default();
    let ends = |(at, item): (usize, &Item<'_>)| {
        let Item::Leaf(node) = item else { return false };
        let at_start = checks.is_empty() && matches!(node.kind, Kind::Anchor(Anchor::Start));
        !at_start && !checks.add(node, &items[at + 1..])
    };
    let end = items.iter().enumerate().position(ends);
    (checks.finish(), end)
}

/// The items before the host.
fn before_host<'i, 'a>(items: &'i [Item<'a>]) -> &'i [Item<'a>] {
    let host = items.iter().position(|item| matches!(item, Item::Host));
    &items[..host.unwrap_or(items.len())]
}

/// The comparisons that no match of an anchored sequence fails, from its start on.
pub(super) fn words(sequence: &Sequence<'_>) -> Vec<Check> {
    head(before_host(&sequence.items)).0
}

/// What ends the stretch of a sequence without a host.
pub(super) fn literal_after_stretch(items: &[Item<'_>]) -> Vec<u8> {
    let stretch = head(items).1.and_then(|at| Stretch::begin(items, at));
    let end = stretch.map_or(items.len(), |(_, end)| end);
    literal_of(&items[end..end + literals_at(&items[end..])]).unwrap_or_default()
}

/// What stands before the host, behind the words, and after it.
#[derive(Debug)]
pub(super) struct Shape {
    /// What lies between the words and the literal before the host; `None` if the words lead to the host.
    pub(super) stretch: Option<Stretch>,
    /// What follows the host, if comparing is enough for that too.
    pub(super) rest: Option<Rest>,
    /// The literal before the host stands nowhere else in a match whose host is an address.
    pub(super) once: bool,
    /// How to read it from the line's end, if that tells where the host is.
    back: Option<Backwards>,
}

#[derive(Debug)]
pub(super) struct Rest {
    checks: Vec<Check>,
    /// `$`
    at_end: bool,
}

/// All that stands before the end of a line.
const ANYTHING: Ascii = Ascii::ALL.without(b'\n');

#[derive(Debug)]
pub(super) struct Stretch {
    set: Ascii,
    min: usize,
    max: usize,
}

impl Shape {
    /// `None` if the sequence has another form. `ending` is known to end each text.
    pub(super) fn of(sequence: &Sequence<'_>, plan: &Plan, ending: &Literal) -> Option<Shape> {
        let items = &sequence.items;
        let host = items.iter().position(|item| matches!(item, Item::Host));
        let before = before_host(items);
        let back = |rest: &Option<Rest>| {
            let rest = rest.as_ref().filter(|rest| rest.at_end && !plan.once)?;
            Backwards::new(plan.anchor(), host.is_some(), &rest.checks, ending)
        };
        let Some(at) = head(before).1 else {
            let rest = Rest::of(&items[host? + 1..]);
            return Some(Shape { stretch: None, once: false, back: back(&rest), rest });
        };
        let (stretch, end) = Stretch::begin(before, at)?;
        let rest = match host {
            Some(host) if plan.only_anchor_after(items, end) => Rest::of(&items[host + 1..]),
            Some(_) => return None,
            None => Some(Rest::of(&items[end + literals_at(&items[end..])..])?),
        };
        let once = host.is_some() && rest.as_ref().is_some_and(|rest| rest.is_without(plan.anchor()));
        Some(Shape { stretch: Some(stretch), once, back: back(&rest), rest })
    }

    /// Whether the sequence matches `text`, of which its words take all before `at`; `Unknown` if a look from the line's
    /// end does not tell. `known` becomes the host of a match.
    pub(super) fn look_back(&self, text: &[u8], at: usize, known: &mut Place) -> Verdict {
        let Some(back) = &self.back else { return Verdict::Unknown };
        let fits = |read: &Read| match &self.stretch {
            Some(stretch) => stretch.fills(text, at, read.stretch_end),
            None => read.host.as_ref().is_some_and(|host| host.start == at),
        };
        match back.read(text).filter(fits) {
            None if back.is_only() => Verdict::No,
            None => Verdict::Unknown,
            Some(Read { host: None, .. }) => Verdict::Match,
            Some(Read { host: Some(span), .. }) => {
                known.take(text, span.start, span.end);
                if known.group != Group::Dns {
                    return Verdict::Match;
                }
                // Those of a host may end elsewhere.
                *known = Place::new();
                Verdict::Unknown
            }
        }
    }

    /// Whether the rest matches at `at`, if a comparison tells.
    pub(super) fn rest_matches(&self, text: &[u8], at: usize) -> Option<bool> {
        self.rest.as_ref().map(|rest| rest.matches(text, at))
    }
}

impl Rest {
    fn of(items: &[Item<'_>]) -> Option<Rest> {
        let (mut checks, mut at_end) = (Checks::default(), false);
        for (at, item) in items.iter().enumerate() {
            match item {
                Item::Open(_) | Item::Close(_) => {}
                Item::Leaf(node) if matches!(node.kind, Kind::Anchor(Anchor::EndOrFinalNewline)) => {
                    at_end = true
                }
                Item::Leaf(node) if !at_end && checks.add(node, &items[at + 1..]) => {}
                _ => return None,
            }
        }
        Some(Rest { checks: checks.finish(), at_end })
    }

    /// Whether a literal can stand nowhere behind its own beginning in what is left of a line after it: an address, and
    /// this. So it is, if one of its bytes is in neither, and it cannot begin anew before that byte.
    fn is_without(&self, literal: &[u8]) -> bool {
        let taken = Ascii::of_bytes(b"0123456789abcdefABCDEF:.\n") | Check::all_bytes(&self.checks);
        let Some(at) = literal.iter().rposition(|&byte| !taken.contains(byte)) else { return false };
        self.at_end && (1..literal.len() - at).all(|from| !literal.starts_with(&literal[from..]))
    }

    fn matches(&self, text: &[u8], at: usize) -> bool {
        end_of(&self.checks, text, at).is_some_and(|end| !self.at_end || matches!(text[end..], [] | [b'\n']))
    }
}

impl Stretch {
    /// The stretch that begins with an item, and which item follows it. One that takes anything takes a word before it
    /// too: `(invalid user )?.*` is `.*`.
    fn begin(items: &[Item<'_>], at: usize) -> Option<(Stretch, usize)> {
        let Item::Leaf(node) = items.get(at)? else { return None };
        if let Some(stretch) = Stretch::of(node) {
            return Some((stretch, at + 1));
        }
        let Kind::Repeat { min: 0, max: Some(1), body, .. } = &node.kind else { return None };
        let word = literal(body)?;
        let next = at + 1 + items[at + 1..].iter().position(|item| matches!(item, Item::Leaf(_)))?;
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
    pub(super) fn fills(&self, text: &[u8], at: usize, to: usize) -> bool {
        let Some(length) = to.checked_sub(at) else { return false };
        let anything = self.set == ANYTHING;
        (self.min..=self.max).contains(&length)
            && (anything || text[at..to].iter().all(|&byte| self.set.contains(byte)))
    }
}
