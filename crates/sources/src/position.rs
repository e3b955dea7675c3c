//! How far a log has been read, and how its file is known again: by inode, and by what stands before the position.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::{FileType, fstat};
use rustix::io::pread;
use serde::{Deserialize, Serialize};

/// So many bytes of a file are hashed to know it again: at its start, and before the position. Long enough to hold a
/// time stamp in most logs, which keeps one day's file from being taken for another's.
pub(crate) const WINDOW: usize = 1024;

/// Where reading one path stands. It is written as a whole: what is not in it is finished.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    version: u8,
    /// Oldest first: rotated files that a writer may still hold open, then the file at the path itself. Empty says
    /// that the path was looked for and nothing was there.
    pub(crate) marks: Vec<Mark>,
}

impl Position {
    pub(crate) fn new(marks: Vec<Mark>) -> Self {
        Self { version: 1, marks }
    }

    /// Bytes read of the file at the path itself (or last seen there).
    pub fn offset(&self) -> u64 {
        self.marks.last().map_or(0, |mark| mark.offset)
    }
}

/// A place in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// Everything before it has been delivered.
    pub(crate) offset: u64,
    /// The position is inside of a line whose beginning was delivered and whose rest is not wanted.
    pub(crate) skipping: bool,
    /// How many bytes `head` covers.
    head_len: u16,
    head: u64,
    /// Of the bytes before `offset`, at most [`WINDOW`].
    tail: u64,
}

/// Which file, as long as it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// What `stat` says, as far as reading needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    pub(crate) identity: Identity,
    pub(crate) size: u64,
    pub(crate) linked: bool,
    pub(crate) regular: bool,
    /// When it was last written to, in nanoseconds.
    pub(crate) written: i128,
}

impl From<rustix::fs::Stat> for Stat {
    fn from(stat: rustix::fs::Stat) -> Self {
        Self {
            identity: Identity { device: stat.st_dev, inode: stat.st_ino },
            size: stat.st_size.try_into().unwrap_or(0),
            linked: stat.st_nlink > 0,
            written: i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec),
            regular: FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile,
        }
    }
}

/// What a file is to a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kinship {
    /// What was read is there: reading goes on at the mark.
    Same,
    /// It begins alike but lost its end, as after a power cut: all that is left has been read.
    Cut { size: u64 },
    /// It begins alike, but before the mark there are only zero bytes: a crashed file system's hole.
    Holed,
    /// Another file, or the same one emptied and filled anew.
    Other,
}

impl Mark {
    /// A place in an open file, which is read to know it again.
    pub(crate) fn at(
        fd: BorrowedFd<'_>,
        identity: Identity,
        offset: u64,
        skipping: bool,
    ) -> io::Result<Self> {
        let mut buffer = [0; WINDOW];
        let head = window(fd, 0, WINDOW, &mut buffer)?;
        let (head_len, head) = (head.len() as u16, hash(head));
        let tail = hash(window(fd, offset - window_len(offset) as u64, window_len(offset), &mut buffer)?);
        let Identity { device, inode } = identity;
        Ok(Self { device, inode, offset, skipping, head_len, head, tail })
    }

    /// The start of a file.
    pub(crate) fn start(fd: BorrowedFd<'_>, identity: Identity) -> io::Result<Self> {
        Self::at(fd, identity, 0, false)
    }

    /// Nothing is known of the file's content: it was empty.
    pub(crate) fn is_blank(&self) -> bool {
        self.offset == 0 && self.head_len == 0
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity { device: self.device, inode: self.inode }
    }

    /// The same place in a file that holds the same.
    pub(crate) fn in_file(&self, identity: Identity) -> Self {
        Self { device: identity.device, inode: identity.inode, ..self.clone() }
    }

    /// How many bytes before the offset are compared.
    pub(crate) fn overlap(&self) -> usize {
        window_len(self.offset)
    }

    /// Whether the file still is what it was. `buffer` begins [`overlap`](Self::overlap) bytes before the offset. At
    /// the start of a file, where nothing stands before, it is known by its first bytes.
    pub(crate) fn follows(&self, buffer: &[u8]) -> bool {
        let (len, expected) = match self.offset {
            0 => (self.head_len.into(), self.head),
            _ => (self.overlap(), self.tail),
        };
        buffer.get(..len).is_some_and(|bytes| len == 0 || hash(bytes) == expected)
    }

    /// Moves on by `consumed` bytes. `buffer` begins [`overlap`](Self::overlap) bytes before the old offset.
    pub(crate) fn advance(&mut self, buffer: &[u8], consumed: usize, skipping: bool) {
        let end = self.overlap() + consumed;
        let head_len = end.min(WINDOW);
        // The buffer begins at the start of the file if the offset is within the window.
        if self.offset <= WINDOW as u64 && head_len > self.head_len.into() {
            self.head_len = head_len as u16;
            self.head = hash(&buffer[..head_len]);
        }
        self.offset += consumed as u64;
        self.skipping = skipping;
        self.tail = hash(&buffer[end - self.overlap()..end]);
    }

    /// Compares a file with the one that the mark was set in.
    pub(crate) fn kinship(&self, fd: BorrowedFd<'_>) -> io::Result<Kinship> {
        let size = Stat::from(fstat(fd)?).size;
        let mut buffer = [0; WINDOW];
        let before = window(fd, self.offset - self.overlap() as u64, WINDOW, &mut buffer)?;
        if self.follows(before) {
            return Ok(Kinship::Same);
        }
        let before = before.get(..self.overlap()).unwrap_or_default();
        let hole = !before.is_empty() && before.iter().all(|byte| *byte == 0);
        let head = window(fd, 0, self.head_len.into(), &mut buffer)?;
        let alike = head.len() == usize::from(self.head_len) && hash(head) == self.head;
        Ok(match alike {
            true if size < self.offset => Kinship::Cut { size },
            true if hole => Kinship::Holed,
            _ => Kinship::Other,
        })
    }
}

fn window_len(offset: u64) -> usize {
    usize::try_from(offset).map_or(WINDOW, |offset| offset.min(WINDOW))
}

/// The bytes at `start`; fewer at the end of the file.
fn window<'b>(
    fd: BorrowedFd<'_>,
    start: u64,
    len: usize,
    buffer: &'b mut [u8; WINDOW],
) -> io::Result<&'b [u8]> {
    let read = pread(fd, &mut buffer[..len], start)?;
    Ok(&buffer[..read])
}

/// Stored with the position, so it must never change: eight bytes at a time, multiplied and folded.
fn hash(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |state: u64, word: u64| {
        let product = u128::from(state ^ word).wrapping_mul(u128::from(ODD));
        (product as u64) ^ ((product >> 64) as u64).wrapping_add(ODD)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let state = words.iter().fold(bytes.len() as u64, |state, word| fold(state, u64::from_le_bytes(*word)));
    rest.iter().fold(state, |state, byte| fold(state, u64::from(*byte) + 1))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::AsFd;

    use super::*;

    fn file(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file
    }

    fn kinship(before: &[u8], offset: u64, after: &[u8]) -> Kinship {
        let identity = Identity { device: 1, inode: 2 };
        let mark = Mark::at(file(before).as_fd(), identity, offset, false).unwrap();
        mark.kinship(file(after).as_fd()).unwrap()
    }

    #[test]
    fn a_file_is_known_by_its_beginning_and_by_what_stands_before_the_position() {
        let text: Vec<u8> = (0..5000).flat_map(|number: u32| format!("{number}\n").into_bytes()).collect();
        let end = text.len() as u64;
        let with = |at: usize, new: &[u8]| [&text[..at], new, &text[at + new.len()..]].concat();
        assert_eq!(kinship(&text, end, &[&text[..], b"more\n"].concat()), Kinship::Same);
        assert_eq!(kinship(&text, end, &with(text.len() - 600, &[0; 600])), Kinship::Other);
        assert_eq!(kinship(&text, end, &with(text.len() - 3000, &[0; 3000])), Kinship::Holed);
        assert_eq!(kinship(&text, end, &text[..2000]), Kinship::Cut { size: 2000 });
        assert_eq!(kinship(&text, end, &with(text.len() - 10, b"x")), Kinship::Other);
        assert_eq!(kinship(&text, end, b""), Kinship::Other);
        assert_eq!(kinship(&text, 0, &with(0, b"x")), Kinship::Other, "nothing read, but seen");
        assert_eq!(kinship(b"", 0, b"x"), Kinship::Same, "seen when it was empty");
    }

    /// Positions outlive the program that stored them.
    #[test]
    fn the_hash_never_changes() {
        assert_eq!(hash(b"Failed password\n"), 1_365_378_386_940_883_561);
        assert_eq!(hash(b"Failed"), 14_970_117_915_968_746_339);
    }

    #[test]
    fn a_mark_that_moves_is_the_mark_set_there() {
        let text: Vec<u8> = (0..1000).flat_map(|number: u32| format!("{number}\n").into_bytes()).collect();
        let (file, identity) = (file(&text), Identity { device: 1, inode: 2 });
        let mut mark = Mark::at(tempfile::tempfile().unwrap().as_fd(), identity, 0, false).unwrap();
        for consumed in [0, 10, 1000, 13, 1, 2000] {
            let start = mark.offset as usize - mark.overlap();
            mark.advance(&text[start..], consumed, false);
            let again = Mark::at(file.as_fd(), identity, mark.offset, false).unwrap();
            assert_eq!((mark.offset, mark.tail), (again.offset, again.tail));
            assert_eq!(mark.kinship(file.as_fd()).unwrap(), Kinship::Same);
        }
        assert_eq!(usize::from(mark.head_len), WINDOW);
    }
}
