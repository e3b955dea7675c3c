//! A reload changes what the configuration says, and nothing else.

use std::fs;
use std::sync::mpsc;
use std::thread;

use crate::rig::{ATTACKER, NEIGHBOUR, Rig, SERVER, THREE_STRIKES, kill, signal, skipped};
use crate::writer::Writer;

/// A daemon with three strikes and port 22 open.
fn daemon(test: &str) -> Option<Rig> {
    if skipped(test) {
        return None;
    }
    let mut rig = Rig::new();
    rig.configure(THREE_STRIKES);
    rig.listen(22);
    rig.start_daemon();
    Some(rig)
}

#[test]
fn a_reload_keeps_windows_bans_and_positions() {
    let Some(rig) = daemon("a_reload_keeps_windows_bans_and_positions") else { return };
    rig.fail(ATTACKER, 2);
    rig.fail(NEIGHBOUR, 3);
    rig.until_failures(5);
    let before = rig.banned_rows();
    assert_eq!(rig.banned(), [NEIGHBOUR]);
    assert!(rig.tell(&["reload"]).status.success());
    assert_eq!(rig.banned_rows(), before, "the same ban, with the same end");
    assert!(!rig.connect(NEIGHBOUR, SERVER, 22));
    assert!(rig.connect(ATTACKER, SERVER, 22), "two failures are not three");
    rig.fail(ATTACKER, 1);
    rig.until_failures(6);
    assert!(!rig.connect(ATTACKER, SERVER, 22), "the two failures before the reload count");
}

#[test]
fn no_line_is_lost_in_twenty_reloads_under_a_writer() {
    let Some(rig) = daemon("no_line_is_lost_in_twenty_reloads_under_a_writer") else { return };
    let (more, orders) = mpsc::channel();
    let writer = Writer::new(&rig, 2);
    let writer = thread::spawn(move || writer.obey(&orders));
    for round in 1..=20 {
        more.send(()).unwrap();
        match round % 2 {
            0 => assert!(rig.tell(&["reload"]).status.success()),
            _ => signal(rig.keeper(), "HUP"),
        }
        rig.until("the reload", || rig.daemon_log().matches("reloaded: ").count() == round);
    }
    drop(more);
    let writer = writer.join().unwrap();
    rig.until_failures(writer.lines);
}

#[test]
fn a_broken_configuration_is_refused_with_its_place_and_the_old_one_stays_in_force() {
    let name = "a_broken_configuration_is_refused_with_its_place_and_the_old_one_stays_in_force";
    let Some(rig) = daemon(name) else { return };
    rig.fail(ATTACKER, 2);
    rig.until_failures(2);
    rig.configure("maxretry = three\nfindtime = 1h\nbantime = 1h\n");
    let config = fs::read_to_string(rig.path("config/jail.conf")).unwrap();
    let line = 1 + config.lines().position(|line| line.starts_with("maxretry")).unwrap();
    let refused = rig.tell(&["reload"]);
    assert_eq!(refused.status.code(), Some(78));
    let errors = String::from_utf8(refused.stderr).unwrap();
    assert!(errors.contains(&format!("jail.conf:{line}:12")), "{errors}");
    signal(rig.keeper(), "HUP");
    rig.until("the second refusal", || rig.daemon_log().matches("not reloaded").count() == 2);
    rig.fail(ATTACKER, 1);
    rig.until_failures(3);
    assert!(!rig.connect(ATTACKER, SERVER, 22), "the third strike of the old configuration");
}

#[test]
fn a_pattern_that_does_not_compile_is_refused_with_its_place() {
    let Some(rig) = daemon("a_pattern_that_does_not_compile_is_refused_with_its_place") else { return };
    rig.configure(&format!("{THREE_STRIKES}failregex = ^Failed (from <ADDR>$\n"));
    let refused = rig.tell(&["reload"]);
    assert_eq!(refused.status.code(), Some(78));
    let errors = String::from_utf8(refused.stderr).unwrap();
    assert!(errors.contains("jail.conf:"), "{errors}");
    rig.fail(ATTACKER, 3);
    rig.until_failures(3);
    assert!(!rig.connect(ATTACKER, SERVER, 22), "the old pattern is at work");
}

#[test]
fn what_was_counted_stays_counted_whoever_reads_on() {
    let Some(rig) = daemon("what_was_counted_stays_counted_whoever_reads_on") else { return };
    rig.fail(ATTACKER, 3);
    rig.until_failures(3);
    let first = rig.watcher();
    kill(first);
    rig.until("another watcher", || rig.watcher() != first);
    rig.fail(ATTACKER, 1);
    rig.until_failures(4);
    assert!(rig.tell(&["reload"]).status.success());
    rig.fail(ATTACKER, 1);
    rig.until_failures(5);
    assert_eq!(rig.jail().unwrap()["lines"], 5);
}

#[test]
fn somebody_reads_on_when_the_old_and_the_new_watcher_die_in_a_reload() {
    let name = "somebody_reads_on_when_the_old_and_the_new_watcher_die_in_a_reload";
    let Some(rig) = daemon(name) else { return };
    for round in 1..=5 {
        let old = rig.watcher();
        // So that it does not finish before the new one was seen.
        signal(old, "STOP");
        signal(rig.keeper(), "HUP");
        // Stopped before it is a program of its own, it would stop the keeper.
        rig.until("the new watcher", || rig.watchers().into_iter().filter(|pid| runs(*pid)).count() == 2);
        let new: Vec<u32> = rig.watchers().into_iter().filter(|pid| *pid != old).collect();
        new.iter().for_each(|pid| signal(*pid, "STOP"));
        kill(old);
        rig.until("the keeper has no watcher", || rig.watchers() == new);
        new.into_iter().for_each(kill);
        rig.fail(ATTACKER, 1);
        rig.until_failures(round);
    }
}

/// Whether a child of the keeper has become a watcher.
fn runs(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|words| words.ends_with(b"\0watcher\0"))
}

#[test]
fn a_jail_that_returns_after_a_restart_without_it_has_its_bans_and_windows_again() {
    let name = "a_jail_that_returns_after_a_restart_without_it_has_its_bans_and_windows_again";
    let Some(mut rig) = daemon(name) else { return };
    rig.fail(NEIGHBOUR, 3);
    rig.fail(ATTACKER, 2);
    rig.until_failures(5);
    assert!(rig.stop_daemon());
    fs::write(rig.path("config/jail.conf"), "[DEFAULT]\n").unwrap();
    rig.start_daemon();
    assert!(rig.connect(NEIGHBOUR, SERVER, 22), "no jail, no ban");
    rig.configure(THREE_STRIKES);
    assert!(rig.tell(&["reload"]).status.success());
    rig.until("the ban is back", || !rig.connect(NEIGHBOUR, SERVER, 22));
    rig.fail(ATTACKER, 1);
    rig.until("two and one are three", || !rig.connect(ATTACKER, SERVER, 22));
}

#[test]
fn a_new_jail_comes_into_force_and_a_removed_one_takes_its_bans_with_it() {
    let name = "a_new_jail_comes_into_force_and_a_removed_one_takes_its_bans_with_it";
    let Some(mut rig) = daemon(name) else { return };
    rig.listen(2222);
    let second = |rig: &Rig| {
        let log = rig.path("auth.log");
        format!(
            "{THREE_STRIKES}[second]\nenabled = true\nfilter = sshd\nport = 2222\nmaxretry = 1\n\
             bantime = 1h\nlogpath = {}\n",
            log.display()
        )
    };
    rig.configure(&second(&rig));
    assert!(rig.tell(&["reload"]).status.success());
    rig.fail(ATTACKER, 1);
    rig.until("the new jail's ban", || rig.banned() == [ATTACKER]);
    assert!(!rig.connect(ATTACKER, SERVER, 2222));
    assert!(rig.connect(ATTACKER, SERVER, 22), "one failure is not three");

    rig.configure(THREE_STRIKES);
    assert!(rig.tell(&["reload"]).status.success());
    assert!(rig.connect(ATTACKER, SERVER, 2222), "no jail, no ban");
    assert!(rig.banned().is_empty(), "nor in the list");

    rig.configure(&second(&rig));
    assert!(rig.tell(&["reload"]).status.success());
    rig.until("the ban is back with its jail", || !rig.connect(ATTACKER, SERVER, 2222));
    assert_eq!(rig.banned(), [ATTACKER]);
}
