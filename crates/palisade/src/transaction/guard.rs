//! What takes a change back when its time has come, though the command, its session and the daemon may be gone.
//!
//! It is armed before the change: a timer of systemd, or where there is none, or it does not look after this network, a
//! process of its own. Both end in [`wait`].

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use posture::{Change, Journal, Moment};
use signal_hook::consts::SIGHUP;

use super::{notice, undo};
use crate::exit::{CommandError, Exit, Outcome};

/// What a process of its own says when nothing can take it along any more.
const READY: &str = "ready";
/// A command that holds the journal for longer is stopped, or writes to a terminal that is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// The host may have slept meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// Has the change taken back in time, from now on.
///
/// # Errors
/// Nobody would do it.
pub(crate) fn arm(state: &Path, change: &Change, after: Duration) -> Result<(), CommandError> {
    let state = std::path::absolute(state).map_err(|error| CommandError::io(state.display(), &error))?;
    if is_under_systemd() && by_systemd(&state, change, after) {
        return Ok(());
    }
    by_process(&state, change).map_err(|error| CommandError::io("the process that takes it back", &error))
}

/// Whether systemd runs, and its services see the network and the files that this process sees.
fn is_under_systemd() -> bool {
    let same = |namespace: &str| {
        let of = |process: &str| fs::read_link(format!("/proc/{process}/ns/{namespace}")).ok();
        of("1").is_some_and(|first| of("self") == Some(first))
    };
    Path::new("/run/systemd/system").is_dir() && same("net") && same("mnt")
}

fn by_systemd(state: &Path, change: &Change, after: Duration) -> bool {
    let Ok(program) = std::env::current_exe() else { return false };
    let mut command = Command::new("systemd-run");
    command
        .args(["--quiet", "--collect", "--timer-property=AccuracySec=100ms"])
        .arg(format!("--unit=palisade-rollback-{}-{}", change.id, change.steps.len()))
        .arg(format!("--description=Palisade takes change {} back, unless it is confirmed", change.id))
        .arg(format!("--on-active={}ms", after.as_millis()))
        .arg(program)
        .arg("--state")
        .arg(state)
        .args(["guard", &change.id.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn by_process(state: &Path, change: &Change) -> std::io::Result<()> {
    let mut command = Command::new("/proc/self/exe");
    command.arg("--state").arg(state).args(["guard", "--detach", &change.id.to_string()]);
    let mut guard =
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut said = String::new();
    if let Some(out) = guard.stdout.take() {
        BufReader::new(out).read_line(&mut said)?;
    }
    match said.trim_end() == READY {
        true => Ok(()),
        false => Err(std::io::Error::other("it did not start")),
    }
}

/// The guard itself: takes the change back when its time has come. One that is settled meanwhile is none of its business.
pub(crate) fn wait(state: &Path, id: u64, detach: bool) -> Outcome {
    if detach {
        leave_session().map_err(|error| CommandError::io("leaving the session", &error))?;
    }
    let journal = Journal::of(state);
    loop {
        let left = match journal.open() {
            Ok(Some(change)) if change.id == id => {
                let now = Moment::now();
                change.overdue(&now).map_or_else(|| change.left(&now), |_| None)
            }
            Ok(_) => return Ok(Exit::Done),
            Err(_) => Some(LONGEST_SLEEP),
        };
        match left {
            Some(left) => thread::sleep(left.min(LONGEST_SLEEP)),
            None => take_back(state, &journal)?,
        }
    }
}

fn take_back(state: &Path, journal: &Journal) -> Result<(), CommandError> {
    let held = journal.hold(PATIENCE).unwrap_or_else(|_| journal.hold_regardless());
    match undo::insist(state, &held) {
        Ok(None) => Ok(()),
        Ok(Some(change)) => {
            notice::log(&notice::taken_back(&change));
            Ok(())
        }
        Err(error) => {
            notice::log(&format!("a change cannot be taken back: {error}"));
            Err(error)
        }
    }
}

/// Neither the end of the session nor of its terminal is heard, and neither waits for this process.
fn leave_session() -> std::io::Result<()> {
    rustix::process::setsid()?;
    signal_hook::flag::register(SIGHUP, Arc::default())?;
    // The last to be ended when memory runs short; without the privilege, as any other.
    let _ = fs::write("/proc/self/oom_score_adj", "-1000");
    let mut out = std::io::stdout().lock();
    writeln!(out, "{READY}")?;
    out.flush()?;
    let null = OwnedFd::from(fs::File::options().write(true).open("/dev/null")?);
    Ok(rustix::stdio::dup2_stdout(&null)?)
}
