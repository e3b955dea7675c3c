//! Rules of the real iptables, taken over: the same packets get in.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use firewall::import::{self, Import, iptables, ufw::File};
use firewall::rules::command::Way;
use firewall::rules::{Policy, Stance, Vocabulary};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::isolated::isolated;
use crate::network::{Host, PATIENCE, Server, tcp_within};
use crate::rules::{REFUSED, in_force, knock, other_host, servers};

/// So many lists of rules are tried.
const LISTS: usize = 16;
const PORTS: [u16; 4] = [2222, 2223, 2224, 2225];
const SOURCES: [&str; 5] = ["192.0.2.2", "192.0.2.3", "192.0.2.66", "2001:db8::2", "2001:db8::3"];
/// What is not answered by then was dropped.
const SHORT: Duration = Duration::from_millis(250);

fn is_missing() -> bool {
    let missing = !["iptables-save", "ip6tables-restore"].iter().all(|name| {
        ["/usr/sbin", "/sbin", "/usr/bin"].iter().any(|folder| Path::new(folder).join(name).exists())
    });
    if missing {
        eprintln!("skipped: iptables is not installed");
    }
    missing
}

/// The chains of one family as `iptables-restore` takes them.
fn list(v6: bool) -> impl Strategy<Value = String> {
    let sources: Vec<&str> = match v6 {
        false => vec![
            "",
            "",
            "-s 192.0.2.2",
            "-s 192.0.2.0/30",
            "-s 192.0.2.64/255.255.255.192",
            "-m iprange --src-range 192.0.2.3-192.0.2.66",
        ],
        true => vec![
            "",
            "",
            "-s 2001:db8::2",
            "-s 2001:db8::/126",
            "-m iprange --src-range 2001:db8::3-2001:db8::9",
        ],
    };
    let packets = [
        "",
        "-p tcp",
        "-p tcp --dport 2222",
        "-p tcp --dport 2223:2224",
        "-p udp --dport 2222",
        "-i cable",
        "-i other",
        "-p tcp -m multiport --dports 2222,2224:2225",
        "-p tcp --syn --dport 2225",
        "-p tcp --dport 2223 -m state --state NEW",
        "-p tcp -m multiport --dports 2223 -m conntrack --ctstate NEW,RELATED -m comment --comment \"a note\"",
    ];
    let targets = ["ACCEPT", "ACCEPT", "DROP", "REJECT", "people", "people", "LOG"];
    let one = (
        prop_oneof![3 => Just("INPUT"), 1 => Just("people")],
        proptest::sample::select(sources),
        proptest::sample::select(packets.to_vec()),
        proptest::sample::select(targets.to_vec()),
    );
    let line = one.prop_map(|(chain, source, packet, target)| {
        // A chain that leads to itself is refused.
        let target = if chain == target { "ACCEPT" } else { target };
        format!("-A {chain} {source} {packet} -j {target}\n")
    });
    let policy = proptest::sample::select(vec!["ACCEPT", "DROP"]);
    (policy, proptest::collection::vec(line, 1..8)).prop_map(move |(policy, lines)| {
        // Without neighbours there is no IPv6.
        let first = if v6 { "-A INPUT -p ipv6-icmp -j ACCEPT\n" } else { "" };
        let lines = lines.concat();
        format!("*filter\n:INPUT {policy} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:people - [0:0]\n{first}-A INPUT -i lo -j ACCEPT\n{lines}COMMIT\n")
    })
}

fn restore(program: &str, text: &str) {
    use std::io::Write as _;
    let mut process = Command::new(program).stdin(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(process.wait().unwrap().success(), "{program}: {text}");
}

const NOTHING: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";

/// Puts both in force, and says what each program says of them.
fn with_iptables(v4: &str, v6: &str) -> [String; 2] {
    restore("iptables-restore", v4);
    restore("ip6tables-restore", v6);
    ["iptables-save", "ip6tables-save"].map(|program| {
        let output = Command::new(program).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    })
}

fn imported(texts: &[String; 2]) -> (Import, Policy) {
    let files = [File { name: "v4", text: &texts[0] }, File { name: "v6", text: &texts[1] }];
    let import = iptables::read(&files, &Vocabulary::default());
    let mut policy = Policy { enabled: true, rules: import.rules.clone(), ..Policy::default() };
    for (way, stance) in &import.defaults {
        match way {
            Way::Incoming => policy.defaults.incoming = *stance,
            Way::Outgoing => policy.defaults.outgoing = *stance,
            Way::Routed => policy.defaults.routed = *stance,
        }
    }
    (import, policy)
}

fn probes() -> impl Iterator<Item = (&'static str, SocketAddr)> {
    SOURCES.into_iter().flat_map(|from| {
        let ours = if from.contains(':') { "[2001:db8::1]" } else { "192.0.2.1" };
        PORTS.map(|port| (from, format!("{ours}:{port}").parse().unwrap()))
    })
}

/// Whether each probe gets in, all at the same time. How it is refused is another matter: Linux takes few of the answers
/// that iptables gives for one.
fn let_in(host: &Host, patience: Duration) -> Vec<bool> {
    host.within(|| {
        std::thread::scope(|scope| {
            let knock = |(from, to)| scope.spawn(move || tcp_within(patience, from, to).is_ok());
            let knocks: Vec<_> = probes().map(knock).collect();
            knocks.into_iter().map(|knock| knock.join().unwrap()).collect()
        })
    })
}

#[test]
fn what_iptables_lets_in_is_let_in_when_its_rules_are_taken_over() {
    isolated("imports::what_iptables_lets_in_is_let_in_when_its_rules_are_taken_over", || {
        if is_missing() {
            return;
        }
        let host = other_host();
        let _servers: Vec<[Server; 2]> = PORTS.into_iter().map(servers).collect();
        let mut runner = TestRunner::deterministic();
        for _ in 0..LISTS {
            let both = (list(false), list(true)).new_tree(&mut runner).unwrap().current();
            let saved = with_iptables(&both.0, &both.1);
            let wanted = let_in(&host, SHORT);
            with_iptables(NOTHING, NOTHING);
            let (import, policy) = imported(&saved);
            let lost = import.notes.iter().filter(|note| note.kind == import::Kind::Lost);
            let lost: Vec<_> = lost.filter(|note| !note.text.ends_with("LOG")).collect();
            assert_eq!(lost, Vec::<&import::Note>::new(), "{}{}", saved[0], saved[1]);
            let mut firewall = in_force(&policy);
            let mut got = let_in(&host, SHORT);
            if got != wanted {
                // Somebody may have been slow to answer.
                got = let_in(&host, PATIENCE);
            }
            firewall.set_policy(&Policy::default(), &firewall::Lists::new()).unwrap();
            let rules: Vec<String> = policy.rules.iter().map(ToString::to_string).collect();
            let differ: Vec<_> =
                probes().zip(wanted.iter().zip(&got)).filter(|(_, (one, other))| one != other).collect();
            assert!(
                differ.is_empty(),
                "{differ:?}\n{}{}\n{:?} {rules:#?}",
                saved[0],
                saved[1],
                policy.defaults
            );
        }
    });
}

#[test]
fn the_limits_of_a_guide_go_on_limiting() {
    isolated("imports::the_limits_of_a_guide_go_on_limiting", || {
        if is_missing() {
            return;
        }
        let host = other_host();
        let _servers = [2222, 2223].map(servers);
        let guide = "*filter\n:INPUT ACCEPT [0:0]\n\
            -A INPUT -p tcp --dport 2222 -m connlimit --connlimit-above 3 -j REJECT --reject-with tcp-reset\n\
            -A INPUT -p tcp --dport 2223 -m state --state NEW -m recent --set --name SSH\n\
            -A INPUT -p tcp --dport 2223 -m state --state NEW -m recent --update --seconds 60 --hitcount 5 --name SSH -j REJECT --reject-with tcp-reset\n\
            COMMIT\n";
        let allowed = || {
            let standing: Vec<_> =
                (0..6).map(|_| host.tcp("192.0.2.2", "192.0.2.1:2222".parse().unwrap())).collect();
            let tries: Vec<i32> = (0..8).map(|_| knock(&host, "192.0.2.2", 2223, 0)).collect();
            assert!(tries.iter().all(|outcome| [0, REFUSED].contains(outcome)), "{tries:?}");
            let tries = tries.iter().filter(|outcome| **outcome == 0).count();
            (standing.iter().filter(|tcp| tcp.is_ok()).count(), tries)
        };
        let saved = with_iptables(guide, NOTHING);
        assert_eq!(allowed(), (3, 4));
        with_iptables(NOTHING, NOTHING);
        let (_, policy) = imported(&saved);
        assert_eq!(policy.defaults.incoming, Stance::Allow);
        let _firewall = in_force(&policy);
        assert_eq!(allowed(), (3, 4), "{:?}", policy.rules);
    });
}
