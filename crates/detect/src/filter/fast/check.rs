//! What a comparison takes of a text.

use crate::pattern::ast::{Anchor, Kind, Node};

use super::ascii::Ascii;
use super::follow::first;
use super::literal::Literal;
use super::lower::append_literal;
use super::sequence::Item;
use super::texts::texts;

/// One comparison.
#[derive(Debug)]
pub(super) enum Check {
    Literal(Literal),
    /// One of some words, none of which begins another.
    OneOf(Vec<Literal>),
    /// These, if the text goes on with one of a set; what else may follow begins with none of it.
    Optional(Ascii, Vec<Check>),
    /// One of a set, or the end of the line; nothing follows.
    LastOf(Ascii),
    /// So many of a set, and then something else.
    Run {
        set: Ascii,
        min: usize,
        max: usize,
    },
}

/// Comparisons, one behind the other. Literals next to each other are one.
#[derive(Debug, Default)]
pub(super) struct Checks {
    before: Vec<Check>,
    /// The literal that they end with, as far as it is known.
    literal: Vec<u8>,
}

impl Checks {
    /// Adds what a node takes that `after` follows; false, and nothing is added, if no comparison tells.
    pub(super) fn add(&mut self, node: &Node, after: &[Item<'_>]) -> bool {
        let known = self.literal.len();
        if append_literal(node, &mut self.literal) {
            return true;
        }
        self.literal.truncate(known);
        let Some(check) = Check::of(node, after) else { return false };
        self.end_literal();
        self.before.push(check);
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.before.is_empty() && self.literal.is_empty()
    }

    pub(super) fn finish(mut self) -> Vec<Check> {
        self.end_literal();
        self.before
    }

    fn end_literal(&mut self) {
        if !self.literal.is_empty() {
            self.before.push(Check::Literal(Literal::new(&self.literal)));
            self.literal.clear();
        }
    }
}

impl Check {
    /// Of a node that is no literal.
    fn of(node: &Node, after: &[Item<'_>]) -> Option<Check> {
        if let Some(set) = Ascii::of(&node.kind) {
            return Some(Check::Run { set, min: 1, max: 1 });
        }
        match &node.kind {
            Kind::Group { body, .. } => Check::of(body, after),
            Kind::Alternate(nodes) if after.iter().all(|item| matches!(item, Item::Close(_))) => {
                Check::last_of(nodes).or_else(|| Check::one_of(node))
            }
            Kind::Alternate(_) => Check::one_of(node),
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

    /// `(?:closed|reset) by|left`
    fn one_of(node: &Node) -> Option<Check> {
        let words = texts(node)?;
        let begins = |(at, word): (usize, &Vec<u8>)| {
            let mut others = words.iter().enumerate().filter(|(other, _)| *other != at);
            others.any(|(_, other)| other.starts_with(word))
        };
        let apart = !words.iter().enumerate().any(begins);
        apart.then(|| Check::OneOf(words.iter().map(|word| Literal::new(word)).collect()))
    }

    /// `(?:\s|$)`
    fn last_of(nodes: &[Node]) -> Option<Check> {
        let [one, end] = nodes else { return None };
        let end = matches!(end.kind, Kind::Anchor(Anchor::EndOrFinalNewline));
        Ascii::of(&one.kind).filter(|_| end).map(Check::LastOf)
    }

    /// `( port \d+)?`
    fn optional(body: &Node, after: &[Item<'_>]) -> Option<Check> {
        let begin = first(&[Item::Leaf(body)]);
        if !(begin & first(after)).is_empty() {
            return None;
        }
        let nodes = parts(body);
        let mut checks = Checks::default();
        for (at, node) in nodes.iter().enumerate() {
            let rest: Vec<Item<'_>> =
                nodes[at + 1..].iter().map(|&node| Item::Leaf(node)).chain(after.iter().copied()).collect();
            if !checks.add(node, &rest) {
                return None;
            }
        }
        Some(Check::Optional(begin, checks.finish()))
    }

    /// All bytes that it can take.
    pub(super) fn bytes(&self) -> Ascii {
        match self {
            Check::Literal(literal) => Ascii::of_bytes(literal.text()),
            Check::OneOf(words) => {
                words.iter().fold(Ascii::NONE, |all, word| all | Ascii::of_bytes(word.text()))
            }
            Check::Optional(_, checks) => Check::all_bytes(checks),
            Check::Run { set, .. } | Check::LastOf(set) => *set,
        }
    }

    pub(super) fn all_bytes(checks: &[Check]) -> Ascii {
        checks.iter().fold(Ascii::NONE, |all, check| all | check.bytes())
    }

    /// Where the text ends that it takes from `at` on. Most checks are literals, and most of them fail.
    #[inline]
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        match self {
            Check::Literal(literal) => literal.begins(&text[at..]).then(|| at + literal.len()),
            _ => self.end_of_other(text, at),
        }
    }

    fn end_of_other(&self, text: &[u8], at: usize) -> Option<usize> {
        let rest = &text[at..];
        match self {
            Check::Literal(_) => None,
            Check::OneOf(words) => words.iter().find(|word| word.begins(rest)).map(|word| at + word.len()),
            Check::Optional(begin, checks) => match rest.first() {
                Some(&byte) if begin.contains(byte) => end_of(checks, text, at),
                _ => Some(at),
            },
            Check::LastOf(_) if matches!(rest, [] | [b'\n']) => Some(text.len()),
            Check::LastOf(set) => set.contains(*rest.first()?).then_some(at + 1),
            Check::Run { set, min: 1, max: 1 } => set.contains(*rest.first()?).then_some(at + 1),
            Check::Run { set, min, max } => {
                let end = set.run(text, at);
                (*min..=*max).contains(&(end - at)).then_some(end)
            }
        }
    }

    /// Whether it takes a text of few.
    fn is_fixed(&self) -> bool {
        matches!(self, Check::Literal(_) | Check::OneOf(_))
    }

    /// After how many bytes it is certain that it takes nothing of a text that begins so.
    fn differs(&self, head: &[u8]) -> Option<usize> {
        match self {
            Check::Literal(literal) => literal.differs(head),
            Check::OneOf(words) => words.iter().try_fold(0, |most, word| Some(word.differs(head)?.max(most))),
            _ => None,
        }
    }
}

/// How far checks have come in a text: the next check, and where it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    check: u8,
    at: u8,
}

impl Progress {
    pub(super) const START: Progress = Progress { check: 0, at: 0 };

    /// Where the text ends that was taken.
    #[inline]
    pub(super) fn end(self) -> usize {
        self.at.into()
    }

    /// Where the text ends that all checks take.
    #[inline]
    pub(super) fn end_of(self, checks: &[Check], text: &[u8]) -> Option<usize> {
        end_of(&checks[self.check.into()..], text, self.at.into())
    }
}

/// What the first bytes of a text say, whatever follows them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) progress: Progress,
    /// How many had to be read for that.
    pub(super) read: usize,
    /// After how many it is certain that the checks fail.
    pub(super) fails: Option<usize>,
}

impl Reading {
    pub(super) fn of(checks: &[Check], head: &[u8]) -> Reading {
        let (mut progress, mut read) = (Progress::START, 0);
        for check in checks {
            let at = usize::from(progress.at);
            // What ends before the head does has seen its own end. One run may be a word; a second one is mostly a name.
            match check.end(head, at) {
                Some(end) if end < head.len() && (check.is_fixed() || progress.check < 2) => {
                    progress = Progress { check: progress.check + 1, at: end as u8 };
                    read = if matches!(check, Check::Literal(_)) { end } else { end + 1 };
                }
                _ => {
                    let fails = check.differs(&head[at..]).map(|differs| at + differs);
                    return Reading { progress, read, fails };
                }
            }
        }
        Reading { progress, read, fails: None }
    }
}

/// Where the text ends that the checks take from `at` on.
pub(super) fn end_of(checks: &[Check], text: &[u8], mut at: usize) -> Option<usize> {
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
