//! Lines that say what is so anyway.

use super::condition::same;
use super::entry::{Entry, States, Target};
use super::everything;
use super::save::Line;
use crate::rules::Rule;

/// Every packet of its family that goes its way.
pub(super) fn is_everything(rule: &Rule) -> bool {
    same(rule, &everything(rule.families, rule.direction, rule.action))
}

/// `! -i lo -d 127.0.0.0/8`.
pub(super) fn is_about_false_loopback(line: &Line<'_>) -> bool {
    let has = |words: &[&str]| line.words.windows(words.len()).any(|window| window == words);
    has(&["!", "-i", "lo"])
        && (has(&["-d", "127.0.0.0/8"]) || has(&["-d", "::1/128"]))
        && line.words.len() <= 9
}

/// Why the line is not needed, if it is not.
pub(super) fn quiet(entry: &Entry, fits: &[Rule]) -> Result<Option<&'static str>, String> {
    let accepts = entry.target == Target::Accept;
    let refuses = matches!(entry.target, Target::Drop | Target::Reject);
    let loopback = |rule: &Rule| [&rule.input, &rule.output].into_iter().flatten().any(|name| name == "lo");
    match () {
        () if entry.icmp && accepts && entry.counted.is_none() => {
            Ok(Some("the ICMP that a host needs is let in"))
        }
        () if entry.icmp => Err("the ICMP that a host needs is always let in".to_owned()),
        () if fits.iter().all(loopback) && accepts => Ok(Some("loopback is let through")),
        () if fits.iter().any(loopback) => Err("loopback is let through before all rules".to_owned()),
        () if entry.states == States::Standing && accepts => {
            Ok(Some("what belongs to a connection is let through"))
        }
        () if entry.states == States::Standing => {
            Err("connections that stand are not asked again".to_owned())
        }
        () if entry.states == States::Invalid && refuses => {
            Ok(Some("what belongs to no connection is dropped"))
        }
        () if entry.states == States::Invalid => Err("what belongs to no connection is dropped".to_owned()),
        () => Ok(None),
    }
}
