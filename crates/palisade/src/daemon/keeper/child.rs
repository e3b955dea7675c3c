//! The watcher as the keeper sees it: a process at the other end of a socket pair.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::daemon::protocol::{Frames, FromWatcher, ToWatcher, send};

/// A watcher that does not take its orders within this time is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running watcher. Dropped, it is ended.
pub(super) struct Watcher {
    process: Child,
    socket: UnixStream,
    frames: Frames,
}

impl Watcher {
    /// Starts one from this very binary, with its end of the socket pair as standard input.
    pub(super) fn spawn() -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        ours.set_write_timeout(Some(PATIENCE))?;
        let process = Command::new("/proc/self/exe")
            .arg("watcher")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()?;
        Ok(Self { process, socket: ours, frames: Frames::default() })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Readable when the watcher has said something, or has ended.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub(super) fn tell(&mut self, order: &ToWatcher) -> io::Result<()> {
        self.socket.set_nonblocking(false)?;
        let told = send(&self.socket, order);
        self.socket.set_nonblocking(true)?;
        told
    }

    /// Takes in what the watcher has said. `false`: it has ended.
    pub(super) fn listen(&mut self) -> io::Result<bool> {
        self.frames.fill(&self.socket)
    }

    /// Takes in what it says until it has ended, or is stuck.
    pub(super) fn hear_out(&mut self) {
        let waiting =
            self.socket.set_nonblocking(false).and_then(|()| self.socket.set_read_timeout(Some(PATIENCE)));
        // What cannot be heard is read again by the next watcher.
        while waiting.is_ok() && matches!(self.frames.fill(&self.socket), Ok(true)) {}
    }

    /// What it said next.
    pub(super) fn next(&mut self) -> io::Result<Option<FromWatcher>> {
        self.frames.next()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It has ended by itself in the good case; then there is nothing to kill, only to collect.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
