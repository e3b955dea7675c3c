//! In whose zone dates are that name none.
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::NamedTempFile;

/// A zone nine hours behind UTC for ever, as RFC 9636 has it in its first version.
fn nine_hours_behind_utc() -> Vec<u8> {
    let counts = [0_u32, 0, 0, 0, 1, 4].map(u32::to_be_bytes).concat();
    let kind = [&(-9 * 3600_i32).to_be_bytes()[..], &[0, 0]].concat();
    [&b"TZif"[..], &[0; 16], &counts, &kind, b"XXX\0"].concat()
}

/// A mount namespace of one's own, in which this runs.
fn unshared(command: &str) -> Command {
    let namespaces = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let mut unshare = Command::new("unshare");
    unshare.args([namespaces, "sh", "-ec", command, "sh"]);
    unshare
}

/// The moment of noon in a log, in such a namespace.
fn noon(zone: &Path, command: &str) -> f64 {
    let log = NamedTempFile::new().unwrap();
    fs::write(&log, "Nov 27 12:00:00 host sshd[1]: Failed password for root from 192.0.2.1 port 1 ssh2\n")
        .unwrap();
    let output = unshared(&format!("mount --bind \"$ZONE\" /etc/localtime; {command}"))
        .args([env!("CARGO_BIN_EXE_palisade"), "filter", "test", "sshd"])
        .arg(log.path())
        .args(["--json", "--now", "1795800000"])
        .env("ZONE", zone)
        .env_remove("TZ")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let failure: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    failure["time"].as_f64().unwrap()
}

#[test]
fn dates_are_in_the_zone_that_etc_localtime_holds_unless_tz_names_another() {
    let can_mount = unshared("mount --bind /etc/localtime /etc/localtime").output().unwrap();
    if !can_mount.status.success() {
        let why = String::from_utf8_lossy(&can_mount.stderr);
        eprintln!("SKIPPED dates_are_in_the_zone_that_etc_localtime_holds_unless_tz_names_another: {why}");
        return;
    }
    let zone = NamedTempFile::new().unwrap();
    fs::write(&zone, nine_hours_behind_utc()).unwrap();
    let noon_utc = 1_795_780_800.0;
    assert_eq!(noon(zone.path(), "exec \"$@\""), noon_utc + 9.0 * 3600.0);
    assert_eq!(noon(zone.path(), "TZ=UTC exec \"$@\""), noon_utc);
}
