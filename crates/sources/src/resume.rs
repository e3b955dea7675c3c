//! Where reading stopped last time, and which of today's files that was in.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use crate::copies::LEAST;
use crate::lines::MAX_LINE;
use crate::position::{Identity, Kinship, Mark, Position};
use crate::siblings::{is_generation_of, open_log};

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

    /// The place to go on in a file, if it is one that was read: by its inode, or (restored from a copy, or a copy of a
    /// log that was emptied since) by content.
    pub(crate) fn claim(&mut self, path: &Path, fd: BorrowedFd<'_>, identity: Identity) -> Option<Mark> {
        // Looked at once: the file may be emptied at any moment.
        let kinship = |left: &Left| left.mark.kinship(fd).ok().filter(|kinship| *kinship != Kinship::Other);
        let whole = |left: &Left| kinship(left).filter(|kinship| *kinship == Kinship::Same);
        let by_inode = |left: &Left| {
            let same_device = left.mark.device == identity.device || left.path == path;
            (left.mark.inode == identity.inode && same_device).then(|| kinship(left)).flatten()
        };
        let restored =
            |left: &Left| (left.path == path && !left.mark.is_blank()).then(|| whole(left)).flatten();
        let copied = |left: &Left| {
            let rotated = left.mark.offset >= LEAST && is_generation_of(&left.path, path);
            rotated.then(|| whole(left)).flatten().filter(|_| !left.is_still_there())
        };
        let (index, kinship) =
            self.find(by_inode).or_else(|| self.find(restored)).or_else(|| self.find(copied))?;
        let left = self.left.remove(index);
        go_on_as(kinship, &left.mark, fd, identity).ok()
    }

    fn find(&self, kinship: impl Fn(&Left) -> Option<Kinship>) -> Option<(usize, Kinship)> {
        self.left.iter().enumerate().find_map(|(index, left)| Some((index, kinship(left)?)))
    }
}

impl Left {
    /// The path still has what was read there: a copy is only a copy.
    fn is_still_there(&self) -> bool {
        open_log(&self.path).is_ok_and(|(fd, _)| goes_on(&self.mark, fd.as_fd()))
    }
}

fn goes_on(mark: &Mark, fd: BorrowedFd<'_>) -> bool {
    mark.kinship(fd).is_ok_and(|kinship| kinship != Kinship::Other)
}

/// The mark as it is in this file.
pub(crate) fn go_on(mark: &Mark, fd: BorrowedFd<'_>, identity: Identity) -> io::Result<Mark> {
    go_on_as(mark.kinship(fd)?, mark, fd, identity)
}

fn go_on_as(kinship: Kinship, mark: &Mark, fd: BorrowedFd<'_>, identity: Identity) -> io::Result<Mark> {
    match kinship {
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
