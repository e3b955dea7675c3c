//! What a piece of input amounts to, until the keeper is told.

use detect::Usedns;
use detect::filter::{Failure, FieldValue, Host};

use crate::daemon::protocol::{Accused, FoundFailure, Progress, WatchedJail};
use crate::daemon::runner::protocol::Evidence;

/// Of a line, so much is kept as a ban's reason, in bytes.
const REASON: usize = 400;
/// Of a line that actions ask for, and of each value in it, so much is kept, in bytes.
const EVIDENCE: usize = 2048;

/// No host name is longer, in bytes.
const NAME: usize = 253;

/// Failures found, and those that no address stands for.
#[derive(Default)]
pub(super) struct Report {
    pub(super) progress: Progress,
    /// By jail.
    pub(super) named: Vec<u64>,
    /// By jail: whether its actions ask for what was found.
    wanted: Vec<bool>,
    /// By jail: whether the addresses of host names are to be asked for.
    usedns: Vec<bool>,
}

impl Report {
    pub(super) fn new(jails: &[WatchedJail]) -> Self {
        let wanted = jails.iter().map(|jail| jail.evidence).collect();
        let usedns = jails.iter().map(|jail| matches!(jail.filter.usedns, Usedns::Yes | Usedns::Warn));
        Self { progress: Progress::default(), named: vec![0; jails.len()], wanted, usedns: usedns.collect() }
    }

    /// A failure, and the line that shows it as the source has it.
    pub(super) fn failure(&mut self, jail: usize, failure: &Failure<'_>, whole: &[u8]) {
        let host = match (failure.address(), failure.host) {
            (Some(address), _) => Accused::Address(address.into()),
            (None, Host::Name(name)) if self.usedns[jail] && is_host_name(failure, name) => {
                Accused::Name(name.to_owned())
            }
            // One line does not ban a whole network, and what else it may name is nobody's.
            (None, _) => {
                self.named[jail] += 1;
                return;
            }
        };
        let line = start(failure.text(), REASON).to_owned();
        let evidence = self.wanted[jail].then(|| Box::new(evidence(failure, whole)));
        let found = FoundFailure { jail: jail as u16, host, time: failure.time, line, evidence };
        self.progress.failures.push(found);
    }
}

/// Whether a filter took this for the name of a host, and it may be one.
fn is_host_name(failure: &Failure<'_>, name: &str) -> bool {
    let fields = failure.fields();
    let taken = matches!(fields.get("dns"), Some(FieldValue::Text(text)) if text == name);
    taken && fields.get("fid").is_none() && may_be_looked_up(name)
}

/// Labels with dots between them. Digits and dots alone are a mistyped address.
fn may_be_looked_up(name: &str) -> bool {
    let label = |label: &str| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() < 64 && label.bytes().all(word) && !label.starts_with('-')
    };
    let dotted = name.strip_suffix('.').unwrap_or(name);
    let letters = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    letters && name.len() <= NAME && dotted.split('.').all(label)
}

fn evidence(failure: &Failure<'_>, whole: &[u8]) -> Evidence {
    let alone = || vec![String::from_utf8_lossy(&whole[..whole.len().min(EVIDENCE)]).into_owned()];
    let lines = match failure.lines() {
        [] => alone(),
        lines => lines.iter().map(|line| start(line, EVIDENCE).to_owned()).collect(),
    };
    let fields = failure.fields();
    let fields =
        fields.iter().map(|(name, value)| (name.to_owned(), start(&text(value), EVIDENCE).to_owned()));
    Evidence { lines, fields: fields.collect() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_a_name_is_looked_up() {
        for name in ["one.example", "a", "x-1.y_2.example."] {
            assert!(may_be_looked_up(name), "{name}");
        }
        let long = ["a."; 200].concat();
        for text in
            ["", "192.030.0.6", "1.2.3", "-n", "--help", "a..b", "a b", "$(id)", "a/b", "ä.example", &long]
        {
            assert!(!may_be_looked_up(text), "{text}");
        }
    }
}
