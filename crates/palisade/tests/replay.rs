//! `palisade replay`: what jails would have done with a log.
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

const JAILS: &str = r"
[DEFAULT]
filter =
failregex = ^\s<HOST> failed$
logpath = /var/log/any
maxretry = 2
findtime = 10m
bantime = 1m

[plain]
enabled = true

[grows]
bantime.increment = true
bantime.multipliers = 1 5

[counts-all]
bantime.increment = true
bantime.multipliers = 1 5
bantime.overalljails = true

[forever]
bantime = -1
";

const LOG: &str = "\
2026-01-01T00:00:00Z 192.0.2.1 failed
2026-01-01T00:00:01Z 2001:db8::1 failed
2026-01-01T00:00:05Z 192.0.2.1 failed
2026-01-01T00:00:05Z something else
2026-01-01T00:00:06Z 192.0.2.1 failed
2026-01-01T00:00:06Z 192.0.2.1 failed
2026-01-01T00:00:07Z 2001:db8::1 failed
2026-01-01T00:05:00Z 192.0.2.1 failed
2026-01-01T00:05:01Z 192.0.2.1 failed
";

fn replay(jails: &[&str], more: &[&str]) -> Output {
    let place = TempDir::new().unwrap();
    let log = place.path().join("log");
    fs::write(place.path().join("jail.conf"), JAILS).unwrap();
    fs::write(&log, LOG).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("replay").arg("--config").arg(place.path());
    command.args(jails.iter().flat_map(|jail| ["--jail", jail])).arg(log).args(more).output().unwrap()
}

/// Its lines, without how long it took.
fn said(jails: &[&str], more: &[&str]) -> Vec<String> {
    let output = replay(jails, more);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let untimed =
        |line: &str| line.split(" in ").next().unwrap().split(r#","seconds""#).next().unwrap().to_owned();
    said.lines().map(untimed).collect()
}

#[test]
fn a_ban_is_told_once_and_again_when_it_has_ended() {
    let bans = [
        "2026-01-01T00:00:05Z [plain] Ban 192.0.2.1 for 1m after 2 failures",
        "2026-01-01T00:00:07Z [plain] Ban 2001:db8::1 for 1m after 2 failures",
        "2026-01-01T00:05:01Z [plain] Ban 192.0.2.1 for 1m after 2 failures",
        "9 lines, 8 failures, 3 bans",
    ];
    assert_eq!(said(&[], &[]), bans);
}

#[test]
fn programs_get_an_object_a_ban_and_a_summary() {
    let bans = [
        r#"{"time":1767225605.0,"jail":"forever","host":"192.0.2.1","failures":2,"until":null}"#,
        r#"{"time":1767225607.0,"jail":"forever","host":"2001:db8::1","failures":2,"until":null}"#,
        r#"{"lines":9,"failures":8,"bans":2"#,
    ];
    assert_eq!(said(&["forever"], &["--json"]), bans);
    assert_eq!(
        said(&["forever"], &[])[0],
        "2026-01-01T00:00:05Z [forever] Ban 192.0.2.1 for ever after 2 failures"
    );
}

#[test]
fn earlier_bans_count_where_bans_grow() {
    let grown = "2026-01-01T00:05:00Z [grows] Ban 192.0.2.1 for 5m after 1 failure";
    assert_eq!(said(&["grows"], &[])[2], grown);
    let together = said(&["grows", "plain"], &[]);
    assert!(together.iter().any(|line| line == grown), "{together:?}");
    let of_others = said(&["plain", "counts-all"], &[]);
    let first = "2026-01-01T00:00:05Z [counts-all] Ban 192.0.2.1 for 5m after 2 failures";
    assert!(of_others.iter().any(|line| line == first), "{of_others:?}");
}

#[test]
fn a_log_that_is_missing_is_told_behind_what_was_found_before() {
    let output = replay(&["plain"], &["/nowhere/log"]);
    assert_eq!(output.status.code(), Some(74));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("/nowhere/log: No such file or directory"), "{error}");
}
