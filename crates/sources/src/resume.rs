//! Where reading stopped last time, and which of today's files that was in.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use crate::lines::MAX_LINE;
use crate::position::{Identity, Kinship, Mark, Position};

/// Marks that no file has been found for yet.
#[derive(Default)]
pub(crate) struct Resume {
    pub(crate) left: Vec<Left>,
}

/// One of them.
pub(crate) struct Left {
    pub(crate) path: PathBuf,
    pub(crate) mark: Mark,
    /// It was what the path named, not a rotated file.
    pub(crate) current: bool,
}

impl Resume {
    pub(crate) fn new(positions: &[(String, Position)]) -> Self {
        let left = positions.iter().flat_map(|(path, position)| {
            let last = position.marks.len().saturating_sub(1);
            position.marks.iter().enumerate().map(move |(index, mark)| Left {
                path: PathBuf::from(path),
                mark: mark.clone(),
                current: index == last,
            })
        });
        Self { left: left.collect() }
    }

    /// The place to go on in a file, if it is one that was read: by its inode, or (restored from a copy) by content.
    pub(crate) fn claim(&mut self, path: &Path, fd: BorrowedFd<'_>, identity: Identity) -> Option<Mark> {
        let same_file = |left: &Left| {
            left.mark.inode == identity.inode && (left.mark.device == identity.device || left.path == path)
        };
        let by_inode = self.left.iter().position(|left| same_file(left) && goes_on(&left.mark, fd));
        let index = by_inode.or_else(|| {
            self.left.iter().position(|left| {
                left.path == path
                    && !left.mark.is_blank()
                    && left.mark.kinship(fd.as_fd()).is_ok_and(|kinship| kinship == Kinship::Same)
            })
        })?;
        let left = self.left.remove(index);
        go_on(&left.mark, fd, identity).ok()
    }
}

fn goes_on(mark: &Mark, fd: BorrowedFd<'_>) -> bool {
    mark.kinship(fd).is_ok_and(|kinship| kinship != Kinship::Other)
}

/// The mark as it is in this file.
pub(crate) fn go_on(mark: &Mark, fd: BorrowedFd<'_>, identity: Identity) -> io::Result<Mark> {
    match mark.kinship(fd)? {
        Kinship::Same => Ok(mark.in_file(identity)),
        Kinship::Holed => Mark::at(fd, identity, mark.offset, mark.skipping),
        Kinship::Cut { size } => at_end(fd, identity, size),
        Kinship::Other => Mark::start(fd, identity),
    }
}

/// The start of the last line, if it is not whole yet, else the end.
pub(crate) fn at_end(fd: BorrowedFd<'_>, identity: Identity, size: u64) -> io::Result<Mark> {
    let start = size.saturating_sub(MAX_LINE as u64);
    let mut last = vec![0; usize::try_from(size - start).unwrap_or(MAX_LINE)];
    let read = rustix::io::pread(fd, &mut last[..], start)?;
    match memchr::memrchr(b'\n', &last[..read]) {
        Some(newline) => Mark::at(fd, identity, start + newline as u64 + 1, false),
        None if start == 0 => Mark::start(fd, identity),
        // A line longer than what would be delivered of it.
        None => Mark::at(fd, identity, start + read as u64, true),
    }
}
