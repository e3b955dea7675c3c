//! Patterns that match a few texts only.

use crate::pattern::ast::{Kind, Node};

use super::lower::literal;

/// More texts than these are not few.
const MOST: usize = 16;

/// All texts that a node can match, if they are few.
pub(super) fn texts(node: &Node) -> Option<Vec<Vec<u8>>> {
    if let Some(text) = literal(node) {
        return Some(vec![text]);
    }
    match &node.kind {
        Kind::Empty => Some(vec![Vec::new()]),
        Kind::Group { body, .. } => texts(body),
        Kind::Concat(nodes) => {
            nodes.iter().try_fold(vec![Vec::new()], |before, node| append(before, &texts(node)?))
        }
        Kind::Alternate(nodes) => {
            let all: Option<Vec<_>> = nodes.iter().map(texts).collect();
            all.map(|all| all.concat()).filter(|all| all.len() <= MOST)
        }
        Kind::Repeat { min: 0, max: Some(1), body, .. } => {
            let mut all = texts(body)?;
            all.push(Vec::new());
            Some(all)
        }
        _ => None,
    }
}

/// Each text with each that can follow.
pub(super) fn append(before: Vec<Vec<u8>>, after: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let all: Vec<_> = before
        .iter()
        .flat_map(|head| after.iter().map(move |tail| [head.as_slice(), tail].concat()))
        .collect();
    (all.len() <= MOST).then_some(all)
}
