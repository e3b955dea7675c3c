//! What log files and journals have in common.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use detect::Time;
use detect::filter::Line;

use super::filters::Filters;
use super::report::Report;
use crate::daemon::protocol::WatchedJail;

/// One kind of place where lines come from.
pub(super) trait Source: Sized {
    /// What must be readable for these jails.
    fn folders(jails: &[WatchedJail]) -> Vec<PathBuf>;

    /// Opens what these jails read where it was left, and gets the filters' sessions back.
    fn open(
        jails: &[WatchedJail],
        positions: &[(String, Vec<u8>)],
        filters: &mut Filters,
        now: Time,
    ) -> io::Result<Self>;

    /// Reads about so many bytes of each. True: there is more at once.
    fn read(&mut self, bytes: usize, into: &mut Reading<'_>) -> bool;

    /// How long to wait at most before reading again.
    fn patience(&self) -> Duration;
}

/// Where lines go that are read for the first time.
pub(super) struct Reading<'a> {
    pub(super) filters: &'a mut Filters,
    pub(super) report: &'a mut Report,
    pub(super) now: Time,
}

impl Reading<'_> {
    pub(super) fn line(&mut self, jails: &[usize], line: Line<'_>) {
        self.filters.read(jails, line, self.now, self.report);
    }
}
