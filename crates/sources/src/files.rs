//! All log files of a process: found by pattern, followed through every kind of rotation, read fairly.
//!
//! What is true is found by looking: a *sweep* compares the paths with the files that are open, and a read compares the
//! bytes before its position with what stood there. inotify only says when looking is worth it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tracing::warn;

use crate::pattern::Pattern;
use crate::position::{Identity, Mark, Position};
use crate::resume::Resume;
use crate::stream::Stream;
use crate::sweep::Before;
use crate::tail::{BUFFER, Step};
use crate::watch::Watches;
use crate::{Progress, SourceError};

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
    pub(crate) patterns: Vec<Pattern>,
    /// The patterns as written: positions are kept under these too, to know what was set up before.
    pub(crate) names: Vec<String>,
    pub(crate) watches: Watches,
    pub(crate) streams: BTreeMap<u32, Stream>,
    pub(crate) next_stream: u32,
    pub(crate) by_path: HashMap<PathBuf, u32>,
    pub(crate) by_identity: HashMap<Identity, u32>,
    pub(crate) queue: VecDeque<u32>,
    pub(crate) buffer: Vec<u8>,
    /// Reported already, retried silently.
    pub(crate) unreadable: HashMap<PathBuf, Errno>,
    /// Positions to report that belong to no stream.
    pub(crate) closed: BTreeMap<String, Option<Position>>,
    pub(crate) sweeps: u64,
    pub(crate) sweep_at: Instant,
    pub(crate) sweep_asked: bool,
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
        files.supersede(resume);
        for name in files.names.iter().filter(|name| !known.contains(name.as_str())) {
            files.closed.entry(name.clone()).or_insert(Some(Position::default()));
        }
        Ok(files)
    }

    /// Positions under a path that has no file now must not outlive the ones under the path where the file is.
    fn supersede(&mut self, resume: &[(String, Position)]) {
        for (name, position) in resume {
            let found = |mark: &Mark| self.by_identity.keys().any(|identity| identity.inode == mark.inode);
            if !self.by_path.contains_key(Path::new(name)) && position.marks.iter().any(found) {
                self.close(name.clone());
            }
        }
    }

    /// Nothing of a path is left to read.
    pub(crate) fn close(&mut self, name: String) {
        let known = self.names.contains(&name).then(Position::default);
        self.closed.insert(name, known);
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
    /// with its newline, and with the indices of the specs that match its file.
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

    /// What changed since it was last asked for; a later entry for the same name counts. `None`: the path is gone and all that was in it has been read; its
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

    pub(crate) fn enqueue(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id)
            && !std::mem::replace(&mut stream.queued, true)
        {
            self.queue.push_back(id);
        }
    }

    /// One chunk of the oldest file of a path that has anything; the next file only when that one is at its end.
    fn read_stream(&mut self, id: u32, progress: &mut Progress, sink: &mut impl FnMut(&[usize], &[u8])) {
        self.pass_over_copied(id);
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
}

pub(crate) fn name_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
