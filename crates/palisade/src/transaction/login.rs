//! Who is at the keyboard, and whether he has come in since a change.

use std::fs;
use std::time::Duration;

use posture::{Author, Change, Moment, State};

use crate::control::session;

/// Who gives this command.
pub(crate) fn author() -> Author {
    Author { user: user().unwrap_or_default(), from: session::address() }
}

/// The name that was logged in with, also behind sudo and su; or else that which the process runs under.
fn user() -> Option<String> {
    let login = fs::read_to_string("/proc/self/loginuid").ok().and_then(|id| id.trim().parse().ok());
    let behind_sudo = || std::env::var("SUDO_UID").ok().and_then(|id| id.parse().ok());
    let id = login.filter(|id| *id != u32::MAX).or_else(behind_sudo);
    let id = id.unwrap_or_else(|| rustix::process::getuid().as_raw());
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(name_in(&passwd, id).map_or_else(|| id.to_string(), str::to_owned))
}

fn name_in(passwd: &str, id: u32) -> Option<&str> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    })
}

/// Why this login does not show that the host can be reached after the change; `None` if it does.
pub(crate) fn objection(change: &Change) -> Option<String> {
    let State::Waiting { in_force, .. } = &change.state else { return None };
    let over_ssh = session::connection().is_some();
    match in_force {
        None => Some("its command has not come to its end".to_owned()),
        Some(in_force) if over_ssh => too_old(in_force, session::began()),
        Some(_) if change.is_over_ssh() => Some(
            "it was made over ssh, and this is a console: it does not show that ssh lets you in".to_owned(),
        ),
        Some(_) => None,
    }
}

fn too_old(in_force: &Moment, began: Option<Duration>) -> Option<String> {
    match began {
        Some(began) if began > Duration::from_millis(in_force.uptime_ms) => None,
        Some(_) => Some(
            "this session's connection is older than it: it does not show that a new one is let in"
                .to_owned(),
        ),
        None => Some("nobody can tell since when this session is (tmux, screen and mosh hide it)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_shows_something_only_if_it_is_newer_than_the_change() {
        let in_force = Moment { boot: "a".into(), uptime_ms: 5000 };
        let objects = |began: Option<u64>| too_old(&in_force, began.map(Duration::from_millis)).is_some();
        assert!(objects(Some(4990)) && objects(Some(5000)) && objects(None));
        assert!(!objects(Some(5010)));
    }

    #[test]
    fn a_name_is_found_by_its_number() {
        let passwd = "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n";
        assert_eq!(
            (name_in(passwd, 1000), name_in(passwd, 0), name_in(passwd, 7)),
            (Some("alice"), Some("root"), None)
        );
    }
}
