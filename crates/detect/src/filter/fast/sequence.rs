//! A pattern as a few plain sequences, one for each way through the choices that matter.
//!
//! `Failed (?:<F-NOFAIL>publickey</F-NOFAIL>|\S+) for (?P<inv>invalid user )?…(?(inv)a|b)` is four sequences, each of
//! which is a failure or not, and in each of which the conditional is settled. They stand in the order in which
//! Python would try them.

use std::ops::Range;

use crate::pattern::ast::{Anchor, Ast, Kind, Mode, Node, Width};

use super::lower::{append_literal, is_literal, literal};

/// More ways than these are not told apart.
const MOST: usize = 32;

/// One step of a sequence.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    /// Anything without a group that matters; never a concatenation.
    Leaf(&'a Node),
    /// An address or a name, from a tag.
    Host,
    /// A group that matters begins or ends.
    Open(usize),
    Close(usize),
}

/// One way through a pattern.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence<'a> {
    pub(super) items: Vec<Item<'a>>,
    /// Where in `items` one of several ways was chosen.
    pub(super) choices: Vec<usize>,
    /// The end in the source of the host that was met last, to see that one tag is one host.
    host_end: usize,
}

/// The groups whose part in a match matters.
pub(super) struct Interest<'a> {
    ast: &'a Ast,
    groups: Vec<bool>,
    hosts: &'a [Range<usize>],
}

impl<'a> Interest<'a> {
    pub(super) fn new(
        ast: &'a Ast,
        hosts: &'a [Range<usize>],
        groups: impl Iterator<Item = usize>,
    ) -> Interest<'a> {
        let mut interest = Interest { ast, groups: vec![false; ast.groups.len()], hosts };
        for index in groups {
            interest.groups[index] = true;
        }
        interest.ask_conditionals(&ast.root);
        interest
    }

    fn ask_conditionals(&mut self, node: &Node) {
        if let Kind::Conditional { group, .. } = node.kind {
            self.groups[group] = true;
        }
        for child in children(node) {
            self.ask_conditionals(child);
        }
    }

    /// All ways through the pattern, or `None` if there are too many.
    pub(super) fn sequences(&self) -> Option<Vec<Sequence<'a>>> {
        self.expand(&self.ast.root, vec![Sequence::default()])
    }

    fn host(&self, node: &Node) -> Option<&Range<usize>> {
        let inside = |host: &&Range<usize>| host.start <= node.span.start && node.span.end <= host.end;
        self.hosts.iter().find(inside).filter(|_| !node.span.is_empty())
    }

    /// Whether there is anything below that matters.
    pub(super) fn matters(&self, node: &Node) -> bool {
        match node.kind {
            Kind::Group { index, .. } if self.groups[index] => return true,
            Kind::Conditional { .. } => return true,
            _ => {}
        }
        self.host(node).is_some() || children(node).any(|child| self.matters(child))
    }

    /// Appends a node to each sequence.
    fn expand(&self, node: &'a Node, mut before: Vec<Sequence<'a>>) -> Option<Vec<Sequence<'a>>> {
        if let Some(host) = self.host(node) {
            for sequence in before.iter_mut().filter(|sequence| sequence.host_end != host.end) {
                sequence.items.push(Item::Host);
                sequence.host_end = host.end;
            }
            return Some(before);
        }
        let push = |mut sequences: Vec<Sequence<'a>>, item| {
            sequences.iter_mut().for_each(|sequence| sequence.items.push(item));
            sequences
        };
        match &node.kind {
            Kind::Empty => Some(before),
            Kind::Concat(nodes) => nodes.iter().try_fold(before, |before, node| self.expand(node, before)),
            Kind::Group { index, body } if self.groups[*index] => {
                let inside = self.expand(body, push(before, Item::Open(*index)))?;
                Some(push(inside, Item::Close(*index)))
            }
            Kind::Group { body, .. } => self.expand(body, before),
            Kind::Alternate(nodes) if self.matters(node) => self.choose(before, |before| {
                nodes.iter().map(|node| self.expand(node, before.clone())).collect()
            }),
            Kind::Repeat { min: 0, max: Some(1), mode, body } if self.matters(body) => {
                self.choose(before, |before| {
                    let with = self.expand(body, before.clone());
                    let without = Some(before);
                    match mode {
                        Mode::Lazy => vec![without, with],
                        Mode::Greedy => vec![with, without],
                        Mode::Possessive => vec![None],
                    }
                    .into_iter()
                    .collect()
                })
            }
            Kind::Conditional { group, yes, no } => {
                let mut all = Vec::new();
                for sequence in before {
                    let set = sequence
                        .items
                        .iter()
                        .any(|item| matches!(item, Item::Close(index) if index == group));
                    all.extend(self.expand(if set { yes } else { no }, vec![sequence])?);
                }
                Some(all)
            }
            _ => Some(push(before, Item::Leaf(node))),
        }
    }

    /// One after another, each sequence goes all its ways; that keeps them in Python's order.
    fn choose(
        &self,
        before: Vec<Sequence<'a>>,
        ways: impl Fn(Vec<Sequence<'a>>) -> Option<Vec<Vec<Sequence<'a>>>>,
    ) -> Option<Vec<Sequence<'a>>> {
        let mut all = Vec::new();
        for mut sequence in before {
            sequence.choices.push(sequence.items.len());
            all.extend(ways(vec![sequence])?.into_iter().flatten());
        }
        (all.len() <= MOST).then_some(all)
    }
}

/// The nodes directly below.
pub(super) fn children(node: &Node) -> impl Iterator<Item = &Node> {
    let (many, one, other): (&[Node], Option<&Node>, Option<&Node>) = match &node.kind {
        Kind::Concat(nodes) | Kind::Alternate(nodes) => (nodes, None, None),
        Kind::Group { body, .. } | Kind::Repeat { body, .. } | Kind::Atomic(body) => (&[], Some(body), None),
        Kind::Look(look) => (&[], Some(&look.body), None),
        Kind::Conditional { yes, no, .. } => (&[], Some(yes), Some(no)),
        _ => (&[], None, None),
    };
    many.iter().chain(one).chain(other)
}

/// The characters that a node takes, where that is always the same number and needs no other group.
pub(super) fn fixed_width(node: &Node) -> Option<usize> {
    fn known(node: &Node) -> bool {
        !matches!(node.kind, Kind::Backreference { .. } | Kind::Conditional { .. })
            && children(node).all(known)
    }
    let width: Width = if known(node) { node.width(&|_| Width::ZERO) } else { return None };
    width.fixed().and_then(|width| usize::try_from(width).ok())
}

/// Whether the sequence begins with `^`.
pub(super) fn is_anchored(items: &[Item<'_>]) -> bool {
    let first = items.iter().find(|item| !matches!(item, Item::Open(_) | Item::Close(_)));
    matches!(first, Some(Item::Leaf(node)) if matches!(node.kind, Kind::Anchor(Anchor::Start)))
}

/// The longest literal that ends where `at` begins.
pub(super) fn literal_before(items: &[Item<'_>], at: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for item in items[..at].iter().rev() {
        match item {
            Item::Open(_) | Item::Close(_) => {}
            Item::Leaf(node) => match literal(node) {
                Some(part) => text.splice(0..0, part).for_each(drop),
                None => break,
            },
            Item::Host => break,
        }
    }
    text
}

/// How many of the items, from the first on, are literals.
pub(super) fn literals_at(items: &[Item<'_>]) -> usize {
    let is_literal = |item: &&Item<'_>| match item {
        Item::Open(_) | Item::Close(_) => true,
        Item::Leaf(node) => is_literal(node),
        Item::Host => false,
    };
    items.iter().take_while(is_literal).count()
}

/// The text of items that are literals all.
pub(super) fn literal_of(items: &[Item<'_>]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for item in items {
        match item {
            Item::Open(_) | Item::Close(_) => {}
            Item::Leaf(node) if append_literal(node, &mut text) => {}
            Item::Leaf(_) | Item::Host => return None,
        }
    }
    Some(text)
}

/// What the text of every match ends with, with its newline; nothing without `$`.
pub(super) fn ending(items: &[Item<'_>]) -> Vec<u8> {
    let is_end = |item: &Item<'_>| matches!(item, Item::Leaf(node) if matches!(node.kind, Kind::Anchor(Anchor::EndOrFinalNewline)));
    let literal = match items.iter().rposition(|item| !matches!(item, Item::Open(_) | Item::Close(_))) {
        Some(last) if is_end(&items[last]) => literal_before(items, last),
        _ => Vec::new(),
    };
    // A pattern could end with the newline itself.
    if literal.is_empty() || literal.contains(&b'\n') { Vec::new() } else { [&literal[..], b"\n"].concat() }
}

/// The longest literal behind the host.
pub(super) fn needed(items: &[Item<'_>]) -> Vec<u8> {
    let host = items.iter().rposition(|item| matches!(item, Item::Host)).unwrap_or(items.len());
    let others = |item: &Item<'_>| literals_at(&[*item]) == 0;
    items[host..].split(others).filter_map(literal_of).max_by_key(Vec::len).unwrap_or_default()
}
