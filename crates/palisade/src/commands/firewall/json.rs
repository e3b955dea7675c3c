//! `status --json`: what programs may read.

use firewall::rules::list::lines;
use firewall::rules::{Families, Policy};
use posture::Change;
use serde::Serialize;

use crate::exit::{CommandError, Exit};
use crate::transaction::notice::Waiting;

#[derive(Serialize)]
struct Status<'a> {
    enabled: bool,
    logging: &'static str,
    defaults: Defaults,
    new_profiles: &'static str,
    rules: Vec<Line<'a>>,
    /// The change that is taken back unless it is confirmed.
    waiting: Option<Waiting>,
}

#[derive(Serialize)]
struct Defaults {
    incoming: &'static str,
    outgoing: &'static str,
    routed: &'static str,
}

#[derive(Serialize)]
struct Line<'a> {
    /// As in `status numbered`.
    number: usize,
    family: &'static str,
    action: &'static str,
    /// The whole rule, in ufw's grammar.
    rule: String,
    comment: &'a str,
}

/// The policy as one JSON object.
pub(super) fn status(policy: &Policy, open: Option<&Change>) -> Result<String, CommandError> {
    let rules = lines(&policy.rules).into_iter().enumerate().map(|(at, line)| {
        let rule = &policy.rules[line.at];
        Line {
            number: at + 1,
            family: if line.family == Families::V6 { "ipv6" } else { "ipv4" },
            action: rule.action.name(),
            rule: rule.to_string(),
            comment: &rule.comment,
        }
    });
    let defaults = Defaults {
        incoming: policy.defaults.incoming.name(),
        outgoing: policy.defaults.outgoing.name(),
        routed: policy.defaults.routed.name(),
    };
    let status = Status {
        enabled: policy.enabled,
        logging: policy.logging.name(),
        defaults,
        new_profiles: policy.new_profiles.name(),
        rules: rules.collect(),
        waiting: open.and_then(Waiting::of),
    };
    let text = serde_json::to_string(&status).map_err(|error| CommandError::new(Exit::Io, error))?;
    Ok(text + "\n")
}
