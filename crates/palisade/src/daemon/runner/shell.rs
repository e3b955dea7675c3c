//! One command in a shell, with a limit on its time and on what is kept of its output.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::tags::Prepared;

const SHELL: &str = "/bin/sh";
/// So much of what a command prints is kept, in bytes.
const OUTPUT: usize = 2048;
/// Between the polite and the other way to end a command.
const GRACE: Duration = Duration::from_secs(1);

/// How a command went.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) how: How,
    /// The beginning of what it printed, on either channel.
    pub(super) output: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum How {
    Well,
    Status(i32),
    Signal(i32),
    /// It took too long and was ended, with all that it had started.
    Timeout,
}

impl How {
    /// In words, with what usually is behind it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Well => "done".into(),
            Self::Status(126) => "exit status 126: the command is not executable".into(),
            Self::Status(127) => "exit status 127: command not found in PATH".into(),
            Self::Status(status @ 129..=192) => {
                format!("exit status {status}: ended by signal {}", status - 128)
            }
            Self::Status(status) => format!("exit status {status}"),
            Self::Signal(signal) => format!("ended by signal {signal}"),
            Self::Timeout => "timed out, and was ended".into(),
        }
    }
}

/// A script with its arguments as a command.
pub(super) fn command(prepared: &Prepared) -> Command {
    let mut command = Command::new(SHELL);
    command.arg("-c").arg(&prepared.script).args(&prepared.arguments);
    command
}

/// Runs a command to its end, or to the end of its time.
pub(super) fn run(mut command: Command, timeout: Duration) -> io::Result<Ended> {
    let (mut reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let mut child = command.spawn()?;
    // It holds the writing ends.
    drop(command);
    rustix::io::ioctl_fionbio(&reader, true)?;
    let group = Pid::from_child(&child);
    let exited = pidfd_open(group, PidfdFlags::empty())?;
    let mut output = Vec::new();
    let done = wait(&exited, &mut reader, &mut output, timeout)?;
    if !done {
        for (signal, patience) in [(Signal::TERM, GRACE), (Signal::KILL, GRACE)] {
            let _ = kill_process_group(group, signal);
            if wait(&exited, &mut reader, &mut output, patience)? {
                break;
            }
        }
        // What the command itself left behind.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let status = child.wait()?;
    let how = if done { how(status) } else { How::Timeout };
    Ok(Ended { how, output: String::from_utf8_lossy(&output).into_owned() })
}

fn how(status: ExitStatus) -> How {
    match (status.code(), status.signal()) {
        (Some(0), _) => How::Well,
        (Some(status), _) => How::Status(status),
        (None, signal) => How::Signal(signal.unwrap_or_default()),
    }
}

/// Takes in what is printed until the command has ended. False: it has not.
///
/// Not until the pipe is closed: something left in the background may hold that for as long as it lives.
fn wait(
    exited: &OwnedFd,
    reader: &mut io::PipeReader,
    output: &mut Vec<u8>,
    timeout: Duration,
) -> io::Result<bool> {
    let deadline = Instant::now() + timeout;
    let mut open = true;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        let printing = reader.as_fd();
        let mut fds = vec![PollFd::new(exited, PollFlags::IN)];
        if open {
            fds.push(PollFd::from_borrowed_fd(printing, PollFlags::IN));
        }
        match poll(&mut fds, Some(&left)) {
            Ok(0) => return Ok(false),
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let ended = !fds[0].revents().is_empty();
        open = open && take_in(reader, output)?;
        if ended {
            return Ok(true);
        }
    }
}

/// Reads what is there and keeps the beginning. False: there will be no more.
fn take_in(reader: &mut io::PipeReader, output: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    // A command that prints without end must not keep this from looking at the clock.
    for _ in 0..16 {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => {
                let room = OUTPUT.saturating_sub(output.len());
                output.extend_from_slice(&buffer[..count.min(room)]);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(script: &str, millis: u64) -> Ended {
        let prepared = Prepared { script: script.into(), arguments: Vec::new() };
        run(command(&prepared), Duration::from_millis(millis)).unwrap()
    }

    #[test]
    fn a_command_says_how_it_went_and_what() {
        assert_eq!(ended("true", 10_000).how, How::Well);
        let failed = ended("echo out; echo err >&2; exit 3", 10_000);
        assert_eq!((failed.how, failed.output.as_str()), (How::Status(3), "out\nerr\n"));
        assert_eq!(ended("kill -9 $$", 10_000).how, How::Signal(9));
        assert!(ended("no-such-command-anywhere", 10_000).how.describe().contains("not found"));
    }

    #[test]
    fn a_command_out_of_time_is_ended_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let script = format!("trap '' TERM; (sleep 2; touch {}) & sleep 100", mark.display());
        let start = Instant::now();
        assert_eq!(ended(&script, 100).how, How::Timeout);
        assert!(start.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(1200));
        assert!(!mark.exists());
    }

    #[test]
    fn what_stays_in_the_background_is_not_waited_for() {
        let start = Instant::now();
        assert_eq!(ended("sleep 5 &", 60_000).how, How::Well);
        assert!(start.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn a_flood_of_output_is_cut() {
        let flood = ended("yes | head -c 3000000", 60_000);
        assert_eq!((flood.how, flood.output.len()), (How::Well, OUTPUT));
    }
}
