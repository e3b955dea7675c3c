//! A log that is read once, from its beginning to its end.

use std::io::{self, ErrorKind, Read};

use crate::lines::{cut, shorten};
use crate::{MAX_LINE, Progress};

const BUFFER: usize = 2 * MAX_LINE;

/// What is known of a line beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineInfo {
    /// The number of bytes done with before this line's chunk, for a progress bar.
    pub done: u64,
    /// It is ASCII. False: nobody has looked, or it is not.
    pub ascii: bool,
}

/// Delivers every line of `reader`, with its newline. Unlike a file that is followed, the last line need not end in one.
pub fn each_line(mut reader: impl Read, sink: &mut impl FnMut(&[u8], LineInfo)) -> io::Result<Progress> {
    let mut progress = Progress::default();
    let mut buffer = vec![0; BUFFER];
    let (mut held, mut skipping) = (0, false);
    loop {
        let got = match reader.read(&mut buffer[held..]) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        };
        let done = progress.bytes;
        if got == 0 {
            if held > 0 && !skipping {
                let long =
                    shorten(&buffer[..held], false, &mut |line, ascii| sink(line, LineInfo { done, ascii }));
                progress.shortened += u64::from(long);
                progress.lines += 1;
                progress.bytes += held as u64;
            }
            return Ok(progress);
        }
        held += got;
        let cut = cut(&buffer[..held], skipping, &mut |line, ascii| sink(line, LineInfo { done, ascii }));
        progress.add(&cut);
        skipping = cut.skipping;
        buffer.copy_within(cut.consumed..held, 0);
        held -= cut.consumed;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lines::MORE;

    fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        each_line(bytes, &mut |line, _| lines.push(line.to_vec())).unwrap();
        lines
    }

    #[test]
    fn the_last_line_counts_with_and_without_its_newline() {
        assert_eq!(lines(b"a\nb"), [&b"a\n"[..], b"b"]);
        assert_eq!(lines(b"a\nb\n"), [b"a\n", b"b\n"]);
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn a_line_longer_than_the_bound_is_cut_and_the_next_one_is_whole() {
        let mut log = vec![b'x'; 3 * BUFFER];
        log.extend_from_slice(b"\nnext\n");
        let found = lines(&log);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_LINE + MORE.len(), 5]);
    }

    proptest! {
        #[test]
        fn short_lines_come_out_as_a_simple_split_gives_them(log in "([a-z]{0,9}\n){0,50}[a-z]{0,3}") {
            let wanted: Vec<_> = log.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
            prop_assert_eq!(lines(log.as_bytes()), wanted);
        }
    }
}
