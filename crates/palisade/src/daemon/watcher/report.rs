//! What a piece of input amounts to, until the keeper is told.

use detect::filter::{Failure, FieldValue, Host};

use crate::daemon::protocol::{FoundFailure, Progress, WatchedJail};
use crate::daemon::runner::protocol::Evidence;

/// Of a line, so much is kept as a ban's reason, in bytes.
const REASON: usize = 400;
/// Of a line that actions ask for, and of each value in it, so much is kept, in bytes.
const EVIDENCE: usize = 2048;

/// Failures found, and those that no address stands for.
#[derive(Default)]
pub(super) struct Report {
    pub(super) progress: Progress,
    /// By jail.
    pub(super) named: Vec<u64>,
    /// By jail: whether its actions ask for what was found.
    wanted: Vec<bool>,
}

impl Report {
    pub(super) fn new(jails: &[WatchedJail]) -> Self {
        let wanted = jails.iter().map(|jail| jail.evidence).collect();
        Self { progress: Progress::default(), named: vec![0; jails.len()], wanted }
    }

    /// A failure, and the line that shows it as the source has it.
    pub(super) fn failure(&mut self, jail: usize, failure: &Failure<'_>, whole: &[u8]) {
        let host = match failure.host {
            Host::Address(address) => address,
            // One line bans one address: a network or a name from a log is nobody's.
            Host::Net(_) | Host::Name(_) => {
                self.named[jail] += 1;
                return;
            }
        };
        let line = start(failure.text, REASON).to_owned();
        let evidence = self.wanted[jail].then(|| Box::new(evidence(failure, whole)));
        let found = FoundFailure { jail: jail as u16, host, time: failure.time, line, evidence };
        self.progress.failures.push(found);
    }
}

fn evidence(failure: &Failure<'_>, whole: &[u8]) -> Evidence {
    let line = String::from_utf8_lossy(&whole[..whole.len().min(EVIDENCE)]).into_owned();
    let fields = failure.fields();
    let fields =
        fields.iter().map(|(name, value)| (name.to_owned(), start(&text(value), EVIDENCE).to_owned()));
    Evidence { lines: vec![line], fields: fields.collect() }
}

/// A value as an action's tag shows it.
fn text(value: &FieldValue) -> String {
    match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::List(items) => items.join(", "),
        FieldValue::Tuple(parts) => {
            parts.iter().map(|part| part.as_deref().unwrap_or("")).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The first `bytes` of `text`, or a little less.
fn start(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
