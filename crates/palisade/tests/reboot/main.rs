//! A whole host that goes down while a change waits: it comes up as it was before. Needs root and systemd-nspawn.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod host;

use std::fs;
use std::process::Output;

use host::{Host, skipped};

const RULES: &str = "[firewall]\nenabled = true\nrules = [\"allow 22/tcp\"] # the way in\n";

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn a_host_that_goes_down_while_a_change_waits_lets_in_again() {
    if skipped("a_host_that_goes_down_while_a_change_waits_lets_in_again") {
        return;
    }
    let mut host = Host::new(RULES);
    if !host.boot() {
        return;
    }
    let text = |host: &Host| fs::read_to_string(host.path("config/palisade.toml")).unwrap();
    let order = host.ssh(
        "systemctl show --value -p ExecMainExitTimestampMonotonic palisade-firewall.service; \
         systemctl show --value -p ExecMainStartTimestampMonotonic network.service",
    );
    let moments: Vec<u64> = said(&order).split_whitespace().map(|moment| moment.parse().unwrap()).collect();
    assert!(0 < moments[0] && moments[0] < moments[1], "the rules come before the network: {moments:?}");

    // A timer of systemd, which outlives the session.
    let shut = host.ssh(
        "palisade firewall --force --rollback-after 5s delete allow 22/tcp; \
         systemctl list-units --plain --no-legend 'palisade-rollback-*.timer'",
    );
    assert!(said(&shut).contains("palisade-rollback-1-1.timer"), "{}", said(&shut));
    assert!(!host.is_reached());
    host.until("the timer has run", || host.is_reached());
    assert_eq!(text(&host), RULES);

    let allowed = host.ssh("bash -c 'exec -a ufw palisade allow 80/tcp'");
    assert_eq!(String::from_utf8_lossy(&allowed.stdout), "Rule added\nRule added (v6)\n");
    let told = String::from_utf8_lossy(&allowed.stderr);
    assert!(told.contains("taken back in 1m") && told.contains("there: palisade confirm"), "{told}");
    assert_eq!(said(&host.ssh("palisade confirm")), "Change 2 is confirmed, and stays.\n");

    let confirmed = text(&host);
    let shut = host.ssh("palisade firewall --force --rollback-after 1h delete allow 22/tcp");
    assert!(shut.status.success(), "{}", said(&shut));
    assert!(!host.is_reached() && text(&host) != confirmed);
    host.cut_power();
    assert!(host.boot(), "once more");
    assert_eq!(text(&host), confirmed);
    let history = said(&host.ssh("palisade history 3; systemctl is-active palisade-firewall"));
    assert!(history.contains("the host was started anew before it was confirmed"), "{history}");
    assert!(history.ends_with("active\n"), "{history}");
}
