//! The process that fetches, as it is seen by whoever wants to know.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use lists::{ANSWER_LIMIT, Source};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{ANSWERED, FAILED};
use crate::output::{cut, plain};

/// It gives up by itself before; this is for one that does not.
const PATIENCE: Duration = Duration::from_secs(15);
/// Characters of why it failed.
const SAID: usize = 200;

/// A request that is under way. Dropped, it is given up.
pub(crate) struct Fetch {
    process: Child,
    pipe: ChildStdout,
    said: Vec<u8>,
    deadline: Instant,
}

impl Fetch {
    /// Starts one from this very binary.
    pub(crate) fn start(source: &Source) -> io::Result<Self> {
        let mut process = Command::new("/proc/self/exe")
            .arg("fetcher")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (mut order, pipe) = pipes.ok_or_else(|| io::Error::other("the fetcher has no pipes"))?;
        rustix::io::ioctl_fionbio(&pipe, true)?;
        let fetch = Self { process, pipe, said: Vec::new(), deadline: Instant::now() + PATIENCE };
        order.write_all(source.url().as_bytes())?;
        Ok(fetch)
    }

    /// Readable when there is more to [`Fetch::step`] for.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }

    /// How long it may still take.
    pub(crate) fn patience(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Takes in what it has said. `None`: not all yet. What was answered, or why nothing was.
    pub(crate) fn step(&mut self) -> Option<Result<Vec<u8>, String>> {
        if self.patience().is_zero() {
            return Some(Err("it took too long".into()));
        }
        let mut buffer = [0; 4096];
        while self.said.len() <= ANSWER_LIMIT + 1 {
            match self.pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => self.said.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error.to_string())),
            }
        }
        Some(outcome(&self.said))
    }

    /// Waits for what comes of it.
    pub(crate) fn wait(mut self) -> Result<Vec<u8>, String> {
        loop {
            if let Some(outcome) = self.step() {
                return outcome;
            }
            let timeout = Timespec::try_from(self.patience()).map_err(|error| error.to_string())?;
            // Whatever woke it, the next step tells.
            let _ = poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], Some(&timeout));
        }
    }
}

fn outcome(said: &[u8]) -> Result<Vec<u8>, String> {
    match said.split_first() {
        Some((&ANSWERED, answer)) => Ok(answer.to_vec()),
        Some((&FAILED, why)) => Err(cut(&plain(&String::from_utf8_lossy(why)), SAID)),
        _ => Err("the process that asks ended without a word".into()),
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        // It has ended by itself in the good case; then there is nothing to kill, only to collect.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
