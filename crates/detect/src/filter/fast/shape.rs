//! Patterns of the commonest form, matched by comparing: fixed words, one stretch that the log's daemon fills in, a
//! literal, the host, and a rest.
//!
//! `^Invalid user <F-USER>.*?</F-USER> from <HOST>…`: if ` from ` stands once in a line, the way to match can only be
//! this: the words, then the stretch up to the literal, then the host.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::pattern::ast::{Anchor, Kind, Node};

use super::ascii::Ascii;
use super::follow::{first, is_any_run};
use super::lower::literal;
use super::plan::Plan;
use super::sequence::{Item, Sequence};

/// All that stands before the host.
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
    Literal(Box<[u8]>),
    /// One of some words of the same length.
    OneOf(Vec<Vec<u8>>),
    /// So many of a set, and then something else.
    Run {
        set: Ascii,
        min: usize,
        max: usize,
    },
}

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
        let host = items.iter().position(|item| matches!(item, Item::Host))?;
        let rest = Rest::of(&items[host + 1..]);
        let mut checks = Vec::new();
        for (at, item) in items[..host].iter().enumerate() {
            let Item::Leaf(node) = item else { continue };
            if let Some(check) = Check::of(node, &items[at + 1..]) {
                check.push_to(&mut checks);
                continue;
            }
            if matches!(node.kind, Kind::Anchor(_)) && checks.is_empty() {
                continue;
            }
            let stretch = Some(Stretch::of(node)?);
            return plan.only_anchor_after(items, at + 1).then_some(Shape { checks, stretch, rest });
        }
        Some(Shape { checks, stretch: None, rest })
    }

    /// Whether the place of the literal before the host matters.
    pub(super) fn has_stretch(&self) -> bool {
        self.stretch.is_some()
    }

    /// Where the host begins, if what is before it matches; `anchor` is where the literal before it stands and ends.
    pub(super) fn host_start(&self, text: &[u8], anchor: Range<usize>) -> Option<usize> {
        let mut at = 0;
        for check in &self.checks {
            at = check.end(text, at)?;
        }
        match &self.stretch {
            None => Some(at),
            Some(stretch) => stretch.fills(text, at, anchor.start).then_some(anchor.end),
        }
    }
}

impl Shape {
    /// Whether what follows the host matches at `at`, if a comparison tells.
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
        let end = self.checks.iter().try_fold(at, |at, check| check.end(text, at));
        end.is_some_and(|end| !self.at_end || matches!(text[end..], [] | [b'\n']))
    }
}

impl Check {
    fn of(node: &Node, after: &[Item<'_>]) -> Option<Check> {
        if let Some(text) = literal(node) {
            return Some(Check::Literal(text.into()));
        }
        if let Some(set) = Ascii::of(&node.kind) {
            return Some(Check::Run { set, min: 1, max: 1 });
        }
        match &node.kind {
            Kind::Group { body, .. } => Check::of(body, after),
            Kind::Alternate(nodes) => {
                let words: Vec<Vec<u8>> = nodes.iter().map(literal).collect::<Option<_>>()?;
                words.iter().all(|word| word.len() == words[0].len()).then_some(Check::OneOf(words))
            }
            Kind::Repeat { min, max, body, .. } => {
                let set = Ascii::of(&body.kind)?;
                let (min, max) = (*min as usize, max.map_or(usize::MAX, |max| max as usize));
                (set & first(after)).is_empty().then_some(Check::Run { set, min, max })
            }
            _ => None,
        }
    }

    /// Literals next to each other are one.
    fn push_to(self, checks: &mut Vec<Check>) {
        match (checks.last_mut(), self) {
            (Some(Check::Literal(before)), Check::Literal(text)) => {
                *before = [&before[..], &text].concat().into()
            }
            (_, check) => checks.push(check),
        }
    }

    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let rest = &text[at..];
        match self {
            Check::Literal(literal) => rest.starts_with(literal).then_some(at + literal.len()),
            Check::OneOf(words) => {
                words.iter().find(|word| rest.starts_with(word)).map(|word| at + word.len())
            }
            Check::Run { set, min: 1, max: 1 } => set.contains(*rest.first()?).then_some(at + 1),
            Check::Run { set, min, max } => {
                let end = set.run(text, at);
                (*min..=*max).contains(&(end - at)).then_some(end)
            }
        }
    }
}

impl Stretch {
    fn of(node: &Node) -> Option<Stretch> {
        let Kind::Repeat { min, max, body, .. } = &node.kind else {
            return match &node.kind {
                Kind::Group { body, .. } => Stretch::of(body),
                _ => None,
            };
        };
        let set = match Ascii::of(&body.kind) {
            Some(set) => set,
            None if is_any_run(node) => Ascii::from_fn(|byte| byte != b'\n'),
            None => return None,
        };
        Some(Stretch { set, min: *min as usize, max: max.map_or(usize::MAX, |max| max as usize) })
    }

    /// Whether it is all that is from `at` to `to`.
    fn fills(&self, text: &[u8], at: usize, to: usize) -> bool {
        let Some(length) = to.checked_sub(at) else { return false };
        (self.min..=self.max).contains(&length) && text[at..to].iter().all(|&byte| self.set.contains(byte))
    }
}
