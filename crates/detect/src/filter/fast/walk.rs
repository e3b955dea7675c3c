//! Ways to a place that every text of a sequence goes.

use std::ops::Range;

use crate::pattern::ast::Kind;

use super::ascii::Ascii;
use super::follow::first;
use super::sequence::{Item, fixed_width, is_anchored};

/// A step over text whose length the text alone decides.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// So many bytes.
    Skip(usize),
    /// All bytes of a set that come; what follows is none of them.
    Run(Ascii),
}

/// A way from the start of the text, or from the end of the host, to a place.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) from_host: bool,
    steps: Vec<Step>,
}

impl Walk {
    /// The way to `to`, if there is only one whatever the text is.
    pub(super) fn to(items: &[Item<'_>], to: usize) -> Option<Walk> {
        let host = items[..to].iter().rposition(|item| matches!(item, Item::Host));
        let from = host.map_or(0, |at| at + 1);
        Some(Walk { from_host: host.is_some(), steps: steps(items, from..to)? })
    }

    /// Where it leads from `start`.
    pub(super) fn end(&self, text: &[u8], start: usize) -> usize {
        go(&self.steps, text, start)
    }
}

pub(super) fn go(steps: &[Step], text: &[u8], start: usize) -> usize {
    steps.iter().fold(start, |at, step| match step {
        Step::Skip(bytes) => at + bytes,
        Step::Run(set) => set.run(text, at),
    })
}

pub(super) fn steps(items: &[Item<'_>], range: Range<usize>) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for at in range {
        let node = match items[at] {
            Item::Leaf(node) => node,
            Item::Open(_) | Item::Close(_) => continue,
            Item::Host => return None,
        };
        if let Some(width) = fixed_width(node) {
            match steps.last_mut() {
                Some(Step::Skip(before)) => *before += width,
                _ => steps.push(Step::Skip(width)),
            }
            continue;
        }
        let Kind::Repeat { body, .. } = &node.kind else { return None };
        let set = Ascii::of(&body.kind)?;
        if !(set & first(&items[at + 1..])).is_empty() {
            return None;
        }
        steps.push(Step::Run(set));
    }
    Some(steps)
}

/// Whether the way to `at` is the same for every text.
pub(super) fn is_rigid(items: &[Item<'_>], at: usize) -> bool {
    is_anchored(items) && Walk::to(items, at).is_some_and(|walk| !walk.from_host)
}
