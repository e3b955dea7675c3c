//! All log files of a process: found by pattern, followed through every kind of rotation, read fairly.
//!
//! What is true is found by looking: a *sweep* compares the paths with the files that are open, and a read compares the
//! bytes before its position with what stood there. inotify only says when looking is worth it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tracing::{info, warn};

use crate::pattern::Pattern;
use crate::position::{Identity, Kinship, Mark, Position, Stat};
use crate::resume::{Resume, at_end, go_on};
use crate::stream::Stream;
use crate::tail::{BUFFER, Step, Tail};
use crate::watch::Watches;
use crate::{Progress, SourceError, siblings, walk};

/// Between sweeps that nothing asked for: they find what no event tells, as on network file systems.
const SWEEP: Duration = Duration::from_secs(3);
/// The same where inotify does not work for every file.
const POLL: Duration = Duration::from_millis(100);

/// One pattern to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSpec {
    /// A path, in which each component may hold `*`, `?` and `[...]`.
    pub pattern: String,
    /// Where a file begins that is there when the pattern is set up for the first time, which is when `resume` has no
    /// entry for the pattern. Files that come later are read from their beginning.
    pub start: Start,
}

/// Where to begin in a file that was there before us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// All of it.
    Beginning,
    /// Only what is added from now on.
    #[default]
    End,
}

/// All file sources. Each file is read once, however many patterns match it.
pub struct Files {
    patterns: Vec<Pattern>,
    /// The patterns as written: positions are kept under these too, to know what was set up before.
    names: Vec<String>,
    watches: Watches,
    streams: BTreeMap<u32, Stream>,
    next_stream: u32,
    by_path: HashMap<PathBuf, u32>,
    by_identity: HashMap<Identity, u32>,
    queue: VecDeque<u32>,
    buffer: Vec<u8>,
    /// Reported already, retried silently.
    unreadable: HashMap<PathBuf, Errno>,
    /// Positions to report that belong to no stream.
    closed: BTreeMap<String, Option<Position>>,
    sweeps: u64,
    sweep_at: Instant,
    sweep_asked: bool,
}

/// What only the first sweep knows.
#[derive(Default)]
struct Before {
    resume: Resume,
    /// By pattern: where a file begins that has no position.
    start: Vec<Start>,
}

impl Files {
    /// Finds the files and where to go on in each. Nothing is read yet. `resume` is what [`positions`](Self::positions)
    /// gave, the last for each name.
    pub fn open(specs: &[FileSpec], resume: &[(String, Position)]) -> Result<Self, SourceError> {
        let no_file = |spec: &FileSpec| SourceError::NoFile { pattern: spec.pattern.clone() };
        let patterns = specs.iter().map(|spec| Pattern::new(&spec.pattern).ok_or_else(|| no_file(spec)));
        let mut files = Self {
            patterns: patterns.collect::<Result<_, _>>()?,
            names: specs.iter().map(|spec| spec.pattern.clone()).collect(),
            watches: Watches::new(),
            streams: BTreeMap::new(),
            next_stream: 0,
            by_path: HashMap::new(),
            by_identity: HashMap::new(),
            queue: VecDeque::new(),
            buffer: vec![0; BUFFER],
            unreadable: HashMap::new(),
            closed: BTreeMap::new(),
            sweeps: 0,
            sweep_at: Instant::now(),
            sweep_asked: false,
        };
        let known: BTreeSet<&str> = resume.iter().map(|(name, _)| name.as_str()).collect();
        let start = specs.iter().map(|spec| match known.contains(spec.pattern.as_str()) {
            true => Start::Beginning,
            false => spec.start,
        });
        let mut before = Before { resume: Resume::new(resume), start: start.collect() };
        files.sweep(&mut before, Instant::now());
        files.take_up_rotated(before.resume);
        for name in files.names.iter().filter(|name| !known.contains(name.as_str())) {
            files.closed.entry(name.clone()).or_insert(Some(Position::default()));
        }
        Ok(files)
    }

    /// Readable when there is something to look at. `None` where inotify does not work; then
    /// [`next_timeout`](Self::next_timeout) alone drives reading.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.watches.fd()
    }

    /// How long to wait for the descriptor at most before calling [`read`](Self::read) all the same.
    pub fn next_timeout(&self) -> Duration {
        match self.queue.is_empty() && !self.sweep_asked {
            true => self.sweep_at.saturating_duration_since(Instant::now()),
            false => Duration::ZERO,
        }
    }

    /// Reads what is there, about `budget` bytes at most, a chunk of each file in turn. `sink` gets each whole line
    /// without its newline, with the indices of the specs that match its file.
    pub fn read(&mut self, budget: usize, sink: &mut impl FnMut(&[usize], &[u8])) -> Progress {
        self.look();
        let mut progress = Progress::default();
        while progress.bytes < budget as u64
            && let Some(id) = self.queue.pop_front()
        {
            self.read_stream(id, &mut progress, sink);
        }
        progress.more = !self.queue.is_empty();
        progress
    }

    /// What changed since it was last asked for. `None`: the path is gone and all that was in it has been read; its
    /// entry may be forgotten.
    pub fn positions(&mut self) -> Vec<(String, Option<Position>)> {
        let mut changed: Vec<_> = std::mem::take(&mut self.closed).into_iter().collect();
        for stream in self.streams.values_mut().filter(|stream| stream.changed) {
            stream.changed = false;
            changed.push((name_of(&stream.path), Some(stream.position())));
        }
        changed
    }

    /// Delivers the lines of up to `bytes` before each file's position once more, to get the state back that they left.
    /// Call it before the first [`read`](Self::read).
    pub fn reread(&mut self, bytes: u64, sink: &mut impl FnMut(&[usize], &[u8])) {
        for stream in self.streams.values() {
            for tail in &stream.tails {
                let mut line = |line: &[u8]| sink(&stream.patterns, line);
                if let Err(error) = tail.reread(bytes, &mut self.buffer, &mut line) {
                    warn!(path = %stream.path.display(), %error, "cannot read before the position");
                }
            }
        }
    }

    /// The paths that are read now, with the indices of the specs that match each.
    pub fn watched(&self) -> impl Iterator<Item = (&Path, &[usize])> {
        let present = self.streams.values().filter(|stream| stream.present);
        present.map(|stream| (stream.path.as_path(), stream.patterns.as_slice()))
    }

    fn look(&mut self) {
        let hints = self.watches.hints();
        for identity in hints.written {
            self.soil(identity);
        }
        if hints.all {
            self.soil_all();
        }
        let now = Instant::now();
        if hints.sweep || hints.all || self.sweep_asked || now >= self.sweep_at {
            self.sweep(&mut Before::default(), now);
        }
    }

    fn soil(&mut self, identity: Identity) {
        if let Some(id) = self.by_identity.get(&identity)
            && let Some(stream) = self.streams.get_mut(id)
            && let Some(tail) = stream.tail_mut(identity)
        {
            tail.dirty = true;
            self.enqueue(*id);
        }
    }

    fn soil_all(&mut self) {
        let identities: Vec<Identity> = self.by_identity.keys().copied().collect();
        identities.into_iter().for_each(|identity| self.soil(identity));
    }

    fn enqueue(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id)
            && !std::mem::replace(&mut stream.queued, true)
        {
            self.queue.push_back(id);
        }
    }

    // Reading.

    /// One chunk of the oldest file of a path that has anything; the next file only when that one is at its end.
    fn read_stream(&mut self, id: u32, progress: &mut Progress, sink: &mut impl FnMut(&[usize], &[u8])) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.queued = false;
        let Stream { tails, patterns, path, .. } = stream;
        let before = progress.bytes;
        let mut replaced = None;
        for (index, tail) in tails.iter_mut().enumerate().filter(|(_, tail)| tail.dirty) {
            match tail.read(&mut self.buffer, progress, &mut |line| sink(patterns, line)) {
                Ok(Step::End) => tail.dirty = false,
                Ok(Step::More) => break,
                Ok(Step::Replaced) => {
                    replaced = Some(index);
                    break;
                }
                Err(error) => {
                    tail.dirty = false;
                    warn!(path = %path.display(), %error, "cannot read");
                }
            }
        }
        stream.changed |= progress.bytes > before;
        if let Some(index) = replaced {
            self.replaced(id, index);
        }
        if self.streams.get(&id).is_some_and(Stream::dirty) {
            self.enqueue(id);
        }
    }

    /// A file was emptied, and perhaps filled anew: what had not been read may be in a copy.
    fn replaced(&mut self, id: u32, index: usize) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Some(tail) = stream.tails.get_mut(index) else { return };
        let lost = tail.mark.clone();
        match lost.kinship(tail.fd.as_fd()) {
            Ok(Kinship::Same) => return,
            Ok(Kinship::Holed)
                if go_on(&lost, tail.fd.as_fd(), tail.identity()).is_ok_and(|mark| {
                    tail.mark = mark;
                    true
                }) =>
            {
                return;
            }
            _ => tail.restart(),
        }
        stream.changed = true;
        let path = stream.path.clone();
        info!(path = %path.display(), read = lost.offset, "log was emptied");
        self.take_up_copy(id, index, &path, &lost);
    }

    fn take_up_copy(&mut self, id: u32, index: usize, path: &Path, lost: &Mark) {
        let by_identity = &self.by_identity;
        let Some(copy) = siblings::find(path, lost, &|identity| by_identity.contains_key(&identity)) else {
            return;
        };
        let Ok(mark) = go_on(lost, copy.fd.as_fd(), copy.identity) else { return };
        let tail = self.follow(&copy.path, copy.fd, mark);
        self.by_identity.insert(copy.identity, id);
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.tails.insert(index, tail);
        }
        self.enqueue(id);
    }

    // Sweeping.

    fn sweep(&mut self, before: &mut Before, now: Instant) {
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
        let mut tail = self.follow(path, fd, mark);
        tail.matched = self.sweeps;
        let id = self.stream_for(path);
        self.by_identity.insert(stat.identity, id);
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.rotated(now);
            stream.tails.push_back(tail);
            stream.present = true;
            stream.changed = true;
            stream.patterns = patterns.to_vec();
        }
        self.enqueue(id);
        Some(id)
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
            Some(last) if last.offset > 0 && last.kinship(fd.as_fd())? == Kinship::Same => {
                go_on(last, fd.as_fd(), stat.identity)
            }
            _ => Ok(Mark::start(stat.identity)),
        }
    }

    fn stream_for(&mut self, path: &Path) -> u32 {
        *self.by_path.entry(path.to_path_buf()).or_insert_with_key(|path| {
            let id = self.next_stream;
            self.next_stream += 1;
            self.streams.insert(id, Stream::new(path.clone()));
            id
        })
    }

    /// Watches an opened file, if its path still names it.
    fn follow(&mut self, path: &Path, fd: OwnedFd, mark: Mark) -> Tail {
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
        Tail::new(fd, mark, watch, Instant::now())
    }

    fn retire(&mut self, now: Instant) {
        let sweeps = self.sweeps;
        let mut empty = Vec::new();
        let mut polled = Vec::new();
        for (id, stream) in &mut self.streams {
            for tail in stream.retire(now, sweeps) {
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
        for id in empty {
            if let Some(stream) = self.streams.remove(&id) {
                self.by_path.remove(&stream.path);
                let name = name_of(&stream.path);
                let known = self.names.contains(&name).then(Position::default);
                self.closed.insert(name, known);
            }
        }
    }

    /// Files that were rotated away while nobody read: what they still hold comes first.
    fn take_up_rotated(&mut self, resume: Resume) {
        // Backwards, since each goes before the ones that are there.
        for left in resume.left.into_iter().rev() {
            let by_identity = &self.by_identity;
            let taken = |identity: Identity| by_identity.contains_key(&identity);
            let Some(found) = siblings::find(&left.path, &left.mark, &taken) else {
                if left.current && left.mark.offset > 0 {
                    warn!(path = %left.path.display(), "rotated away and not found again: lines written to it since it was last read are missed");
                }
                continue;
            };
            let Ok(mark) = go_on(&left.mark, found.fd.as_fd(), found.identity) else { continue };
            let tail = self.follow(&found.path, found.fd, mark);
            let id = self.stream_for(&left.path);
            self.by_identity.insert(found.identity, id);
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.tails.push_front(tail);
                stream.changed = true;
            }
            self.enqueue(id);
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

fn name_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
