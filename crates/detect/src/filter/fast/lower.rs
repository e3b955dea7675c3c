//! Sequences as regular languages over ASCII.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Dot, Hir, Look, Repetition};

use crate::pattern::ast::{Anchor, Kind, Mode, Node};
use crate::pattern::{Flags, Pattern};

use super::super::rule::Rule;
use super::ascii::Ascii;
use super::sequence::{Item, fixed_width};

/// Larger counts are taken as none: an automaton spells them out.
const MOST: u32 = 64;

/// A language that holds all ASCII texts in which a sequence matches.
pub(super) struct Lowered {
    pub(super) hir: Hir,
    /// It holds no others.
    pub(super) exact: bool,
    /// It holds no others but texts in which one of these literals stands elsewhere than where the sequence itself
    /// has it: each was forbidden by a `(?!literal)`.
    pub(super) forbidden: Vec<Vec<u8>>,
}

/// `host` stands for each host in it.
pub(super) fn lower(items: &[Item<'_>], host: &Hir) -> Lowered {
    let mut lowering = Lowering { exact: true, forbidden: Vec::new() };
    let parts = items.iter().enumerate().filter_map(|(at, item)| match item {
        Item::Host => Some(host.clone()),
        Item::Leaf(node) => Some(lowering.node(node, followed(&items[at + 1..]))),
        Item::Open(_) | Item::Close(_) => None,
    });
    let hir = Hir::concat(parts.collect());
    Lowered { hir, exact: lowering.exact, forbidden: lowering.forbidden }
}

/// Whether at least one character is taken right here.
fn followed(rest: &[Item<'_>]) -> bool {
    match rest.iter().find(|item| !matches!(item, Item::Open(_) | Item::Close(_))) {
        Some(Item::Leaf(node)) => takes_some(node),
        Some(Item::Host) => true,
        _ => false,
    }
}

fn takes_some(node: &Node) -> bool {
    fixed_width(node).is_some_and(|width| width > 0)
}

/// The bytes of a node that is nothing but literal characters.
pub(super) fn literal(node: &Node) -> Option<Vec<u8>> {
    match &node.kind {
        Kind::Literal { char, ignorecase: false } => Some(char.to_string().into_bytes()),
        Kind::Concat(nodes) => {
            nodes.iter().map(literal).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
        }
        Kind::Group { body, .. } => literal(body),
        _ => None,
    }
}

struct Lowering {
    exact: bool,
    forbidden: Vec<Vec<u8>>,
}

impl Lowering {
    fn node(&mut self, node: &Node, followed: bool) -> Hir {
        if let Kind::Literal { char, ignorecase: false } = node.kind {
            return Hir::literal(char.to_string().into_bytes());
        }
        if let Some(set) = Ascii::of(&node.kind) {
            return class(set);
        }
        match &node.kind {
            Kind::Empty => Hir::empty(),
            Kind::Anchor(anchor) => place(*anchor),
            Kind::Concat(nodes) => {
                let parts = nodes.iter().enumerate();
                Hir::concat(
                    parts
                        .map(|(at, part)| self.node(part, nodes.get(at + 1).is_some_and(takes_some)))
                        .collect(),
                )
            }
            Kind::Alternate(nodes) => {
                Hir::alternation(nodes.iter().map(|node| self.node(node, false)).collect())
            }
            Kind::Group { body, .. } => self.node(body, followed),
            Kind::Repeat { min, max, mode, body } => self.repeat(body, *min, *max, *mode),
            Kind::Look(look) => {
                match literal(&look.body) {
                    Some(text) if look.negative && look.behind.is_none() && followed => {
                        self.forbidden.push(text)
                    }
                    _ => self.exact = false,
                }
                Hir::empty()
            }
            _ => self.superset(node),
        }
    }

    fn repeat(&mut self, body: &Node, min: u32, max: Option<u32>, mode: Mode) -> Hir {
        let large = min > MOST || max.is_some_and(|max| max > MOST);
        self.exact &= mode != Mode::Possessive && !large;
        let (min, max) = (min.min(MOST), max.filter(|&max| max <= MOST));
        let sub = Box::new(self.node(body, false));
        Hir::repetition(Repetition { min, max, greedy: mode != Mode::Lazy, sub })
    }

    /// What no automaton can do exactly.
    fn superset(&mut self, node: &Node) -> Hir {
        self.exact = false;
        match &node.kind {
            Kind::Atomic(body) => self.node(body, false),
            Kind::Conditional { yes, no, .. } => {
                Hir::alternation(vec![self.node(yes, false), self.node(no, false)])
            }
            _ => anything(),
        }
    }
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
        Ok(pattern) => lower(&[Item::Leaf(&pattern.ast().root)], &Hir::fail()).hir,
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
