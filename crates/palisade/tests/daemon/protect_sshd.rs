//! A real sshd, a real client, real nftables: the product's promise from end to end.

use std::fs;

use crate::rig::{ATTACKER, ATTACKER6, NEIGHBOUR, Rig, SERVER, SERVER6, THREE_STRIKES, skipped};

#[test]
fn an_attacker_is_refused_after_maxretry_and_nobody_else_is() {
    if skipped("an_attacker_is_refused_after_maxretry_and_nobody_else_is") {
        return;
    }
    let mut rig = Rig::new();
    rig.configure(THREE_STRIKES);
    rig.start_sshd();
    rig.start_daemon();
    for (from, to) in [(ATTACKER, SERVER), (ATTACKER6, SERVER6)] {
        for _ in 0..2 {
            rig.wrong_password(from, to);
        }
        assert!(rig.connect(from, to, 22), "two failures are not three");
        rig.wrong_password(from, to);
        rig.until("the ban", || !rig.connect(from, to, 22));
        assert!(rig.refusal(from, to).contains("refused"), "a ban refuses, it does not swallow");
    }
    assert!(rig.connect(NEIGHBOUR, SERVER, 22), "a neighbour is not affected");
    assert!(rig.connect("2001:db8:8::8", SERVER6, 22), "another IPv6 network is not affected");
    assert_eq!(rig.banned(), ["2001:db8:7::7", ATTACKER]);

    assert!(rig.tell(&["unban", ATTACKER]).status.success());
    assert!(rig.connect(ATTACKER, SERVER, 22), "unbanned by command");
    assert!(!rig.connect(ATTACKER6, SERVER6, 22));
}

#[test]
fn a_ban_ends_by_itself_and_the_next_one_is_longer() {
    if skipped("a_ban_ends_by_itself_and_the_next_one_is_longer") {
        return;
    }
    let mut rig = Rig::new();
    rig.configure(
        "maxretry = 1\nfindtime = 1h\nbantime = 2s\nbantime.increment = true\nbantime.factor = 100\n",
    );
    rig.start_sshd();
    rig.start_daemon();
    rig.wrong_password(ATTACKER, SERVER);
    rig.until("the first ban", || rig.daemon_log().contains("Ban 203.0.113.7"));
    rig.until("its end", || rig.connect(ATTACKER, SERVER, 22) && rig.banned().is_empty());
    rig.wrong_password(ATTACKER, SERVER);
    rig.until("the second ban", || !rig.banned().is_empty());
    let status: serde_json::Value =
        serde_json::from_slice(&rig.tell(&["status", "sshd", "--json"]).stdout).unwrap();
    let ban = &status["bans"][0];
    let length = ban["until"].as_i64().unwrap() - ban["since"].as_i64().unwrap();
    assert!(length > 100, "longer than the first two seconds by far: {length}");
}

#[test]
fn the_watcher_holds_no_capability_over_the_network_and_is_somebody_else() {
    if skipped("the_watcher_holds_no_capability_over_the_network_and_is_somebody_else") {
        return;
    }
    let mut rig = Rig::new();
    rig.configure(THREE_STRIKES);
    rig.start_daemon();
    let status = fs::read_to_string(format!("/proc/{}/status", rig.watcher())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_start_matches(':').trim().to_owned()
    };
    const NET_ADMIN: u64 = 1 << 12;
    const DAC_READ_SEARCH: u64 = 1 << 2;
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        let held = u64::from_str_radix(&field(set), 16).unwrap();
        assert_eq!(held & NET_ADMIN, 0, "{set}");
        assert_eq!(held & !DAC_READ_SEARCH, 0, "{set} holds nothing but reading");
    }
    assert!(field("Uid").split_whitespace().all(|uid| uid != "0"), "{}", field("Uid"));
    assert_eq!(field("NoNewPrivs"), "1");
    assert_eq!(field("Seccomp"), "2", "a filter is in force");
}
