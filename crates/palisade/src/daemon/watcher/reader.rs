//! All sources and all filters of one watcher.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use super::files::LogFiles;
use super::filters::Filters;
use super::journals::Journals;
use super::report::Report;
use super::source::{Reading, Source};
use crate::daemon::protocol::{FilterCounters, Progress, WatchedJail};
use crate::engine::clock::now;

/// So much is read before the keeper is told, in bytes: enough to be fast, little enough not to keep a ban waiting.
const PIECE: usize = 256 << 10;

/// Filters that are compiled, and do not read yet.
pub(super) struct Compiled {
    jails: Vec<WatchedJail>,
    filters: Filters,
}

/// Everything that one watcher reads.
pub(super) struct Reader {
    filters: Filters,
    files: LogFiles,
    journals: Journals,
    report: Report,
    /// By jail: what was read again at the start, which somebody else has counted.
    again: Vec<FilterCounters>,
}

impl Compiled {
    pub(super) fn new(jails: Vec<WatchedJail>) -> io::Result<Self> {
        Ok(Self { filters: Filters::compile(&jails)?, jails })
    }

    /// What must be readable.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        [LogFiles::folders(&self.jails), Journals::folders(&self.jails)].concat()
    }

    /// Opens the sources where they were left, and gets the filters' sessions back.
    pub(super) fn open(self, positions: &[(String, Vec<u8>)]) -> io::Result<Reader> {
        let Self { jails, mut filters } = self;
        let now = now();
        let files = LogFiles::open(&jails, positions, &mut filters, now)?;
        let journals = Journals::open(&jails, positions, &mut filters, now)?;
        let report = Report::new(&jails);
        let again = filters.counters();
        Ok(Reader { filters, files, journals, report, again })
    }
}

impl Reader {
    /// Reads a piece. True: there is more at once.
    pub(super) fn read(&mut self) -> bool {
        let Self { filters, files, journals, report, .. } = self;
        let mut into = Reading { filters, report, now: now() };
        let more = files.read(PIECE, &mut into);
        journals.read(PIECE, &mut into) || more
    }

    /// What has been read since the last time, if anything.
    pub(super) fn progress(&mut self) -> Option<Progress> {
        if self.report.progress.positions.is_empty() && self.report.progress.failures.is_empty() {
            return None;
        }
        let mut progress = std::mem::take(&mut self.report.progress);
        progress.counters = self.filters.counters();
        progress.counters.iter_mut().zip(&self.again).for_each(|(total, again)| *total -= *again);
        progress.counters.iter_mut().zip(&self.report.named).for_each(|(total, named)| total.named = *named);
        Some(progress)
    }

    /// What becomes readable when there is something to read.
    pub(super) fn fds(&mut self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.files.fd().into_iter().chain(self.journals.fds())
    }

    /// How long to wait at most.
    pub(super) fn patience(&self) -> Duration {
        self.files.patience().min(self.journals.patience())
    }
}
