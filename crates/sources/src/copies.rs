//! Copies of a log that a pattern matches too, as `app.log.1` of `copytruncate` and `app.log*`: what was read of the log
//! is not read again in its copy.
//!
//! As long as a log has all that is in a copy, only the log is read. When the log is emptied, its copy is read on from
//! where that was left.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::fstat;
use tracing::{info, warn};

use crate::files::Files;
use crate::position::{Kinship, Mark, Stat};
use crate::resume::go_on;
use crate::siblings::is_generation_of;
use crate::stream::Stream;
use crate::tail::Tail;

/// Less than this, in bytes, is too little to know a copy by: not even a line with a date.
pub(crate) const LEAST: u64 = 32;

/// What a file of which nothing was read has to do with a log that is read.
enum Copied {
    /// The log has all of it.
    Idle,
    /// The log had it, and was read as far as this.
    Left(Mark),
}

impl Files {
    /// Called before a path's files are read, for those of which nothing was read yet.
    pub(crate) fn pass_over_copied(&mut self, id: u32) {
        let Some(stream) = self.streams.get(&id) else { return };
        let fresh = stream.tails.iter().enumerate().filter(|(_, tail)| tail.dirty && tail.is_untouched());
        let copied = fresh.filter_map(|(index, tail)| Some((index, self.copied(&stream.path, tail)?)));
        let copied: Vec<(usize, Copied)> = copied.collect();
        let Some(stream) = self.streams.get_mut(&id) else { return };
        for (index, copied) in copied {
            match copied {
                Copied::Idle => stream.tails[index].dirty = false,
                Copied::Left(mark) => set(stream, index, &mark),
            }
        }
    }

    fn copied(&self, path: &Path, copy: &Tail) -> Option<Copied> {
        let logs = || self.streams.values().filter(|log| is_generation_of(&log.path, path));
        let size = Stat::from(fstat(&copy.fd).ok()?).size;
        if size == 0 {
            // What comes next may be a copy.
            return logs().next().map(|_| Copied::Idle);
        }
        let end = Mark::at(copy.fd.as_fd(), copy.identity(), size, false).ok()?;
        let is_in = |log: &Tail| size >= LEAST && is(end.kinship(log.fd.as_fd()), false);
        if logs().flat_map(|log| &log.tails).any(is_in) {
            return Some(Copied::Idle);
        }
        let marks = logs().flat_map(|log| &log.tails).map(|log| &log.mark);
        let left = marks.filter(|mark| mark.offset >= LEAST && is(mark.kinship(copy.fd.as_fd()), true));
        left.max_by_key(|mark| mark.offset).cloned().map(Copied::Left)
    }

    /// A log that was read as far as `left` is gone or emptied: its copies are read on from there. True: there is one
    /// that has all that was read.
    pub(crate) fn go_on_in_copies(&mut self, log: &Path, left: &Mark) -> bool {
        let mut whole = false;
        let mut copies = Vec::new();
        for (id, stream) in self.streams.iter_mut().filter(|(_, copy)| is_generation_of(log, &copy.path)) {
            for index in 0..stream.tails.len() {
                let copy = &stream.tails[index];
                let kinship = || left.kinship(copy.fd.as_fd());
                if left.offset >= LEAST && copy.is_untouched() && is(kinship(), true) {
                    whole |= is(kinship(), false);
                    set(stream, index, left);
                    copies.push(*id);
                }
            }
        }
        copies.into_iter().for_each(|id| self.enqueue(id));
        whole
    }
}

/// The file has all that stands before the mark; or (`or_less`) a part of that and nothing else.
fn is(kinship: std::io::Result<Kinship>, or_less: bool) -> bool {
    match kinship {
        Ok(Kinship::Same) => true,
        Ok(Kinship::Cut { .. }) => or_less,
        _ => false,
    }
}

fn set(stream: &mut Stream, index: usize, mark: &Mark) {
    let tail = &mut stream.tails[index];
    match go_on(mark, tail.fd.as_fd(), tail.identity()) {
        Ok(mark) => {
            info!(path = %stream.path.display(), read = mark.offset, "a copy of a log that was read");
            tail.mark = mark;
            tail.dirty = true;
            stream.changed = true;
        }
        Err(error) => warn!(path = %stream.path.display(), %error, "cannot read"),
    }
}
