//! Sweeps: the paths compared with the files that are open.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::fstat;
use rustix::io::Errno;
use tracing::warn;

use crate::files::{Files, Start, name_of};
use crate::position::{Kinship, Mark, Stat};
use crate::resume::{Resume, at_end, go_on};
use crate::stream::Stream;
use crate::tail::Tail;
use crate::{siblings, walk};

/// Between sweeps that nothing asked for: they find what no event tells, as on network file systems.
const SWEEP: Duration = Duration::from_secs(3);
/// The same where inotify does not work for every file.
const POLL: Duration = Duration::from_millis(100);

/// What only the first sweep knows.
#[derive(Default)]
pub(crate) struct Before {
    pub(crate) resume: Resume,
    /// By pattern: where a file begins that has no position.
    pub(crate) start: Vec<Start>,
}

impl Files {
    pub(crate) fn sweep(&mut self, before: &mut Before, now: Instant) {
        self.sweeps += 1;
        self.sweep_asked = false;
        let (watches, sweeps) = (&mut self.watches, self.sweeps);
        let found = walk::expand(&self.patterns, &mut |path, name| watches.directory(path, name, sweeps));
        self.watches.end_sweep(self.sweeps);
        let mut present = BTreeSet::new();
        let mut matched = BTreeMap::<u32, Vec<usize>>::new();
        for (path, patterns) in found {
            if let Some(id) = self.look_at(&path, &patterns, before, now) {
                matched.entry(id).or_default().extend(patterns);
                if self.by_path.get(&path) == Some(&id) {
                    present.insert(id);
                }
            }
        }
        for (id, stream) in &mut self.streams {
            if !present.contains(id) {
                stream.rotated(now);
            }
            if let Some(mut patterns) = matched.remove(id) {
                patterns.sort_unstable();
                patterns.dedup();
                stream.patterns = patterns;
            }
        }
        self.retire(now);
        let polled = self.streams.values().flat_map(|stream| &stream.tails).any(|tail| tail.watch.is_none());
        self.sweep_at = now + if polled || self.watches.fd().is_none() { POLL } else { SWEEP };
    }

    /// Which stream reads what a path names now.
    fn look_at(&mut self, path: &Path, patterns: &[usize], before: &mut Before, now: Instant) -> Option<u32> {
        let stat = match rustix::fs::stat(path) {
            Ok(stat) => Stat::from(stat),
            Err(Errno::NOENT | Errno::NOTDIR) => {
                self.unreadable.remove(path);
                return None;
            }
            Err(error) => {
                self.complain(path, error);
                return None;
            }
        };
        if !stat.regular {
            self.complain(path, Errno::INVAL);
            return None;
        }
        match self.by_identity.get(&stat.identity) {
            Some(id) => Some(self.seen(*id, path, stat)),
            None => self.begin(path, patterns, before, now),
        }
    }

    /// A path names a file that is open already.
    fn seen(&mut self, id: u32, path: &Path, stat: Stat) -> u32 {
        let sweeps = self.sweeps;
        let Some(stream) = self.streams.get_mut(&id) else { return id };
        if stream.path == path {
            stream.bring_to_front(stat.identity);
        }
        let mut grown = false;
        if let Some(tail) = stream.tail_mut(stat.identity) {
            tail.matched = sweeps;
            tail.acquaint();
            grown = tail.mark.offset != stat.size;
            tail.dirty |= grown;
            if tail.watch.is_none() {
                tail.watch = self.watches.file(path, stat.identity);
                tail.dirty = true;
                grown = true;
            }
        }
        if grown {
            self.enqueue(id);
        }
        id
    }

    /// A path names a file that is not open yet.
    fn begin(&mut self, path: &Path, patterns: &[usize], before: &mut Before, now: Instant) -> Option<u32> {
        let (fd, stat) = match siblings::open_log(path) {
            Ok(opened) => opened,
            Err(error) => {
                self.complain(path, error);
                return None;
            }
        };
        self.unreadable.remove(path);
        if !stat.regular || self.by_identity.contains_key(&stat.identity) {
            // It was exchanged since `stat`.
            self.sweep_asked = true;
            return None;
        }
        let mark = match self.first_mark(path, patterns, &fd, stat, before) {
            Ok(mark) => mark,
            Err(error) => {
                warn!(path = %path.display(), %error, "cannot read");
                return None;
            }
        };
        let mut tail = self.follow(path, fd, mark, now);
        tail.matched = self.sweeps;
        let id = self.stream_for(path);
        self.by_identity.insert(stat.identity, id);
        let since = self.last_written(id);
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.rotated(now);
            stream.tails.push_back(tail);
            stream.present = true;
            stream.changed = true;
            stream.patterns = patterns.to_vec();
        }
        self.enqueue(id);
        if let Some((index, since)) = since {
            self.take_up_missed(id, index, path, since);
        }
        Some(id)
    }

    /// Where a new file goes among a path's, and when the last one before it was written to.
    fn last_written(&self, id: u32) -> Option<(usize, i128)> {
        let tails = &self.streams.get(&id)?.tails;
        let stat = Stat::from(fstat(&tails.back()?.fd).ok()?);
        Some((tails.len(), stat.written))
    }

    fn first_mark(
        &mut self,
        path: &Path,
        patterns: &[usize],
        fd: &OwnedFd,
        stat: Stat,
        before: &mut Before,
    ) -> io::Result<Mark> {
        if let Some(mark) = before.resume.claim(path, fd.as_fd(), stat.identity) {
            return Ok(mark);
        }
        let from_end = |pattern: &usize| before.start.get(*pattern) == Some(&Start::End);
        if patterns.iter().all(from_end) {
            return at_end(fd.as_fd(), stat.identity, stat.size);
        }
        let last = self.by_path.get(path).and_then(|id| self.streams.get(id)?.last_mark());
        match last {
            // Written anew by an editor or a restore: what was read before is not read again.
            Some(last) if !last.is_blank() && last.kinship(fd.as_fd())? == Kinship::Same => {
                go_on(last, fd.as_fd(), stat.identity)
            }
            _ => Mark::start(fd.as_fd(), stat.identity),
        }
    }

    pub(crate) fn stream_for(&mut self, path: &Path) -> u32 {
        *self.by_path.entry(path.to_path_buf()).or_insert_with_key(|path| {
            let id = self.next_stream;
            self.next_stream += 1;
            self.streams.insert(id, Stream::new(path.clone()));
            id
        })
    }

    /// Watches an opened file, if its path still names it.
    pub(crate) fn follow(&mut self, path: &Path, fd: OwnedFd, mark: Mark, now: Instant) -> Tail {
        let watch = self.watches.file(path, mark.identity());
        let still = rustix::fs::stat(path).is_ok_and(|stat| Stat::from(stat).identity == mark.identity());
        let watch = match watch {
            Some(wd) if !still => {
                self.watches.forget(wd);
                self.sweep_asked = true;
                None
            }
            watch => watch,
        };
        Tail::new(fd, mark, watch, now)
    }

    fn retire(&mut self, now: Instant) {
        let sweeps = self.sweeps;
        let mut empty = Vec::new();
        let mut polled = Vec::new();
        let mut gone = Vec::new();
        for (id, stream) in &mut self.streams {
            for tail in stream.retire(now, sweeps) {
                gone.push((stream.path.clone(), tail.mark.clone()));
                self.by_identity.remove(&tail.identity());
                tail.watch.into_iter().for_each(|wd| self.watches.forget(wd));
            }
            for tail in stream.tails.iter_mut().filter(|tail| tail.watch.is_none()) {
                tail.dirty = true;
                polled.push(*id);
            }
            if stream.tails.is_empty() {
                empty.push(*id);
            }
        }
        polled.into_iter().for_each(|id| self.enqueue(id));
        for (path, mark) in gone {
            self.go_on_in_copies(&path, &mark);
        }
        for id in empty {
            if let Some(stream) = self.streams.remove(&id) {
                self.by_path.remove(&stream.path);
                self.close(name_of(&stream.path));
            }
        }
    }

    fn complain(&mut self, path: &Path, error: Errno) {
        if self.unreadable.insert(path.to_path_buf(), error) != Some(error) {
            match error {
                Errno::INVAL => warn!(path = %path.display(), "not a file that can be read as a log"),
                error => warn!(path = %path.display(), %error, "cannot read the log; trying again"),
            }
        }
    }
}
