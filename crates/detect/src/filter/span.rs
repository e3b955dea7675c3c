//! Places in a text, at half the size of a `Range<usize>`, and of an `Option` of it: there are thousands of them in
//! sessions.

use std::num::NonZero;
use std::ops::Range;

/// From a byte to before another. No text here is near four gigabytes: lines and what is kept of them are bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    /// The number of the byte after the last, from 1.
    end: NonZero<u32>,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: NonZero::<u32>::MIN.saturating_add(end as u32) }
    }

    /// The text there; `text` is the one that it was made for.
    pub(super) fn of(self, text: &str) -> &str {
        &text[self.range()]
    }

    /// The same of a text that was put together from whole characters, and is kept as bytes.
    pub(super) fn text_of(self, bytes: &[u8]) -> &str {
        str::from_utf8(&bytes[self.range()]).unwrap_or_default()
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start()..self.end()
    }

    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn end(self) -> usize {
        self.end.get() as usize - 1
    }

    pub(super) fn is_empty(self) -> bool {
        self.start() == self.end()
    }

    /// The same place in a text that has `by` bytes more before it.
    pub(super) fn shift(self, by: usize) -> Span {
        Span::new(self.start() + by, self.end() + by)
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Span {
        Span::new(range.start, range.end)
    }
}
