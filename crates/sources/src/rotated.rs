//! What is still to be read of files that are no longer where they were.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tracing::{info, warn};

use crate::files::Files;
use crate::position::{Identity, Kinship, Mark};
use crate::resume::{Left, Resume, go_on};
use crate::siblings::{self, Sibling};

impl Files {
    /// A file was emptied, and perhaps filled anew: what had not been read may be in a copy.
    pub(crate) fn replaced(&mut self, id: u32, index: usize) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Some(tail) = stream.tails.get_mut(index) else { return };
        let lost = tail.mark.clone();
        let renewed = match lost.kinship(tail.fd.as_fd()) {
            Ok(Kinship::Same) => return,
            Ok(Kinship::Holed) => go_on(&lost, tail.fd.as_fd(), tail.identity()),
            _ => Mark::start(tail.fd.as_fd(), tail.identity()),
        };
        let path = stream.path.clone();
        stream.changed = true;
        match renewed {
            Ok(mark) => tail.mark = mark,
            Err(error) => {
                tail.dirty = false;
                return warn!(path = %path.display(), %error, "cannot read");
            }
        }
        info!(path = %path.display(), read = lost.offset, "log was emptied");
        if self.go_on_in_copies(&path, &lost) {
            return;
        }
        let copy = siblings::find(&path, &lost, &self.taken());
        if let Some(copy) = copy {
            let since = copy.written;
            self.insert(id, index, copy, Some(&lost));
            self.take_up_missed(id, index + 1, &path, since);
        }
    }

    /// The generations that came and went between two looks.
    pub(crate) fn take_up_missed(&mut self, id: u32, index: usize, path: &Path, since: i128) {
        let missed = siblings::missed(path, since, &self.taken());
        for (place, sibling) in missed.into_iter().enumerate() {
            info!(path = %sibling.path.display(), "log rotated more than once since it was looked at");
            self.insert(id, index + place, sibling, None);
        }
    }

    /// Files that were rotated away while nobody read: what they still hold comes first.
    pub(crate) fn take_up_rotated(&mut self, resume: Resume) {
        // All that is known, before anything is taken for unknown.
        let mut gaps = Vec::new();
        // Backwards, since each goes before the ones that are there.
        for left in resume.left.into_iter().rev() {
            if self.go_on_in_copies(&left.path, &left.mark) {
                continue;
            }
            let found = siblings::find(&left.path, &left.mark, &self.taken());
            match found {
                Some(found) => gaps.extend(self.put_first(left, found)),
                None if left.current && left.mark.offset > 0 => warn!(
                    path = %left.path.display(),
                    "rotated away and not found again: lines written to it since it was last read are missed"
                ),
                None => {}
            }
        }
        for (id, last, path, since) in gaps {
            let tails = self.streams.get(&id).map(|stream| &stream.tails);
            let after = tails.and_then(|tails| tails.iter().position(|tail| tail.identity() == last));
            self.take_up_missed(id, after.map_or(0, |index| index + 1), &path, since);
        }
    }

    /// Says after which file there may be others that nobody saw: it was what the path named.
    fn put_first(&mut self, left: Left, found: Sibling) -> Option<(u32, Identity, PathBuf, i128)> {
        let id = self.stream_for(&left.path);
        let gap = (id, found.identity, left.path, found.written);
        self.insert(id, 0, found, Some(&left.mark));
        left.current.then_some(gap)
    }

    /// Reads a file from a mark, or from its start, as one of a path's.
    fn insert(&mut self, id: u32, index: usize, sibling: Sibling, mark: Option<&Mark>) {
        let Sibling { path, fd, identity, .. } = sibling;
        let mark = match mark {
            Some(mark) => go_on(mark, fd.as_fd(), identity),
            None => Mark::start(fd.as_fd(), identity),
        };
        let mark = match mark {
            Ok(mark) => mark,
            Err(error) => return warn!(path = %path.display(), %error, "cannot read"),
        };
        let tail = self.follow(&path, fd, mark, Instant::now());
        self.by_identity.insert(identity, id);
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.tails.insert(index.min(stream.tails.len()), tail);
            stream.changed = true;
        }
        self.enqueue(id);
    }

    fn taken(&self) -> impl Fn(Identity) -> bool {
        |identity| self.by_identity.contains_key(&identity)
    }
}
