//! The watcher: reads what attackers write, and reports failures.
//!
//! It holds nothing that reading again would not give back, so it may end at any moment.

mod files;
mod filters;
mod journals;
mod reader;
mod report;
mod source;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sys::memory::Code;
use sys::privilege::{User, become_watcher};
use sys::sandbox::{restrict_calls, restrict_files};

use self::reader::{Compiled, Reader};
use crate::daemon::protocol::{Frames, FromWatcher, ToWatcher, send};

/// What libraries read late: modules that libsystemd loads to decompress, and time zones.
const LIBRARIES: [&str; 4] = ["/usr/lib", "/lib", "/lib64", "/usr/share/zoneinfo"];

/// Takes the keeper's orders from standard input until it says to finish, or is gone.
pub(crate) fn serve() -> io::Result<()> {
    let keeper = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    match watch(&keeper) {
        // A keeper that has gone needs no explanation.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => send(&keeper, &FromWatcher::Failed(error.to_string())),
        Ok(()) => Ok(()),
    }
}

fn watch(keeper: &UnixStream) -> io::Result<()> {
    let mut frames = Frames::default();
    let Some(ToWatcher::Prepare(jails)) = order(keeper, &mut frames)? else { return Ok(()) };
    let compiled = Compiled::new(jails)?;
    let code = Code::find()?;
    give_up_privileges(compiled.folders())?;
    send(keeper, &FromWatcher::Ready)?;
    let Some(ToWatcher::Begin(positions)) = order(keeper, &mut frames)? else { return Ok(()) };
    let mut reader = compiled.open(&positions)?;
    send(keeper, &FromWatcher::Watching)?;
    let mut started = false;
    loop {
        let more = reader.read();
        if let Some(progress) = reader.progress() {
            send(keeper, &FromWatcher::Progress(progress))?;
        }
        if !more && !started {
            started = true;
            code.release();
        }
        if wait(keeper, &mut reader, more)? {
            // An order, which can only be to finish, or the keeper's end.
            return Ok(());
        }
    }
}

/// Waits for the keeper's next order. `None`: it has gone.
fn order(keeper: &UnixStream, frames: &mut Frames) -> io::Result<Option<ToWatcher>> {
    loop {
        if let Some(order) = frames.next()? {
            return Ok(Some(order));
        }
        if !frames.fill(keeper)? {
            return Ok(None);
        }
    }
}

/// From here on it can read these folders, and nothing else.
fn give_up_privileges(folders: Vec<PathBuf>) -> io::Result<()> {
    let paths: Vec<PathBuf> = folders.into_iter().chain(LIBRARIES.map(PathBuf::from)).collect();
    let user = User::for_watcher().map_err(io::Error::other)?;
    let keeper = rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs());
    become_watcher(&user, keeper).map_err(io::Error::other)?;
    restrict_files(&paths).map_err(io::Error::other)?;
    restrict_calls().map_err(io::Error::other)
}

/// Sleeps until there is something to read. True: the keeper wants something.
fn wait(keeper: &UnixStream, reader: &mut Reader, more: bool) -> io::Result<bool> {
    let timeout = if more { Duration::ZERO } else { reader.patience() };
    let timeout = Timespec::try_from(timeout).map_err(io::Error::other)?;
    let fds = [keeper.as_fd()].into_iter().chain(reader.fds());
    let mut polled: Vec<PollFd<'_>> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    match poll(&mut polled, Some(&timeout)) {
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(!polled[0].revents().is_empty()),
    }
}
