//! What can stand next in a text, at a place in a sequence.

use crate::pattern::ast::{Anchor, Kind, Node};

use super::ascii::Ascii;
use super::sequence::{Item, children};

/// What an address or a host name is made of, and its brackets.
pub(super) fn host_bytes() -> Ascii {
    Ascii::from_fn(|byte| byte.is_ascii_alphanumeric() || b"_.:^-[]".contains(&byte))
}

/// Bytes that can come next; all of them where the sequence ends without `$`.
pub(super) fn first(items: &[Item<'_>]) -> Ascii {
    let mut set = Ascii::NONE;
    for item in items {
        let (bytes, nothing) = match item {
            Item::Leaf(node) => first_of(node),
            Item::Host => (host_bytes(), false),
            Item::Open(_) | Item::Close(_) => (Ascii::NONE, true),
        };
        set = set | bytes;
        if !nothing {
            return set;
        }
    }
    Ascii::ALL
}

/// Bytes that a node can begin with, and whether it can be nothing. An end is taken for the newline at the end.
fn first_of(node: &Node) -> (Ascii, bool) {
    if let Some(set) = Ascii::of(&node.kind) {
        return (set, false);
    }
    match &node.kind {
        Kind::Anchor(Anchor::End | Anchor::EndOrFinalNewline | Anchor::LineEnd) => {
            (Ascii::of_bytes(b"\n"), false)
        }
        Kind::Empty | Kind::Anchor(_) | Kind::Look(_) => (Ascii::NONE, true),
        Kind::Backreference { .. } => (Ascii::ALL, true),
        Kind::Concat(nodes) => first_of_all(nodes),
        Kind::Repeat { min, body, .. } => {
            let (bytes, nothing) = first_of(body);
            (bytes, nothing || *min == 0)
        }
        _ => children(node)
            .map(first_of)
            .fold((Ascii::NONE, false), |(all, any), (bytes, nothing)| (all | bytes, any | nothing)),
    }
}

/// The same of nodes one after another.
fn first_of_all(nodes: &[Node]) -> (Ascii, bool) {
    let mut set = Ascii::NONE;
    for node in nodes {
        let (bytes, nothing) = first_of(node);
        set = set | bytes;
        if !nothing {
            return (set, false);
        }
    }
    (set, true)
}

/// Whether the items match before any rest of a line, whatever it is: `( x)?.*$`. Forbidden literals are taken for
/// absent.
pub(super) fn takes_anything(items: &[Item<'_>]) -> bool {
    let mut items = items.iter().filter_map(|item| match item {
        Item::Leaf(node) => Some(Some(*node)),
        Item::Host => Some(None),
        Item::Open(_) | Item::Close(_) => None,
    });
    loop {
        match items.next() {
            None => return true,
            Some(Some(node)) if is_any_run(node) => break,
            Some(Some(node)) if first_of(node).1 && matches!(node.kind, Kind::Repeat { .. }) => {}
            Some(_) => return false,
        }
    }
    items.all(|node| node.is_some_and(|node| matches!(node.kind, Kind::Anchor(Anchor::EndOrFinalNewline))))
}

/// `.*`, or `(?:(?!literal).)*`.
pub(super) fn is_any_run(node: &Node) -> bool {
    let Kind::Repeat { min: 0, max: None, body, .. } = &node.kind else {
        return matches!(&node.kind, Kind::Group { body, .. } if is_any_run(body));
    };
    match &body.kind {
        Kind::Any { .. } => true,
        Kind::Concat(nodes) => {
            matches!(nodes.as_slice(), [look, any] if matches!(look.kind, Kind::Look(_)) && matches!(any.kind, Kind::Any { .. }))
        }
        _ => false,
    }
}

/// Pairs of bytes that can stand right after a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Follow {
    pairs: Vec<(Ascii, Ascii)>,
}

impl Follow {
    pub(super) fn of(items: &[Item<'_>]) -> Follow {
        let mut follow = Follow { pairs: Vec::new() };
        for (at, item) in items.iter().enumerate() {
            let nothing = match item {
                Item::Leaf(node) => follow.add(node, first(&items[at + 1..])),
                Item::Host => follow.push(host_bytes(), Ascii::ALL),
                Item::Open(_) | Item::Close(_) => true,
            };
            if !nothing {
                return follow;
            }
        }
        follow.push(Ascii::ALL, Ascii::ALL);
        follow
    }

    /// Adds the pairs with which a node can begin, and one of `after` stand behind it; whether the node can be nothing.
    fn add(&mut self, node: &Node, after: Ascii) -> bool {
        if let Some(set) = Ascii::of(&node.kind) {
            return self.push(set, after);
        }
        match &node.kind {
            Kind::Concat(nodes) => nodes.iter().enumerate().all(|(at, node)| {
                let (next, nothing) = first_of_all(&nodes[at + 1..]);
                self.add(node, if nothing { next | after } else { next })
            }),
            Kind::Alternate(nodes) => nodes.iter().fold(false, |any, node| self.add(node, after) | any),
            Kind::Group { body, .. } => self.add(body, after),
            Kind::Repeat { min, body, .. } => self.add(body, first_of(body).0 | after) || *min == 0,
            _ => {
                let (bytes, nothing) = first_of(node);
                self.push(bytes, Ascii::ALL);
                nothing
            }
        }
    }

    /// False: a byte is not nothing.
    fn push(&mut self, first: Ascii, second: Ascii) -> bool {
        self.pairs.push((first, second));
        false
    }

    /// Whether what stands at `at` can be what follows.
    pub(super) fn fits(&self, text: &[u8], at: usize) -> bool {
        let Some(&byte) = text.get(at) else { return true };
        let next = text.get(at + 1).copied();
        self.pairs
            .iter()
            .any(|(first, second)| first.contains(byte) && next.is_none_or(|next| second.contains(next)))
    }

    /// The first bytes that are among `set`.
    pub(super) fn among(&self, set: Ascii) -> Ascii {
        self.pairs.iter().fold(Ascii::NONE, |all, (first, _)| all | (*first & set))
    }
}
