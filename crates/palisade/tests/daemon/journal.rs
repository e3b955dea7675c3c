//! A real journald, alone in a mount namespace of its own, as the source.

use std::process::Stdio;

use crate::rig::{ATTACKER, Rig, failure, kill, skipped};

const JOURNAL: &str = "backend = systemd\njournalmatch = SYSLOG_IDENTIFIER=sshd\n\
                       maxretry = 3\nfindtime = 1h\nbantime = 1h\n";

/// Runs a command beside the daemon, where its journald listens.
fn beside(rig: &Rig, script: &str) {
    let mut command = rig.on_server("nsenter");
    let keeper = rig.keeper().to_string();
    command.args(["-t", &keeper, "-m", "sh", "-c", script]).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{script}: {output:?} {}", rig.daemon_log());
}

fn attack(rig: &Rig, times: usize) {
    let line = failure(ATTACKER);
    // The journal names the program itself.
    let (_, message) = line.split_once(": ").unwrap();
    for _ in 0..times {
        beside(rig, &format!("echo '{message}' | systemd-cat -t sshd"));
    }
}

#[test]
fn failures_in_the_journal_ban_and_are_not_read_twice_after_a_crash() {
    const NAME: &str = "failures_in_the_journal_ban_and_are_not_read_twice_after_a_crash";
    if skipped(NAME) {
        return;
    }
    if !std::path::Path::new("/lib/systemd/systemd-journald").exists() {
        eprintln!("SKIPPED {NAME}: systemd is not installed");
        return;
    }
    let mut rig = Rig::new();
    rig.configure(JOURNAL);
    rig.start_daemon_with_journal();
    attack(&rig, 2);
    rig.until_failures(2);
    kill(rig.watcher());
    attack(&rig, 1);
    rig.until("the ban", || rig.banned() == [ATTACKER]);
    rig.until_failures(3);
}
