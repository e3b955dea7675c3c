//! Cutting what was read into lines, without copying them.

use memchr::memchr;

use crate::newlines::{Newlines, PIECE};

/// So many bytes of a line are delivered; the rest of a longer one is skipped and counted.
pub const MAX_LINE: usize = 64 * 1024;
/// Stands behind what is delivered of a longer line: it is longer than any whole one, and does not end where it was cut.
pub(crate) const MORE: &str = "…";

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

/// Delivers the whole lines of a chunk, each with its newline, and whether it is ASCII. The chunk begins at the start of a
/// line, or inside of one that is skipped. Zero bytes before a line are holes (a crashed file system, a log emptied under
/// a writer that keeps its offset), no text.
pub(crate) fn cut(chunk: &[u8], skipping: bool, sink: &mut impl FnMut(&[u8], bool)) -> Cut {
    let mut cut = Cut::default();
    if skipping {
        match memchr(b'\n', chunk) {
            Some(end) => cut.consumed = end + 1,
            None => return Cut { consumed: chunk.len(), skipping: true, ..cut },
        }
    }
    let mut newlines = Newlines::default();
    for at in (cut.consumed..chunk.len()).step_by(PIECE) {
        let plain = newlines.find(&chunk[at..chunk.len().min(at + PIECE)]);
        for newline in newlines.iter() {
            let line = &chunk[cut.consumed..=at + newline];
            // The piece's first line began in the one before.
            cut.deliver(line, plain && cut.consumed >= at || line.is_ascii(), sink);
            cut.consumed += line.len();
        }
    }
    let rest = &chunk[cut.consumed..];
    if rest.len() > MAX_LINE {
        let text = without_holes(rest);
        if text.is_empty() {
            cut.consumed = chunk.len();
        } else if text.len() > MAX_LINE {
            cut.deliver(text, false, sink);
            cut.skipping = true;
            cut.consumed = chunk.len();
        } else {
            cut.consumed = chunk.len() - text.len();
        }
    }
    cut
}

impl Cut {
    fn deliver(&mut self, line: &[u8], ascii: bool, sink: &mut impl FnMut(&[u8], bool)) {
        let line = without_holes(line);
        self.lines += 1;
        self.shortened += u64::from(shorten(line, ascii, sink));
    }
}

/// Delivers a line, of a long one its beginning and [`MORE`]. True: it was a long one.
pub(crate) fn shorten(line: &[u8], ascii: bool, sink: &mut impl FnMut(&[u8], bool)) -> bool {
    let long = line.strip_suffix(b"\n").unwrap_or(line).len() > MAX_LINE;
    match long {
        true => sink(&[&line[..MAX_LINE], MORE.as_bytes()].concat(), false),
        false => sink(line, ascii),
    }
    long
}

fn without_holes(line: &[u8]) -> &[u8] {
    match line.first() {
        Some(0) => &line[line.iter().position(|byte| *byte != 0).unwrap_or(line.len())..],
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(chunk: &[u8], skipping: bool) -> (Vec<Vec<u8>>, Cut) {
        let mut lines = Vec::new();
        let cut = cut(chunk, skipping, &mut |line, ascii| {
            assert!(ascii == line.is_ascii() || !ascii && line.len() > MAX_LINE);
            lines.push(line.to_vec());
        });
        (lines, cut)
    }

    #[test]
    fn a_half_line_is_left() {
        let (lines, cut) = lines(b"one\n\ntw", false);
        assert_eq!(lines, [&b"one\n"[..], b"\n"]);
        assert_eq!((cut.consumed, cut.lines, cut.skipping), (5, 2, false));
    }

    #[test]
    fn the_longest_line_is_whole_and_a_longer_one_is_not() {
        for (len, shortened) in [(MAX_LINE, 0), (MAX_LINE + 1, 1)] {
            let (lines, cut) = lines(&[&vec![b'x'; len][..], b"\n"].concat(), false);
            assert_eq!((cut.shortened, cut.skipping), (shortened, false));
            let text = lines[0].strip_suffix(b"\n").unwrap_or(&lines[0]);
            assert_eq!(text.len() > MAX_LINE, shortened > 0, "whoever bounds lines sees that it was cut");
            assert_eq!(lines[0].ends_with(MORE.as_bytes()), shortened > 0);
        }
    }

    #[test]
    fn holes_before_a_line_are_no_text_and_a_short_one_at_the_end_may_still_be_filled() {
        let (text, cut) = lines(b"\0\0one\n\0\0", false);
        assert_eq!((text, cut.consumed), (vec![b"one\n".to_vec()], 6));
        let (text, cut) = lines(&[&[0; MAX_LINE + 1][..], b"half"].concat(), false);
        assert_eq!((text.len(), cut.consumed), (0, MAX_LINE + 1));
    }

    #[test]
    fn a_line_ends_where_its_newline_stands_and_is_ascii_or_not() {
        for length in 0..100 {
            let line = [&vec![b'x'; length][..], b"\n"].concat();
            for at in 0..=length {
                let mut line = line.clone();
                line[at] = if at < length { 0xe9 } else { b'\n' };
                let (found, _) = lines(&[&line[..], b"next\n\xe9\n"].concat(), false);
                assert_eq!(found, [&line[..], b"next\n", b"\xe9\n"], "{at} of {length}");
            }
        }
    }

    proptest! {
        /// However the text is cut into chunks, the same lines come out.
        #[test]
        fn chunks_do_not_matter(text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(0), Just(b'x'), Just(0xe9)], 0..200), at in 0usize..200) {
            let whole = lines(&text, false);
            let first = lines(&text[..at.min(text.len())], false);
            let second = lines(&text[first.1.consumed..], first.1.skipping);
            prop_assert_eq!([first.0, second.0].concat(), whole.0);
            prop_assert_eq!(first.1.consumed + second.1.consumed, whole.1.consumed);
        }
    }
}
