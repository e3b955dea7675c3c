//! The rules of `palisade.toml` under a daemon.

use std::fs;

use crate::rig::{ATTACKER, NEIGHBOUR, Rig, SERVER, THREE_STRIKES, skipped};

#[test]
fn rules_are_in_force_from_the_start_and_come_back_when_another_program_takes_them() {
    if skipped("rules_are_in_force_from_the_start_and_come_back_when_another_program_takes_them") {
        return;
    }
    let mut rig = Rig::new();
    rig.configure(THREE_STRIKES);
    let rules = "[firewall]\nenabled = true\nrules = [\"allow 22/tcp\"]\n";
    fs::write(rig.path("config/palisade.toml"), rules).unwrap();
    rig.listen(22);
    rig.listen(80);
    rig.start_daemon();
    let reached = |port| rig.connect(ATTACKER, SERVER, port);
    assert!(reached(22) && !reached(80), "from the start");

    let allowed = rig.tell(&["firewall", "allow", "80/tcp"]);
    assert_eq!(String::from_utf8(allowed.stdout).unwrap(), "Rule added\nRule added (v6)\n");
    assert!(reached(80), "when the command has returned");
    rig.until("the daemon knows", || rig.daemon_log().contains("firewall: 2 rules, in force"));
    assert!(!rig.daemon_log().contains("another program"), "{}", rig.daemon_log());

    let deleted = rig.on_server("nft").args(["delete", "table", "inet", "palisade"]).status().unwrap();
    assert!(deleted.success());
    let listed = || rig.on_server("nft").args(["list", "table", "inet", "palisade"]).output().unwrap().stdout;
    rig.until("the rules are back", || String::from_utf8_lossy(&listed()).contains("chain rules.in"));
    rig.until("it is told", || rig.said("another program changed table inet palisade"));
    assert!(reached(22) && reached(80));
}

#[test]
fn rules_and_bans_come_back_together_and_go_one_by_one() {
    if skipped("rules_and_bans_come_back_together_and_go_one_by_one") {
        return;
    }
    let mut rig = Rig::new();
    rig.configure(THREE_STRIKES);
    let rules =
        "[firewall]\nenabled = true\ndefaults = { incoming = \"reject\" }\nrules = [\"allow 22/tcp\"]\n";
    fs::write(rig.path("config/palisade.toml"), rules).unwrap();
    rig.listen(22);
    rig.listen(8080);
    rig.start_daemon();
    rig.fail(NEIGHBOUR, 3);
    rig.until("the ban", || rig.banned() == [NEIGHBOUR]);
    let reached = |rig: &Rig, from, port| rig.connect(from, SERVER, port);
    for command in ["delete table inet palisade", "flush ruleset", "flush chain inet palisade input"] {
        assert!(rig.on_server("nft").arg(command).status().unwrap().success());
        rig.until(command, || {
            !reached(&rig, ATTACKER, 8080) && !reached(&rig, NEIGHBOUR, 22) && reached(&rig, ATTACKER, 22)
        });
    }
    assert!(rig.stop_daemon());
    assert!(!reached(&rig, ATTACKER, 8080) && reached(&rig, ATTACKER, 22), "rules stay when the daemon ends");
    assert!(rig.tell(&["firewall", "disable"]).status.success());
    assert!(reached(&rig, ATTACKER, 8080) && !reached(&rig, NEIGHBOUR, 22), "a ban is no rule");
}
