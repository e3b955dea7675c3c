//! A regular language around a pattern, for automata.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Dot, Hir, Look, Repetition};

use super::ast::{Anchor, Ast, Kind, Mode, Node};
use super::set::Set;

/// Bounds above these are as good as none, and much cheaper: for one character, and for anything larger.
const MAX_CHARS: u32 = 64;
const MAX_TURNS: u32 = 16;

/// See [`Pattern::superset`](super::Pattern::superset).
pub(super) fn superset(ast: &Ast) -> Hir {
    node(&ast.root)
}

fn node(tree: &Node) -> Hir {
    if let Kind::Literal { char, ignorecase: false } = tree.kind {
        return Hir::literal(char.to_string().into_bytes());
    }
    if let Some(set) = Set::of(&tree.kind) {
        return one_of(&set);
    }
    match &tree.kind {
        Kind::Anchor(anchor) => place(*anchor),
        Kind::Concat(nodes) => Hir::concat(nodes.iter().map(node).collect()),
        Kind::Alternate(nodes) => Hir::alternation(nodes.iter().map(node).collect()),
        Kind::Group { body, .. } | Kind::Atomic(body) => node(body),
        Kind::Repeat { min, max, mode, body } => repeat(body, *min, *max, *mode),
        Kind::Backreference { .. } => times(Hir::dot(Dot::AnyByte), 0, None, Mode::Greedy),
        Kind::Conditional { yes, no, .. } => Hir::alternation(vec![node(yes), node(no)]),
        Kind::Empty | Kind::Look(_) | Kind::Literal { .. } | Kind::Any { .. } | Kind::Class(_) => {
            Hir::empty()
        }
    }
}

fn place(anchor: Anchor) -> Hir {
    match anchor {
        Anchor::Start => Hir::look(Look::Start),
        Anchor::LineStart => Hir::look(Look::StartLF),
        Anchor::End => Hir::look(Look::End),
        Anchor::EndOrFinalNewline | Anchor::LineEnd => Hir::look(Look::EndLF),
        // What is a word beyond ASCII is not known here.
        Anchor::WordBoundary | Anchor::NotWordBoundary => Hir::empty(),
    }
}

fn repeat(body: &Node, min: u32, max: Option<u32>, mode: Mode) -> Hir {
    let set = Set::of(&body.kind);
    let most = if set.is_some() { MAX_CHARS } else { MAX_TURNS };
    let (min, max) = (min.min(most), max.filter(|max| *max <= most));
    match (set, max) {
        // Characters without end are bytes without end.
        (Some(set), None) => Hir::concat(vec![
            times(one_of(&set), min, Some(min), mode),
            times(Hir::class(Class::Bytes(bytes(&set, 0x80, 0xff))), 0, None, mode),
        ]),
        _ => times(node(body), min, max, mode),
    }
}

fn times(sub: Hir, min: u32, max: Option<u32>, mode: Mode) -> Hir {
    Hir::repetition(Repetition { min, max, greedy: mode != Mode::Lazy, sub: Box::new(sub) })
}

/// A member of the set, or any character beyond ASCII where the set holds some: in UTF-8 that is a leading byte and
/// the continuation bytes that are there.
fn one_of(set: &Set) -> Hir {
    let first = Hir::class(Class::Bytes(bytes(set, 0xc2, 0xf4)));
    if !set.reaches_beyond_ascii() {
        return first;
    }
    let rest = ClassBytes::new([ClassBytesRange::new(0x80, 0xbf)]);
    Hir::concat(vec![first, times(Hir::class(Class::Bytes(rest)), 0, None, Mode::Greedy)])
}

/// The ASCII members, and the bytes from `low` to `high` if there are others.
fn bytes(set: &Set, low: u8, high: u8) -> ClassBytes {
    let ascii =
        (0..0x80).filter(|byte| set.contains_ascii(*byte)).map(|byte| ClassBytesRange::new(byte, byte));
    let mut class = ClassBytes::new(ascii);
    if set.reaches_beyond_ascii() {
        class.push(ClassBytesRange::new(low, high));
    }
    class
}
