//! What is read under one path: the file there, and the rotated ones that may still grow.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::position::{Identity, Mark, Position, Stat};
use crate::tail::Tail;

/// A rotated file is given up when it has been quiet for so long.
const QUIET: Duration = Duration::from_secs(600);
/// The same for one that was deleted, whose space the disk gets back only then.
const QUIET_DELETED: Duration = Duration::from_secs(60);
/// The same for the oldest ones when a path has more than [`MAX_ROTATED`].
const QUIET_MANY: Duration = Duration::from_secs(5);
const MAX_ROTATED: usize = 4;

/// One path's files, read in this order.
pub(crate) struct Stream {
    pub(crate) path: PathBuf,
    /// Which patterns get its lines.
    pub(crate) patterns: Vec<usize>,
    /// Oldest first.
    pub(crate) tails: VecDeque<Tail>,
    /// The last of `tails` is what the path names.
    pub(crate) present: bool,
    /// Waits to be read.
    pub(crate) queued: bool,
    /// The position moved since it was last asked for.
    pub(crate) changed: bool,
}

impl Stream {
    pub(crate) fn new(path: PathBuf) -> Self {
        let (patterns, tails) = (Vec::new(), VecDeque::new());
        Self { path, patterns, tails, present: false, queued: false, changed: true }
    }

    pub(crate) fn position(&self) -> Position {
        Position::new(self.tails.iter().map(|tail| tail.mark.clone()).collect())
    }

    pub(crate) fn tail_mut(&mut self, identity: Identity) -> Option<&mut Tail> {
        self.tails.iter_mut().find(|tail| tail.identity() == identity)
    }

    pub(crate) fn dirty(&self) -> bool {
        self.tails.iter().any(|tail| tail.dirty)
    }

    /// The path names this file of ours (perhaps again: a rotation was undone).
    pub(crate) fn bring_to_front(&mut self, identity: Identity) {
        self.present = true;
        let last = self.tails.len().saturating_sub(1);
        if let Some(index) = self.tails.iter().position(|tail| tail.identity() == identity)
            && index != last
            && let Some(tail) = self.tails.remove(index)
        {
            self.tails.push_back(tail);
            self.changed = true;
        }
    }

    /// The path no longer names the file that was read there; it is read to its end all the same.
    pub(crate) fn rotated(&mut self, now: Instant) {
        if std::mem::take(&mut self.present)
            && let Some(tail) = self.tails.back_mut()
        {
            tail.dirty = true;
            tail.quiet_since = now;
        }
    }

    /// Takes out the rotated files that are done with.
    pub(crate) fn retire(&mut self, now: Instant, sweep: u64) -> Vec<Tail> {
        let rotated = self.tails.len() - usize::from(self.present && !self.tails.is_empty());
        let mut excess = rotated.saturating_sub(MAX_ROTATED);
        let mut retired = Vec::new();
        let mut index = 0;
        for _ in 0..rotated {
            let tail = &self.tails[index];
            let patience = if excess > 0 { QUIET_MANY } else { patience(tail) };
            // What a pattern matches would be found again, and read from its beginning.
            let done =
                !tail.dirty && tail.matched != sweep && now.duration_since(tail.quiet_since) > patience;
            if done {
                retired.extend(self.tails.remove(index));
                excess = excess.saturating_sub(1);
            } else {
                index += 1;
            }
        }
        self.changed |= !retired.is_empty();
        retired
    }

    /// Whether a mark's file goes on at this path.
    pub(crate) fn last_mark(&self) -> Option<&Mark> {
        self.tails.back().map(|tail| &tail.mark)
    }
}

fn patience(tail: &Tail) -> Duration {
    match rustix::fs::fstat(&tail.fd).is_ok_and(|stat| Stat::from(stat).linked) {
        true => QUIET,
        false => QUIET_DELETED,
    }
}
