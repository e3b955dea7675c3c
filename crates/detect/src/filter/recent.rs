//! The last lines of a stream, for its filters that read several at once (`maxlines`).

use std::collections::VecDeque;
use std::ops::Range;

use super::text::Text;

/// So many bytes of lines are held, however many lines a filter wants; the oldest go first.
pub(super) const BYTES: usize = 256 << 10;

/// Kept once for all filters, which take what they missed when a line concerns them.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// How many lines a filter may want.
    most: usize,
    lines: VecDeque<Past>,
    bytes: usize,
    /// How many lines there have been.
    count: usize,
}

/// A line that was read.
#[derive(Debug, Default)]
pub(super) struct Past {
    text: Vec<u8>,
    date: Range<usize>,
}

impl Recent {
    /// There is another filter that may want so many.
    pub(super) fn want(&mut self, lines: usize) {
        self.most = self.most.max(lines);
    }

    pub(super) fn push(&mut self, text: Text<'_>, date: &Range<usize>) {
        let text = text.bytes();
        self.count += 1;
        self.bytes += text.len();
        // The oldest line's buffer serves for the newest.
        let mut buffer = Vec::new();
        while self.lines.len() >= self.most || self.bytes > BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.text.len();
            buffer = oldest.text;
        }
        buffer.clear();
        buffer.extend_from_slice(text);
        self.lines.push_back(Past { text: buffer, date: date.clone() });
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Those that came after the first `read` of all, as far as they are still there.
    pub(super) fn since(&self, read: usize) -> impl ExactSizeIterator<Item = &Past> {
        self.lines.range(self.lines.len().saturating_sub(self.count - read)..)
    }
}

impl Past {
    /// As the log has it.
    pub(super) fn whole(&self) -> &str {
        text(&self.text)
    }

    /// What stands before its date, and what behind it.
    pub(super) fn undated(&self) -> [&str; 2] {
        [text(&self.text[..self.date.start]), text(&self.text[self.date.end..])]
    }
}

/// A date begins and ends between characters.
fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}
