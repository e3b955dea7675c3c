//! What is said about changes, on standard error and in the system's log.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use posture::{Change, Moment, State};
use serde::Serialize;

use crate::cli::DEFAULT_STATE;
use crate::output::span;

const SYSLOG: &str = "/dev/log";
/// Security messages, of importance to the owner: `authpriv.notice`.
const PRIORITY: u32 = 10 << 3 | 5;

/// What somebody who has just made a change has to know, if it waits.
pub(crate) fn tell_waiting(state: &Path, change: &Change) {
    let Some(left) = change.left(&Moment::now()) else { return };
    let others = match change.steps.len() {
        0 | 1 => String::new(),
        steps => format!(", with the {} before it", steps - 1),
    };
    anstream::eprintln!(
        "Change {} is taken back in {}{others}, unless it is confirmed: log in anew, from a second\n\
         terminal, and there: {}",
        change.id,
        span(rounded(left)),
        confirm(state)
    );
}

/// The same for whoever asks how things are.
pub(crate) fn waiting(state: &Path, change: &Change) -> Option<String> {
    let left = change.left(&Moment::now())?;
    Some(format!(
        "Change {} waits to be confirmed, {} left; from a new login: {}",
        change.id,
        span(left),
        confirm(state)
    ))
}

/// The same for programs.
#[derive(Serialize)]
pub(crate) struct Waiting {
    change: u64,
    seconds_left: u64,
}

impl Waiting {
    pub(crate) fn of(change: &Change) -> Option<Self> {
        let left = change.left(&Moment::now())?;
        Some(Self { change: change.id, seconds_left: left.as_secs() })
    }
}

/// What became of a change that was taken back.
pub(crate) fn taken_back(change: &Change) -> String {
    let State::RolledBack { why, trouble, .. } = &change.state else { return String::new() };
    let trouble = trouble.as_ref().map_or(String::new(), |trouble| format!("\nnot as before: {trouble}"));
    format!("Change {} is taken back: {why}.{trouble}", change.id)
}

/// Writes a line to the system's log, where there is one.
pub(crate) fn log(text: &str) {
    let line = format!("<{PRIORITY}>palisade[{}]: {text}", std::process::id());
    // The journal of changes has it in any case.
    let _ = UnixDatagram::unbound().and_then(|socket| socket.send_to(line.as_bytes(), SYSLOG));
}

fn confirm(state: &Path) -> String {
    match state == Path::new(DEFAULT_STATE) {
        true => "palisade confirm".to_owned(),
        false => format!("palisade --state {} confirm", state.display()),
    }
}

/// Some milliseconds have passed since a whole number of seconds was asked for.
fn rounded(left: Duration) -> Duration {
    Duration::from_secs(left.as_secs() + u64::from(left.subsec_millis() > 0))
}
