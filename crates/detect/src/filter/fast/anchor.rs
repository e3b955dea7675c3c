//! Where the literals before and behind a host stand in a text.

use memchr::memmem::Finder;

/// Looks for the literals of one text, each as seldom as can be: most ways of a filter have the same.
#[derive(Debug, Default)]
pub(super) struct Anchors<'s> {
    literal: &'s [u8],
    first: Option<usize>,
    /// Whether it stands behind that once more, if somebody has asked.
    again: Option<bool>,
}

impl<'s> Anchors<'s> {
    /// The first place of a literal.
    pub(super) fn first(&mut self, literal: &'s Finder<'static>, text: &[u8]) -> Option<usize> {
        if self.literal.is_empty() || self.literal != literal.needle() {
            *self = Anchors { literal: literal.needle(), first: literal.find(text), again: None };
        }
        self.first
    }

    /// Whether there are more than the first, of the literal that was asked for last.
    pub(super) fn are_several(&mut self, literal: &Finder<'static>, text: &[u8]) -> bool {
        let first = self.first;
        let more = || first.is_some_and(|at| literal.find(&text[at + 1..]).is_some());
        *self.again.get_or_insert_with(more)
    }
}
