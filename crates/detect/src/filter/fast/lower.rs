//! Sequences as regular languages over ASCII.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Dot, Hir, Look, Repetition};

use crate::pattern::ast::{Anchor, Kind, Mode, Node};
use crate::pattern::{Flags, Pattern};

use super::super::rule::Rule;
use super::ascii::Ascii;
use super::sequence::{Item, literal_of, literals_at};

/// Larger counts are taken as none: an automaton spells them out.
pub(super) const MOST: u32 = 64;

/// A language that holds all ASCII texts in which a sequence matches, and no others where it is
/// [exact](super::exact::Exactness); `host` stands for each host in it.
pub(super) fn lower(items: &[Item<'_>], host: &Hir) -> Hir {
    let (mut parts, mut rest) = (Vec::new(), items);
    while !rest.is_empty() {
        // One language of all characters, not one of each to be joined.
        let (these, others) = rest.split_at(literals_at(rest).max(1));
        parts.push(match (literal_of(these), these) {
            (Some(text), _) => Hir::literal(text),
            (None, [Item::Leaf(one)]) => lower_node(one),
            (None, _) => host.clone(),
        });
        rest = others;
    }
    Hir::concat(parts)
}

/// The bytes of a node that is nothing but literal characters.
pub(super) fn literal(node: &Node) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    append_literal(node, &mut text).then_some(text)
}

/// Appends them; false if it is anything else, of which a part may have been appended.
pub(super) fn append_literal(node: &Node, text: &mut Vec<u8>) -> bool {
    match &node.kind {
        Kind::Literal { char, ignorecase: false } => {
            text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            true
        }
        Kind::Concat(nodes) => nodes.iter().all(|node| append_literal(node, text)),
        Kind::Group { body, .. } => append_literal(body, text),
        _ => false,
    }
}

pub(super) fn is_literal(node: &Node) -> bool {
    match &node.kind {
        Kind::Literal { ignorecase, .. } => !ignorecase,
        Kind::Concat(nodes) => nodes.iter().all(is_literal),
        Kind::Group { body, .. } => is_literal(body),
        _ => false,
    }
}

fn lower_node(node: &Node) -> Hir {
    if let Some(text) = literal(node) {
        return Hir::literal(text);
    }
    if let Some(set) = Ascii::of(&node.kind) {
        return class(set);
    }
    match &node.kind {
        Kind::Empty | Kind::Look(_) => Hir::empty(),
        Kind::Anchor(anchor) => place(*anchor),
        Kind::Concat(nodes) => lower(&nodes.iter().map(Item::Leaf).collect::<Vec<_>>(), &Hir::fail()),
        Kind::Alternate(nodes) => Hir::alternation(nodes.iter().map(lower_node).collect()),
        Kind::Group { body, .. } | Kind::Atomic(body) => lower_node(body),
        Kind::Repeat { min, max, mode, body } => repeat(body, *min, *max, *mode),
        Kind::Conditional { yes, no, .. } => Hir::alternation(vec![lower_node(yes), lower_node(no)]),
        _ => anything(),
    }
}

fn repeat(body: &Node, min: u32, max: Option<u32>, mode: Mode) -> Hir {
    let (min, max) = (min.min(MOST), max.filter(|&max| max <= MOST));
    Hir::repetition(Repetition { min, max, greedy: mode != Mode::Lazy, sub: Box::new(lower_node(body)) })
}

/// In text whose one newline is its last byte.
fn place(anchor: Anchor) -> Hir {
    Hir::look(match anchor {
        Anchor::Start => Look::Start,
        Anchor::LineStart => Look::StartLF,
        Anchor::End => Look::End,
        Anchor::EndOrFinalNewline | Anchor::LineEnd => Look::EndLF,
        Anchor::WordBoundary => Look::WordAscii,
        Anchor::NotWordBoundary => Look::WordAsciiNegate,
    })
}

pub(super) fn class(set: Ascii) -> Hir {
    let ranges = set.ranges().map(|(first, last)| ClassBytesRange::new(first, last));
    Hir::class(Class::Bytes(ClassBytes::new(ranges)))
}

/// What the host tag of a rule matches. `known` are those of other rules by what stands for them: mostly there is one.
pub(super) fn host_language<'r>(rule: &'r Rule, known: &mut Vec<(&'r str, Hir)>) -> Hir {
    let Some(host) = rule.expanded.hosts.first() else { return Hir::fail() };
    let source = &rule.expanded.source[host.clone()];
    if let Some((_, language)) = known.iter().find(|(other, _)| *other == source) {
        return language.clone();
    }
    let language = match Pattern::compile(source, Flags::default()) {
        Ok(pattern) => lower(&[Item::Leaf(&pattern.ast().root)], &Hir::fail()),
        Err(_) => anything(),
    };
    known.push((source, language.clone()));
    language
}

/// Any text, as little as will do.
pub(super) fn anything() -> Hir {
    let sub = Box::new(Hir::dot(Dot::AnyByte));
    Hir::repetition(Repetition { min: 0, max: None, greedy: false, sub })
}
