//! Where the groups of a match lie.

use std::ops::Range;

use super::backtrack::{NONE, Scratch};

/// The spans of one match by group index, in bytes of the text, and what a search needs to find them. One is kept for
/// many searches, of any patterns, so that none of them has to allocate.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    pub(super) scratch: Scratch,
}

impl Groups {
    /// Without a match.
    pub fn new() -> Groups {
        Groups::default()
    }

    /// The span of a group; `None` where it took no part in the match, or where there is no such group.
    pub fn span(&self, index: usize) -> Option<Range<usize>> {
        match self.scratch.slots.get(2 * index..2 * index + 2)? {
            [start, end] if *start != NONE && *end != NONE => Some(*start as usize..*end as usize),
            _ => None,
        }
    }

    /// The text of a group of a match in `text`.
    pub fn text<'t>(&self, text: &'t str, index: usize) -> Option<&'t str> {
        text.get(self.span(index)?)
    }
}
