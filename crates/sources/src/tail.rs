//! One open file and the place in it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use rustix::io::pread;

use crate::Progress;
use crate::lines::{MAX_LINE, cut};
use crate::position::{Identity, Mark, WINDOW};

/// Holds the longest line that is delivered beside the window before it.
pub(crate) const BUFFER: usize = 2 * MAX_LINE;
const _: () = assert!(BUFFER > MAX_LINE + WINDOW);

/// A file that is read on.
pub(crate) struct Tail {
    pub(crate) fd: OwnedFd,
    pub(crate) mark: Mark,
    /// `None`: no events come, it must be polled.
    pub(crate) watch: Option<i32>,
    /// There may be something to read.
    pub(crate) dirty: bool,
    /// When it last grew, or was rotated away.
    pub(crate) quiet_since: Instant,
    /// The last sweep in which a pattern matched it.
    pub(crate) matched: u64,
}

/// What one read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing more at the moment.
    End,
    /// Perhaps more.
    More,
    /// What was read before is no longer there.
    Replaced,
}

impl Tail {
    pub(crate) fn new(fd: OwnedFd, mark: Mark, watch: Option<i32>, now: Instant) -> Self {
        Self { fd, mark, watch, dirty: true, quiet_since: now, matched: 0 }
    }

    /// Nothing of it was read.
    pub(crate) fn is_untouched(&self) -> bool {
        self.mark.offset == 0 && !self.mark.skipping
    }

    pub(crate) fn identity(&self) -> Identity {
        self.mark.identity()
    }

    /// Takes a look at a file that was empty, to know it again.
    pub(crate) fn acquaint(&mut self) {
        if self.mark.is_blank()
            && let Ok(mark) = Mark::start(self.fd.as_fd(), self.identity())
        {
            self.mark = mark;
        }
    }

    /// Reads once. The bytes before the position are read again with what follows: one system call says both whether
    /// the file still is what it was and what is new in it.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        progress: &mut Progress,
        sink: &mut impl FnMut(&[u8]),
    ) -> io::Result<Step> {
        let overlap = self.mark.overlap();
        let read = pread(&self.fd, &mut *buffer, self.mark.offset - overlap as u64)?;
        if !self.mark.follows(&buffer[..read]) {
            return Ok(Step::Replaced);
        }
        let cut = cut(&buffer[overlap..read], self.mark.skipping, &mut |line, _| sink(line));
        if cut.consumed > 0 {
            self.mark.advance(buffer, cut.consumed, cut.skipping);
            self.quiet_since = Instant::now();
            progress.add(&cut);
        }
        Ok(if read < buffer.len() { Step::End } else { Step::More })
    }

    /// Delivers the whole lines of the last `bytes` before the position once more.
    pub(crate) fn reread(
        &self,
        bytes: u64,
        buffer: &mut [u8],
        sink: &mut impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let end = self.mark.offset;
        // One byte more: if it is a newline, the stretch begins with a whole line.
        let mut at = end.saturating_sub(bytes.saturating_add(1));
        let mut skipping = at > 0;
        while at < end {
            let want = buffer.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
            let read = pread(self.fd.as_fd(), &mut buffer[..want], at)?;
            let cut = cut(&buffer[..read], skipping, &mut |line, _| sink(line));
            if cut.consumed == 0 {
                return Ok(());
            }
            skipping = cut.skipping;
            at += cut.consumed as u64;
        }
        Ok(())
    }
}
