//! Cutting what was read into lines, without copying them.

use memchr::{memchr, memchr_iter};

/// So many bytes of a line are delivered; the rest of a longer one is skipped and counted.
pub const MAX_LINE: usize = 64 * 1024;

/// What became of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Bytes done with; what follows is the beginning of a line whose end is not there yet.
    pub(crate) consumed: usize,
    /// Lines delivered.
    pub(crate) lines: u64,
    /// Of these, lines of which only the first [`MAX_LINE`] bytes were delivered.
    pub(crate) shortened: u64,
    /// The chunk ends inside of a line that was delivered already.
    pub(crate) skipping: bool,
}

/// Delivers the whole lines of a chunk. It begins at the start of a line, or inside of one that is skipped. Zero bytes
/// before a line are holes (a crashed file system, a log emptied under a writer that keeps its offset), no text.
pub(crate) fn cut(chunk: &[u8], skipping: bool, sink: &mut impl FnMut(&[u8])) -> Cut {
    let mut cut = Cut::default();
    if skipping {
        match memchr(b'\n', chunk) {
            Some(end) => cut.consumed = end + 1,
            None => return Cut { consumed: chunk.len(), skipping: true, ..cut },
        }
    }
    let first = cut.consumed;
    for end in memchr_iter(b'\n', &chunk[first..]) {
        cut.deliver(&chunk[cut.consumed..first + end], sink);
        cut.consumed = first + end + 1;
    }
    let rest = &chunk[cut.consumed..];
    if rest.len() > MAX_LINE {
        let text = without_holes(rest);
        if text.is_empty() {
            cut.consumed = chunk.len();
        } else if text.len() > MAX_LINE {
            cut.deliver(text, sink);
            cut.skipping = true;
            cut.consumed = chunk.len();
        } else {
            cut.consumed = chunk.len() - text.len();
        }
    }
    cut
}

impl Cut {
    fn deliver(&mut self, line: &[u8], sink: &mut impl FnMut(&[u8])) {
        let line = without_holes(line);
        self.lines += 1;
        self.shortened += u64::from(line.len() > MAX_LINE);
        sink(&line[..line.len().min(MAX_LINE)]);
    }
}

fn without_holes(line: &[u8]) -> &[u8] {
    match line.first() {
        Some(0) => &line[line.iter().position(|byte| *byte != 0).unwrap_or(line.len())..],
        _ => line,
    }
}
