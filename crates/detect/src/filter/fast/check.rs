//! What a comparison takes of a text.

use crate::pattern::ast::{Anchor, Kind, Node};

use super::ascii::Ascii;
use super::follow::first;
use super::lower::literal;
use super::sequence::Item;

/// One comparison.
#[derive(Debug)]
pub(super) enum Check {
    Literal(Literal),
    /// One of some words, none of which begins another.
    OneOf(Vec<Vec<u8>>),
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

/// A text whose first bytes are compared all at once.
#[derive(Debug)]
pub(super) struct Literal {
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

impl Check {
    pub(super) fn of(node: &Node, after: &[Item<'_>]) -> Option<Check> {
        if let Some(text) = literal(node) {
            return Some(Check::Literal(Literal::new(&text)));
        }
        if let Some(set) = Ascii::of(&node.kind) {
            return Some(Check::Run { set, min: 1, max: 1 });
        }
        match &node.kind {
            Kind::Group { body, .. } => Check::of(body, after),
            Kind::Alternate(nodes) if after.iter().all(|item| matches!(item, Item::Close(_))) => {
                Check::last_of(nodes).or_else(|| Check::one_of(nodes))
            }
            Kind::Alternate(nodes) => Check::one_of(nodes),
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

    /// `(?:port|on)`
    fn one_of(nodes: &[Node]) -> Option<Check> {
        let words: Vec<Vec<u8>> = nodes.iter().map(literal).collect::<Option<_>>()?;
        let begins = |(at, word): (usize, &Vec<u8>)| {
            let mut others = words.iter().enumerate().filter(|(other, _)| *other != at);
            others.any(|(_, other)| other.starts_with(word))
        };
        (!words.iter().enumerate().any(begins)).then_some(Check::OneOf(words))
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
        let mut checks = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let rest: Vec<Item<'_>> =
                nodes[at + 1..].iter().map(|&node| Item::Leaf(node)).chain(after.iter().copied()).collect();
            Check::of(node, &rest)?.push_to(&mut checks);
        }
        Some(Check::Optional(begin, checks))
    }

    /// Literals next to each other are one.
    pub(super) fn push_to(self, checks: &mut Vec<Check>) {
        match (checks.last_mut(), self) {
            (Some(Check::Literal(before)), Check::Literal(text)) => {
                *before = Literal::new(&[&before.text[..], &text.text].concat())
            }
            (_, check) => checks.push(check),
        }
    }

    /// All bytes that it can take.
    pub(super) fn bytes(&self) -> Ascii {
        match self {
            Check::Literal(literal) => Ascii::of_bytes(&literal.text),
            Check::OneOf(words) => Ascii::of_bytes(&words.concat()),
            Check::Optional(_, checks) => Check::all_bytes(checks),
            Check::Run { set, .. } | Check::LastOf(set) => *set,
        }
    }

    pub(super) fn all_bytes(checks: &[Check]) -> Ascii {
        checks.iter().fold(Ascii::NONE, |all, check| all | check.bytes())
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
            Check::LastOf(_) if matches!(rest, [] | [b'\n']) => Some(text.len()),
            Check::LastOf(set) => set.contains(*rest.first()?).then_some(at + 1),
            Check::Run { set, min: 1, max: 1 } => set.contains(*rest.first()?).then_some(at + 1),
            Check::Run { set, min, max } => {
                let end = set.run(text, at);
                (*min..=*max).contains(&(end - at)).then_some(end)
            }
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

    /// As far as the first bytes of a text decide, whatever follows them; and how many of them had to be read for that.
    pub(super) fn of(checks: &[Check], head: &[u8]) -> (Progress, usize) {
        let (mut progress, mut read) = (Progress::START, 0);
        for check in checks {
            // What ends before the head does has seen its own end.
            match check.end(head, progress.at.into()) {
                Some(end) if end < head.len() && progress.check < u8::MAX => {
                    progress = Progress { check: progress.check + 1, at: end as u8 };
                    read = if matches!(check, Check::Literal(_)) { end } else { end + 1 };
                }
                _ => break,
            }
        }
        (progress, read)
    }

    /// Where the text ends that all checks take.
    #[inline]
    pub(super) fn end_of(self, checks: &[Check], text: &[u8]) -> Option<usize> {
        end_of(&checks[self.check.into()..], text, self.at.into())
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
