//! Patterns of the commonest form, matched by comparing: fixed words, one stretch that the log's daemon fills in, a
//! literal, the host, and a rest.
//!
//! `^Invalid user <F-USER>.*?</F-USER> from <HOST>…`: if ` from ` stands once in a line, the way to match can only be
//! this: the words, then the stretch up to the literal, then the host. Patterns without a host are read alike.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::pattern::ast::{Anchor, Kind, Node};

use super::ascii::Ascii;
use super::follow::{first, is_any_run};
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

#[derive(Debug)]
enum Check {
    Literal(Literal),
    /// One of some words, none of which begins another.
    OneOf(Vec<Vec<u8>>),
    /// These, if the text goes on with one of a set; what else may follow begins with none of it.
    Optional(Ascii, Vec<Check>),
    /// So many of a set, and then something else.
    Run {
        set: Ascii,
        min: usize,
        max: usize,
    },
}

/// A text whose first bytes are compared all at once.
#[derive(Debug)]
struct Literal {
    text: Box<[u8]>,
    /// The first sixteen bytes, and which of them there are.
    head: u128,
    mask: u128,
}

impl Literal {
    const HEAD: usize = 16;

    fn new(text: &[u8]) -> Literal {
        let length = text.len().min(Literal::HEAD);
        let (mut head, mut mask) = ([0; Literal::HEAD], [0; Literal::HEAD]);
        head[..length].copy_from_slice(&text[..length]);
        mask[..length].fill(0xff);
        Literal { text: text.into(), head: u128::from_ne_bytes(head), mask: u128::from_ne_bytes(mask) }
    }

    #[inline]
    fn begins(&self, text: &[u8]) -> bool {
        match text.first_chunk() {
            Some(head) => {
                (u128::from_ne_bytes(*head) ^ self.head) & self.mask == 0
                    && (self.text.len() <= Literal::HEAD || text.starts_with(&self.text))
            }
            None => text.starts_with(&self.text),
        }
    }
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

impl Check {
    fn of(node: &Node, after: &[Item<'_>]) -> Option<Check> {
        if let Some(text) = literal(node) {
            return Some(Check::Literal(Literal::new(&text)));
        }
        if let Some(set) = Ascii::of(&node.kind) {
            return Some(Check::Run { set, min: 1, max: 1 });
        }
        match &node.kind {
            Kind::Group { body, .. } => Check::of(body, after),
            Kind::Alternate(nodes) => {
                let words: Vec<Vec<u8>> = nodes.iter().map(literal).collect::<Option<_>>()?;
                let begins = |(at, word): (usize, &Vec<u8>)| {
                    let mut others = words.iter().enumerate().filter(|(other, _)| *other != at);
                    others.any(|(_, other)| other.starts_with(word))
                };
                (!words.iter().enumerate().any(begins)).then_some(Check::OneOf(words))
            }
            Kind::Repeat { min: 0, max: Some(1), body, .. } if Ascii::of(&body.kind).is_none() => {
                Check::optional(body, after)
            }
            Kind::Repeat { min, max, body, .. } => {
                let set = Ascii::of(&body.kind)?;
                let (min, max) = (*min as usize, max.map_or(usize::MAX, |max| max as usize));
                (set & first(after)).is_empty().then_some(Check::Run { set, min, max })
            }
            _ => None,
        }
    }

    /// `( port \d+)?`
    fn optional(body: &Node, after: &[Item<'_>]) -> Option<Check> {
        let begin = first(&[Item::Leaf(body)]);
        if !(begin & first(after)).is_empty() {
            return None;
        }
        let nodes = parts(body);
        let mut checks = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let rest: Vec<Item<'_>> =
                nodes[at + 1..].iter().map(|&node| Item::Leaf(node)).chain(after.iter().copied()).collect();
            Check::of(node, &rest)?.push_to(&mut checks);
        }
        Some(Check::Optional(begin, checks))
    }

    /// Literals next to each other are one.
    fn push_to(self, checks: &mut Vec<Check>) {
        match (checks.last_mut(), self) {
            (Some(Check::Literal(before)), Check::Literal(text)) => {
                *before = Literal::new(&[&before.text[..], &text.text].concat())
            }
            (_, check) => checks.push(check),
        }
    }

    #[inline]
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let rest = &text[at..];
        match self {
            Check::Literal(literal) => literal.begins(rest).then_some(at + literal.text.len()),
            Check::OneOf(words) => {
                words.iter().find(|word| rest.starts_with(word)).map(|word| at + word.len())
            }
            Check::Optional(begin, checks) => match rest.first() {
                Some(&byte) if begin.contains(byte) => end_of(checks, text, at),
                _ => Some(at),
            },
            Check::Run { set, min: 1, max: 1 } => set.contains(*rest.first()?).then_some(at + 1),
            Check::Run { set, min, max } => {
                let end = set.run(text, at);
                (*min..=*max).contains(&(end - at)).then_some(end)
            }
        }
    }
}

/// Where the text ends that the checks take from `at` on.
fn end_of(checks: &[Check], text: &[u8], mut at: usize) -> Option<usize> {
    for check in checks {
        at = check.end(text, at)?;
    }
    Some(at)
}

/// The nodes of a concatenation, or the one node.
fn parts(node: &Node) -> Vec<&Node> {
    match &node.kind {
        Kind::Concat(nodes) => nodes.iter().collect(),
        Kind::Group { body, .. } => parts(body),
        _ => vec![node],
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
