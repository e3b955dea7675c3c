//! Places in a text, at half the size of a `Range<usize>`, and of an `Option` of it: there are thousands of them in
//! sessions.
//!
//! They are numbers because they are handed on as soon as they are known: of what is written in parts and read as a whole, a
//! processor has to wait until it has left for the cache.

use std::fmt;
use std::num::NonZero;
use std::ops::Range;

/// From a byte to before another. No text here is near two gigabytes: lines and what is kept of them are bounded.
///
/// The start is in the upper half, the end above the lowest bit, which is 1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(NonZero<u64>);

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Span {
        Span(NonZero::<u64>::MIN | (start as u64) << 32 | u64::from((end as u32) << 1))
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
        (self.0.get() >> 32) as usize
    }

    pub(super) fn end(self) -> usize {
        (self.0.get() as u32 >> 1) as usize
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

impl fmt::Debug for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.range().fmt(out)
    }
}
