//! Where programs of this kind have failed before.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use crate::rig::{ATTACKER, NEIGHBOUR, Rig, SERVER, skipped, stamp};

const ONE_STRIKE: &str = "maxretry = 1\nfindtime = 1h\nbantime = 1h\n";

/// A daemon that bans at the first failure, and port 22 open.
fn daemon(test: &str) -> Option<Rig> {
    if skipped(test) {
        return None;
    }
    let mut rig = Rig::new();
    rig.configure(ONE_STRIKE);
    rig.listen(22);
    rig.start_daemon();
    Some(rig)
}

#[test]
fn a_banned_network_is_refused_whole_and_not_an_address_more() {
    let Some(rig) = daemon("a_banned_network_is_refused_whole_and_not_an_address_more") else { return };
    for address in ["203.0.113.15/24", "203.0.113.16/24"] {
        rig.attack_from(address);
    }
    assert!(rig.tell(&["ban", "203.0.113.8/29"]).status.success());
    assert!(!rig.connect(NEIGHBOUR, SERVER, 22), "its first address");
    assert!(!rig.connect("203.0.113.15", SERVER, 22), "its last address");
    assert!(rig.connect(ATTACKER, SERVER, 22), "the one before");
    assert!(rig.connect("203.0.113.16", SERVER, 22), "the one after");
    assert!(rig.tell(&["unban", "203.0.113.8/29"]).status.success());
    assert!(rig.connect(NEIGHBOUR, SERVER, 22));
}

#[test]
fn nobody_can_ban_the_host_itself_the_never_ban_list_or_their_own_session() {
    let name = "nobody_can_ban_the_host_itself_the_never_ban_list_or_their_own_session";
    let Some(rig) = daemon(name) else { return };
    for target in [SERVER, "127.0.0.1", "104.16.0.1", "203.0.113.0/29", "0.0.0.0/0", "::1"] {
        let refused = rig.tell(&["ban", target]);
        assert_eq!(refused.status.code(), Some(1), "{target}");
        assert!(String::from_utf8(refused.stdout).unwrap().contains("not banned: "), "{target}");
    }
    let mut from_afar = rig.palisade();
    from_afar.env("SSH_CONNECTION", format!("{ATTACKER} 50022 {SERVER} 22"));
    let refused = from_afar.args(["ban", ATTACKER]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stdout).unwrap().contains("logged in from there"));
    assert!(rig.banned().is_empty());
    assert!(rig.connect(ATTACKER, SERVER, 22));
}

#[test]
fn a_user_name_that_looks_like_a_line_does_not_say_whom_to_ban() {
    let Some(rig) = daemon("a_user_name_that_looks_like_a_line_does_not_say_whom_to_ban") else { return };
    rig.log(&format!(
        "sshd[4711]: Failed password for invalid user x from 8.8.8.8 port 22 ssh2 from {ATTACKER} port 4 ssh2"
    ));
    rig.until("the ban", || !rig.banned().is_empty());
    rig.until_failures(1);
    assert_eq!(rig.banned(), [ATTACKER]);
    assert_eq!(rig.kernel_set("sshd_ip4").into_iter().collect::<Vec<_>>(), [ATTACKER]);
}

#[test]
fn the_parts_of_a_new_sshd_are_sshd() {
    let Some(rig) = daemon("the_parts_of_a_new_sshd_are_sshd") else { return };
    rig.log(&format!("sshd-session[4711]: Failed password for root from {ATTACKER} port 4 ssh2"));
    rig.until("the ban", || !rig.connect(ATTACKER, SERVER, 22));
}

#[test]
fn a_log_that_was_empty_at_the_start_is_read_once() {
    let Some(mut rig) = daemon("a_log_that_was_empty_at_the_start_is_read_once") else { return };
    rig.fail(ATTACKER, 2);
    rig.until_failures(2);
    for killed in [true, false] {
        match killed {
            true => rig.kill_daemon(),
            false => assert!(rig.stop_daemon()),
        }
        rig.start_daemon();
        // Whatever were read twice would be counted before this one.
        rig.fail(ATTACKER, 1);
        rig.until_failures(if killed { 3 } else { 4 });
    }
}

#[test]
fn bans_hold_while_the_daemon_is_stopped_and_after_it() {
    let Some(mut rig) = daemon("bans_hold_while_the_daemon_is_stopped_and_after_it") else { return };
    rig.fail(ATTACKER, 1);
    rig.until("the ban", || !rig.connect(ATTACKER, SERVER, 22));
    let before = rig.banned_rows();
    assert!(rig.stop_daemon());
    assert!(!rig.connect(ATTACKER, SERVER, 22));
    assert!(rig.connect(NEIGHBOUR, SERVER, 22));
    rig.start_daemon();
    assert!(!rig.connect(ATTACKER, SERVER, 22));
    assert_eq!(rig.banned_rows(), before, "the same ban, with the same end");
    assert!(rig.tell(&["unban", ATTACKER]).status.success());
    assert!(rig.connect(ATTACKER, SERVER, 22));
}

#[test]
fn a_ban_by_hand_outlives_a_crash_right_after_the_command() {
    let Some(mut rig) = daemon("a_ban_by_hand_outlives_a_crash_right_after_the_command") else { return };
    assert!(rig.tell(&["ban", ATTACKER]).status.success());
    rig.kill_daemon();
    assert!(!rig.connect(ATTACKER, SERVER, 22), "in the kernel when the command returns");
    let deleted = rig.on_server("nft").args(["delete", "table", "inet", "palisade"]).status().unwrap();
    assert!(deleted.success());
    rig.start_daemon();
    rig.until("the ban from the store", || !rig.connect(ATTACKER, SERVER, 22));
    assert_eq!(rig.banned(), [ATTACKER]);
}

#[test]
fn a_second_daemon_on_the_same_state_is_refused_and_told_who_holds_it() {
    let Some(rig) = daemon("a_second_daemon_on_the_same_state_is_refused_and_told_who_holds_it") else {
        return;
    };
    let second = rig.palisade().arg("run").output().unwrap();
    assert_eq!(second.status.code(), Some(73));
    let errors = String::from_utf8(second.stderr).unwrap();
    assert!(errors.contains(&format!("process {}", rig.keeper())), "{errors}");
    assert!(rig.tell(&["status"]).status.success(), "the first one is not disturbed");
}

#[test]
fn what_another_program_takes_out_of_the_table_is_put_back() {
    let Some(rig) = daemon("what_another_program_takes_out_of_the_table_is_put_back") else { return };
    rig.fail(ATTACKER, 1);
    rig.until("the ban", || !rig.connect(ATTACKER, SERVER, 22));
    let element = format!("{{ {ATTACKER} }}");
    for taken in [
        vec!["delete", "element", "inet", "palisade", "sshd_ip4", &element],
        vec!["flush", "set", "inet", "palisade", "sshd_ip4"],
        vec!["flush", "table", "inet", "palisade"],
        vec!["delete", "table", "inet", "palisade"],
        vec!["flush", "ruleset"],
    ] {
        assert!(rig.on_server("nft").args(&taken).status().unwrap().success(), "{taken:?}");
        rig.until(&format!("{taken:?} is undone"), || !rig.connect(ATTACKER, SERVER, 22));
    }
    assert!(rig.connect(NEIGHBOUR, SERVER, 22));
}

#[test]
fn without_the_capability_it_says_so_and_touches_nothing() {
    if skipped("without_the_capability_it_says_so_and_touches_nothing") {
        return;
    }
    let rig = Rig::new();
    rig.configure(ONE_STRIKE);
    let mut command = rig.on_server("setpriv");
    command.args(["--bounding-set", "-net_admin", env!("CARGO_BIN_EXE_palisade"), "run"]);
    command.arg("--config").arg(rig.path("config")).arg("--state").arg(rig.path("state"));
    let output = command.output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(77), "{errors}");
    assert!(errors.contains("CAP_NET_ADMIN"), "{errors}");
}

/// Reads a name and then an address, in two jails of which the second is set up like this. Says how often a name server
/// was asked until both have banned the address.
fn asked_about_a_name(test: &str, usedns: &str) -> Option<(Rig, u64)> {
    if skipped(test) {
        return None;
    }
    let mut rig = Rig::new();
    let filter = "[Definition]\nfailregex = ^.*Failed password for .* from <HOST> port \\d+ ssh2$\n";
    let log = rig.path("auth.log");
    let jail = format!("[names]\nenabled = true\nfilter = names\nusedns = {usedns}\nport = 22");
    rig.configure(&format!("usedns = no\n{ONE_STRIKE}{jail}\n{ONE_STRIKE}logpath = {}\n", log.display()));
    fs::write(rig.path("config/filter.d/names.conf"), filter).unwrap();
    count_queries(&rig);
    // A question that is asked is seen.
    let mut asking = rig.on_server("getent");
    let mut asking = asking.args(["ahosts", "attacker.example.com"]).stdout(Stdio::null()).spawn().unwrap();
    rig.until("a query is seen", || queries(&rig) > 0);
    let _ = asking.kill();
    asking.wait().unwrap();
    let before = queries(&rig);
    rig.start_daemon();
    rig.fail("attacker.example.com", 1);
    rig.fail(ATTACKER, 1);
    rig.until("the failure after it, in both jails", || rig.banned() == [ATTACKER, ATTACKER]);
    Some((rig, before))
}

#[test]
fn no_name_in_a_log_line_is_looked_up_unless_usedns_says_so() {
    for usedns in ["no", "raw"] {
        let test = "no_name_in_a_log_line_is_looked_up_unless_usedns_says_so";
        let Some((rig, before)) = asked_about_a_name(test, usedns) else { return };
        assert_eq!(queries(&rig), before, "{usedns}");
    }
}

/// The one that is asked here never answers.
#[test]
fn no_ban_waits_for_a_name_server() {
    let Some((rig, before)) = asked_about_a_name("no_ban_waits_for_a_name_server", "yes") else { return };
    rig.until("a query is seen", || queries(&rig) > before);
}

/// Counts what leaves for a name server.
fn count_queries(rig: &Rig) {
    rig.on_server("ip").args(["route", "add", "default", "via", ATTACKER]).status().unwrap();
    let rules = "add table inet dns; add chain inet dns out { type filter hook output priority 0; }; \
                 add rule inet dns out udp dport 53 counter; add rule inet dns out tcp dport 53 counter";
    assert!(rig.on_server("nft").arg(rules).status().unwrap().success());
}

fn queries(rig: &Rig) -> u64 {
    let output = rig.on_server("nft").args(["list", "chain", "inet", "dns", "out"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let packets = text.split("packets ").skip(1).map(|rest| rest.split(' ').next().unwrap());
    packets.map(|count| count.parse::<u64>().unwrap()).sum()
}

#[test]
fn a_line_that_is_cut_does_not_end_where_it_was_cut() {
    let Some(rig) = daemon("a_line_that_is_cut_does_not_end_where_it_was_cut") else { return };
    let end = format!(" from {NEIGHBOUR} port 22 ssh2");
    let start = "sshd[4711]: Failed password for invalid user ";
    let name = sources::MAX_LINE - stamp().len() - " host ".len() - start.len() - end.len();
    // Carriage returns at the end of a line are no text.
    rig.log(&format!("{start}{}{end}\r from {ATTACKER} port 4 ssh2", "x".repeat(name)));
    rig.fail(ATTACKER, 1);
    rig.until("the ban", || !rig.banned().is_empty());
    assert_eq!(rig.banned(), [ATTACKER]);
}

#[test]
fn a_second_daemon_in_the_same_network_namespace_is_refused_whatever_its_state() {
    let name = "a_second_daemon_in_the_same_network_namespace_is_refused_whatever_its_state";
    let Some(rig) = daemon(name) else { return };
    fs::create_dir(rig.path("other")).unwrap();
    let mut second = rig.on_server(env!("CARGO_BIN_EXE_palisade"));
    second.arg("--config").arg(rig.path("config")).arg("--state").arg(rig.path("other"));
    let second = second.arg("run").output().unwrap();
    assert_eq!(second.status.code(), Some(73));
    let errors = String::from_utf8(second.stderr).unwrap();
    assert!(errors.contains(&format!("process {}", rig.keeper())), "{errors}");
    assert!(errors.contains(&rig.path("state").display().to_string()), "{errors}");
    rig.fail(ATTACKER, 1);
    rig.until("the first goes on", || rig.banned() == [ATTACKER]);
}

#[test]
fn a_user_who_takes_the_mark_does_not_keep_the_daemon_from_its_work() {
    const NAME: &str = "a_user_who_takes_the_mark_does_not_keep_the_daemon_from_its_work";
    const SQUAT: &str = "import os,socket,sys,time\nos.setuid(65534)\ns=socket.socket(socket.AF_UNIX)\n\
                         s.bind('\\0palisade/inet')\ns.listen(0)\nprint(flush=True)\nsys.stdin.read()";
    if skipped(NAME) {
        return;
    }
    let mut rig = Rig::new();
    rig.configure(ONE_STRIKE);
    let mut squatter = rig.on_server("python3");
    squatter.args(["-c", SQUAT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut squatter = squatter.spawn().unwrap();
    squatter.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
    rig.start_daemon();
    assert!(rig.said("pretends to be the palisade"));
    drop(squatter.stdin.take());
    squatter.wait().unwrap();
}

#[test]
fn a_log_with_wrong_dates_or_nothing_that_matches_is_said_in_the_status() {
    let Some(rig) = daemon("a_log_with_wrong_dates_or_nothing_that_matches_is_said_in_the_status") else {
        return;
    };
    let status = |jail: &[&str]| String::from_utf8(rig.tell(&[&["status"], jail].concat()).stdout).unwrap();
    assert!(status(&["sshd"]).contains("no line has been read since the start"));
    rig.log("sshd[4711]: Server listening on 0.0.0.0 port 22.");
    rig.until("a line is read", || status(&["sshd"]).contains("no line has matched since the start"));
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(2);
    let line =
        format!("{later:.6} host sshd[4711]: Failed password for root from {NEIGHBOUR} port 50022 ssh2\n");
    let mut log = fs::OpenOptions::new().append(true).open(rig.path("auth.log")).unwrap();
    log.write_all(line.as_bytes()).unwrap();
    rig.until("the date is noticed", || status(&[]).contains("ahead of this host's clock"));
    assert!(status(&["sshd"]).contains("Set logtimezone in the jail"), "{}", status(&["sshd"]));
    assert!(rig.said("ahead of this host's clock"));
}
