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
        Kind::Concat(nodes) => {
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
        Kind::Repeat { min, body, .. } => {
            let (bytes, nothing) = first_of(body);
            (bytes, nothing || *min == 0)
        }
        _ => children(node)
            .map(first_of)
            .fold((Ascii::NONE, false), |(all, any), (bytes, nothing)| (all | bytes, any | nothing)),
    }
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
        let mut pairs = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let Item::Leaf(node) = item else {
                if matches!(item, Item::Host) {
                    pairs.push((host_bytes(), Ascii::ALL));
                    return Follow { pairs };
                }
                continue;
            };
            let (bytes, nothing) = first_of(node);
            let single = Ascii::of(&node.kind).is_some();
            pairs.push((bytes, if single { first(&items[at + 1..]) } else { Ascii::ALL }));
            if !nothing {
                return Follow { pairs };
            }
        }
        pairs.push((Ascii::ALL, Ascii::ALL));
        Follow { pairs }
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
