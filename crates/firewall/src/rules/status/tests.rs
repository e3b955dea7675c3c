use super::*;
use crate::rules::{Profiles, Services, Vocabulary};

fn policy(rules: &[&str]) -> Policy {
    let services = Services::parse("");
    let profiles =
        Profiles::parse([("a", "[App]\ntitle=t\ndescription=d\nports=12/udp|34,56/tcp\n")], &services);
    let vocabulary = Vocabulary { profiles, services, lists: ["cloudflare".to_owned()].into() };
    let rules = rules.iter().map(|rule| Rule::read(rule, &vocabulary).expect(rule)).collect();
    Policy { enabled: true, rules, ..Policy::default() }
}

fn table(rules: &[&str], detail: Detail) -> Vec<String> {
    let status = policy(rules).status(detail, true);
    let rows = status.lines().skip_while(|line| !line.trim_start().starts_with("--")).skip(1);
    rows.map(str::trim_end).map(str::to_owned).collect()
}

#[test]
fn what_is_off_or_empty_has_no_table() {
    assert_eq!(Policy::default().status(Detail::Numbered, true), "Status: inactive\n");
    assert_eq!(policy(&[]).status(Detail::Plain, true), "Status: active\n");
    let verbose = "Status: active\nLogging: on (low)\n\
        Default: deny (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n";
    assert_eq!(policy(&[]).status(Detail::Verbose, false), verbose);
}

#[test]
fn columns_stand_where_ufw_puts_them() {
    let wanted = "Status: active\n\n\
        To                         Action      From\n\
        --                         ------      ----\n\
        22/tcp                     LIMIT       Anywhere                   (log) # hi\n\
        22/tcp (v6)                LIMIT       Anywhere (v6)              (log) # hi\n\n\
        53                         DENY OUT    Anywhere on eth0          \n\
        53 (v6)                    DENY OUT    Anywhere (v6) on eth0     \n\n";
    let rules = ["limit log 22/tcp comment hi", "deny out on eth0 to any port 53"];
    assert_eq!(policy(&rules).status(Detail::Plain, true), wanted);
}

#[test]
fn numbers_run_through_both_families_and_directions() {
    let rules =
        ["allow from ::1 to ::2 port 5", "route allow in on a out on b", "allow out log to any proto gre"];
    let wanted = [
        "[ 1] Anywhere on b              ALLOW FWD   Anywhere on a",
        "[ 2] Anywhere/gre               ALLOW OUT   Anywhere/gre               (log, out)",
        "[ 3] ::2 5                      ALLOW IN    ::1",
        "[ 4] Anywhere (v6) on b         ALLOW FWD   Anywhere (v6) on a",
        "[ 5] Anywhere/gre (v6)          ALLOW OUT   Anywhere/gre (v6)          (log, out)",
        "",
    ];
    assert_eq!(table(&rules, Detail::Numbered), wanted);
}

#[test]
fn profiles_are_named_and_with_every_detail_resolved() {
    let rules = ["allow from ::1 port 7 to any app App", "allow from cloudflare to any app App"];
    let plain = [
        "App                        ALLOW       cloudflare",
        "App (v6)                   ALLOW       ::1 7",
        "App (v6)                   ALLOW       cloudflare (v6)",
        "",
    ];
    assert_eq!(table(&rules, Detail::Plain), plain);
    let verbose = [
        "12/udp (App)               ALLOW IN    cloudflare",
        "34,56/tcp (App)            ALLOW IN    cloudflare",
        "12/udp (App (v6))          ALLOW IN    ::1 7/udp",
        "34,56/tcp (App (v6))       ALLOW IN    ::1 7/tcp",
        "12/udp (App (v6))          ALLOW IN    cloudflare (v6)",
        "34,56/tcp (App (v6))       ALLOW IN    cloudflare (v6)",
        "",
    ];
    assert_eq!(table(&rules, Detail::Verbose), verbose);
}

#[test]
fn a_limit_of_its_own_is_told() {
    let rules = ["limit from 10.0.0.1 rate 10/minute burst 5 connections 2"];
    let wanted = [
        "Anywhere                   LIMIT       10.0.0.1                   (rate 10/minute burst 5 connections 2)",
        "",
    ];
    assert_eq!(table(&rules, Detail::Plain), wanted);
}

#[test]
fn added_lists_each_command_once() {
    let rules = ["allow 22", "allow to ::/0 port 23", "deny to 0.0.0.0/0 port 24", "deny to ::/0 port 24"];
    let wanted = "Added user rules (see 'ufw status' for running firewall):\n\
        ufw allow 22\nufw deny 24\nufw allow 23\n";
    assert_eq!(policy(&rules).added(), wanted);
    assert!(policy(&[]).added().ends_with("\n(None)\n"));
}
