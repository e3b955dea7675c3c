//! Lines in the kernel log, by ufw's levels and with ufw's words.

use super::matching::{NEW, state};
use crate::rules::{Action, Log, Logging};
use crate::ruleset::{Expr, Rate, Rule};

/// Before what a line says became of its packet.
pub(crate) const TAG: &str = "[PALISADE ";
pub(crate) const ALLOW: &str = "ALLOW";
pub(crate) const BLOCK: &str = "BLOCK";
pub(crate) const LIMIT: &str = "LIMIT";
pub(crate) const LIMIT_BLOCK: &str = "LIMIT BLOCK";
pub(crate) const AUDIT: &str = "AUDIT";
pub(crate) const INVALID: &str = "AUDIT INVALID";

/// Of each kind of line: nobody who floods the host floods its log.
const RATE: Rate = Rate { count: 3, seconds: 60, burst: 10 };

fn line(what: &str, limited: bool) -> Vec<Expr> {
    let limit = limited.then_some(Expr::Within(RATE));
    limit.into_iter().chain([Expr::Log(format!("{TAG}{what}] "))]).collect()
}

/// Where packets come into a base chain.
pub(super) fn audit(level: Logging) -> Option<Rule> {
    match level {
        Logging::Off | Logging::Low => None,
        Logging::Medium => Some([state(NEW), line(AUDIT, true)].concat()),
        Logging::High => Some(line(AUDIT, true)),
        Logging::Full => Some(line(AUDIT, false)),
    }
}

/// Of packets that belong to no connection and open none.
pub(super) fn invalid(level: Logging) -> Option<Vec<Expr>> {
    (level >= Logging::Medium).then(|| line(INVALID, level == Logging::Medium))
}

/// Of packets that no rule was about.
pub(super) fn by_default(level: Logging, what: &str) -> Option<Rule> {
    let from = if what == ALLOW { Logging::Medium } else { Logging::Low };
    (level >= from).then(|| line(what, level < Logging::High))
}

/// What a rule asks for.
pub(super) fn asked(level: Logging, log: Option<Log>, action: Action) -> Option<Vec<Expr>> {
    let what = match action {
        Action::Allow => ALLOW,
        Action::Deny | Action::Reject => BLOCK,
        Action::Limit(_) => LIMIT,
    };
    let packets = match log.filter(|_| level > Logging::Off)? {
        Log::New => state(NEW),
        Log::All => Vec::new(),
    };
    Some([packets, line(what, true)].concat())
}

/// Of what exceeded a limit.
pub(super) fn exceeded(level: Logging) -> Option<Rule> {
    (level > Logging::Off).then(|| line(LIMIT_BLOCK, true))
}
