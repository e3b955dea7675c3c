//! What a piece of input amounts to, until the keeper is told.

use detect::filter::{Failure, Host};

use crate::daemon::protocol::{FoundFailure, Progress};

/// Of a line, so much is kept as a ban's reason, in bytes.
const REASON: usize = 400;

/// Failures found, and those that no address stands for.
#[derive(Default)]
pub(super) struct Report {
    pub(super) progress: Progress,
    /// By jail.
    pub(super) named: Vec<u64>,
}

impl Report {
    pub(super) fn failure(&mut self, jail: usize, failure: &Failure<'_>) {
        let host = match failure.host {
            Host::Address(address) => address,
            // One line bans one address: a network or a name from a log is nobody's.
            Host::Net(_) | Host::Name(_) => {
                self.named[jail] += 1;
                return;
            }
        };
        let line = start(failure.text, REASON).to_owned();
        self.progress.failures.push(FoundFailure { jail: jail as u16, host, time: failure.time, line });
    }
}

/// The first `bytes` of `text`, or a little less.
fn start(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
