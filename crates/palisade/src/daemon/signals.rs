//! Signals as something that poll can wait for.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// SIGTERM and SIGINT: end. SIGHUP: read the configuration again.
pub(super) struct Signals {
    end: UnixStream,
    reload: UnixStream,
}

impl Signals {
    pub(super) fn catch() -> io::Result<Self> {
        let (end, end_writer) = UnixStream::pair()?;
        let (reload, reload_writer) = UnixStream::pair()?;
        pipe::register(SIGTERM, end_writer.try_clone()?)?;
        pipe::register(SIGINT, end_writer)?;
        pipe::register(SIGHUP, reload_writer)?;
        end.set_nonblocking(true)?;
        reload.set_nonblocking(true)?;
        Ok(Self { end, reload })
    }

    /// Readable when it is time to end.
    pub(super) fn end(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }

    /// Readable when a reload was asked for.
    pub(super) fn reload(&self) -> BorrowedFd<'_> {
        self.reload.as_fd()
    }

    /// Several requests at once are one reload.
    pub(super) fn clear_reload(&mut self) {
        let mut rings = [0; 64];
        while matches!(self.reload.read(&mut rings), Ok(count) if count > 0) {}
    }
}
