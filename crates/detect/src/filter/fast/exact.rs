//! Whether a sequence matches all that is in its language.

use crate::pattern::ast::{Kind, Mode, Node};

use super::ascii::Ascii;
use super::lower::{MOST, literal};
use super::sequence::{Item, fixed_width};

/// What the [language](super::lower::lower) of a sequence has that the sequence does not match.
pub(super) struct Exactness {
    /// Nothing, but for what is `forbidden`.
    pub(super) exact: bool,
    /// Texts in which one of these literals stands elsewhere than where the sequence itself has it: each was forbidden by
    /// a `(?!literal)`.
    pub(super) forbidden: Vec<Vec<u8>>,
}

impl Exactness {
    pub(super) fn of(items: &[Item<'_>]) -> Exactness {
        let mut all = Exactness { exact: true, forbidden: Vec::new() };
        for (at, item) in items.iter().enumerate() {
            if let Item::Leaf(node) = item {
                all.add(node, followed(&items[at + 1..]));
            }
        }
        all
    }

    fn add(&mut self, node: &Node, followed: bool) {
        let is_character =
            matches!(node.kind, Kind::Literal { ignorecase: false, .. }) || Ascii::of(&node.kind).is_some();
        match &node.kind {
            _ if is_character => {}
            Kind::Empty | Kind::Anchor(_) => {}
            Kind::Concat(nodes) => {
                for (at, node) in nodes.iter().enumerate() {
                    self.add(node, nodes.get(at + 1).is_some_and(takes_some));
                }
            }
            Kind::Alternate(nodes) => nodes.iter().for_each(|node| self.add(node, false)),
            Kind::Group { body, .. } => self.add(body, followed),
            Kind::Repeat { min, max, mode, body } => {
                self.exact &= *mode != Mode::Possessive && *min.max(&max.unwrap_or(0)) <= MOST;
                self.add(body, false);
            }
            Kind::Look(look) => match literal(&look.body) {
                Some(text) if look.negative && look.behind.is_none() && followed => self.forbidden.push(text),
                _ => self.exact = false,
            },
            _ => self.exact = false,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Flags, Pattern};

    fn of(pattern: &str) -> Exactness {
        let pattern = Pattern::compile(pattern, Flags::default()).unwrap();
        Exactness::of(&[Item::Leaf(&pattern.ast().root)])
    }

    #[test]
    fn what_no_automaton_can_do_is_not_exact() {
        for exact in [r"^a+(b|\d{2,64})c?$", "[^x]*?y"] {
            assert!(of(exact).exact, "{exact}");
        }
        for inexact in ["(?>a|ab)c", "a{2,65}", "a{65,}", "a*+", r"(a)\1", "(?=a)a", "(?<!a)b", "(?!a)b*"] {
            assert!(!of(inexact).exact, "{inexact}");
        }
    }

    #[test]
    fn a_literal_forbidden_where_a_character_is_taken_is_told() {
        let Exactness { exact, forbidden } = of("x(?:(?! from ).)*y");
        assert!(exact);
        assert_eq!(forbidden, [b" from "]);
    }
}
