//! Rules while they change, and many of them.

use std::net::UdpSocket;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use firewall::rules::{Logging, Policy, Stance};
use firewall::{Event, Firewall, Lists};

use crate::isolated::isolated;
use crate::network::{nft, tcp, udp};
use crate::rules::{IN_PROGRESS, REFUSED, in_force, knock, lists, other_host, rules, servers};

/// Somebody tries denied and allowed ports as fast as he can, while rules, policies, lists and the log change.
#[test]
fn a_change_never_opens_what_is_closed_nor_closes_what_is_open() {
    isolated("changes::a_change_never_opens_what_is_closed_nor_closes_what_is_open", || {
        let host = other_host();
        let (open, rejected) = (servers(2222), servers(2223));
        let dropped = UdpSocket::bind("192.0.2.1:2224").unwrap();
        dropped.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let every = ["allow 2222/tcp", "reject 2223/tcp", "deny 2224/udp"];
        let friends = ["deny 1:1000/udp", "allow from friends to any port 2222 proto tcp", "reject 2223/tcp"];
        let all: Vec<String> = (0..200).map(|n| format!("deny from 10.1.0.{n}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).chain(every).collect();
        let mut policies =
            [rules(&every), rules(&friends), rules(&all), rules(&["allow 2222", "reject 2223"])];
        policies[0].logging = Logging::Off;
        policies[1].logging = Logging::Medium;
        policies[3].defaults.incoming = Stance::Reject;
        let everybody = |n: u8| -> Lists {
            let nets = ["192.0.2.0/24".to_owned(), "2001:db8::/32".to_owned(), format!("10.0.0.{n}/32")];
            [("friends".to_owned(), nets.map(|net| net.parse().unwrap()).to_vec())].into()
        };
        let mut firewall = in_force(&policies[0]);
        let stop = AtomicBool::new(false);
        let counts = [const { AtomicUsize::new(0) }; 3];
        let again = |at: usize| {
            counts[at].fetch_add(1, Ordering::Relaxed);
            !stop.load(Ordering::Relaxed)
        };
        std::thread::scope(|scope| {
            let (host, again) = (&host, &again);
            let mut clients = Vec::new();
            for (at, server) in [(0, &open), (1, &rejected)] {
                clients.push(scope.spawn(move || {
                    host.within(|| {
                        while again(at) {
                            for (server, from) in server.iter().zip(["192.0.2.2", "2001:db8::2"]) {
                                let outcome = tcp(from, server.address).err().unwrap_or(0);
                                assert_eq!(outcome, [0, REFUSED][at], "{}", server.address);
                            }
                        }
                    });
                }));
            }
            clients.push(scope.spawn(move || {
                host.within(|| {
                    let socket = udp("192.0.2.2");
                    while again(2) {
                        // An answer that it is refused comes back here.
                        let _ = socket.send_to(b"x", "192.0.2.1:2224");
                    }
                });
            }));
            for n in 0..100_u8 {
                firewall.set_policy(&policies[usize::from(n) % policies.len()], &everybody(n)).unwrap();
                if clients.iter().any(std::thread::ScopedJoinHandle::is_finished) {
                    break;
                }
            }
            stop.store(true, Ordering::Relaxed);
            clients.into_iter().for_each(|client| client.join().unwrap());
        });
        assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) > 20), "{counts:?}");
        assert!(dropped.recv(&mut [0; 8]).is_err(), "a packet got in");
    });
}

#[test]
fn ten_thousand_rules_are_one_transaction() {
    isolated("changes::ten_thousand_rules_are_one_transaction", || {
        let line = |n: u32| {
            format!("allow from 10.{}.{}.0/24 to any port {}:{} proto tcp", n >> 8, n & 255, n + 1, n + 2)
        };
        let lines: Vec<String> = (0..10_000).map(line).collect();
        let policy = rules(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let firewall = in_force(&policy);
        assert_eq!(nft("list chain inet palisade rules.in").matches("accept").count(), 10_000);
        drop(firewall);
        in_force(&Policy::default());
        assert!(!nft("list ruleset").contains("rules."));
    });
}

#[test]
fn nothing_is_written_where_nothing_differs() {
    isolated("changes::nothing_is_written_where_nothing_differs", || {
        let policy = rules(&["allow log 22/tcp", "limit 25", "deny from friends", "reject out 53"]);
        let mut firewall = in_force(&policy);
        let other = Firewall::open().unwrap();
        let mut monitor = other.monitor().unwrap();
        firewall.set_policy(&policy, &lists()).unwrap();
        in_force(&policy);
        assert_eq!(monitor.read(&other).unwrap(), []);
        firewall.set_policy(&rules(&["allow 23"]), &lists()).unwrap();
        assert!(!monitor.read(&other).unwrap().is_empty());
    });
}

#[test]
fn one_rule_more_of_a_kind_takes_no_other_away() {
    isolated("changes::one_rule_more_of_a_kind_takes_no_other_away", || {
        for kind in [
            "allow 300N/tcp",
            "deny 300N,400N/udp",
            "deny from 10.0.0.N",
            "reject from 2001:db8::N to any port 22",
            "allow from 10.N.0.0/16",
            "allow from 10.0.0.N to any port 22,80 proto tcp",
            "deny proto udp from 2001:db8::/64 to any port 300N",
            "deny to 10.0.0.N",
            "deny out to 10.0.0.N port 25 proto tcp",
            "route allow in on eth0 from 2001:db8:N::/48",
        ] {
            let mut lines = vec!["allow 22".to_owned()];
            let mut before = String::new();
            for n in 1..=4 {
                lines.push(kind.replace('N', &n.to_string()));
                let _firewall = in_force(&rules(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
                let now = numbered_rules();
                for line in before.lines() {
                    assert!(now.contains(line), "{kind}, {n} of it:\n{before}\n{now}");
                }
                assert!(n < 2 || now == before, "{kind}, {n} of it:\n{before}\n{now}");
                before = now;
            }
        }
    });
}

#[test]
fn rules_with_a_set_that_stands_in_are_known_to_be_in_force() {
    isolated("changes::rules_with_a_set_that_stands_in_are_known_to_be_in_force", || {
        in_force(&rules(&["deny from 10.0.0.1", "deny from 10.0.0.2"]));
        let parted = rules(&["deny from 10.0.0.1", "allow 22", "deny from 10.0.0.2"]);
        let mut firewall = in_force(&parted);
        let listed = numbered_rules();
        assert!(listed.contains(".2 drop"), "{listed}");
        assert!(firewall.enforces(&parted, &lists()).unwrap());
        in_force(&parted);
        assert_eq!(numbered_rules(), listed);
    });
}

/// All rules with their numbers, which new ones would not have.
fn numbered_rules() -> String {
    let words = ["-ast", "list", "table", "inet", "palisade"];
    let listed = Command::new("nft").args(words).output().unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    listed.lines().skip_while(|line| !line.contains("chain")).collect::<Vec<_>>().join("\n")
}

#[test]
fn one_port_more_is_one_element_more() {
    isolated("changes::one_port_more_is_one_element_more", || {
        let host = other_host();
        let _servers = [2222, 2223].map(servers);
        let mut lines: Vec<String> = (3001..=3500).map(|port| format!("allow {port}/tcp")).collect();
        let policy = |lines: &[String]| rules(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let mut firewall = in_force(&policy(&lines));
        let before = numbered_rules();
        assert_eq!(before.matches(" dport @oneof").count(), 1, "{before}");
        for (more, open) in [("allow 2222/tcp", true), ("allow 2223/tcp", true), ("allow 2222/tcp", false)] {
            match open {
                true => lines.push(more.to_owned()),
                false => lines.retain(|line| line != more),
            }
            // Another process each time.
            in_force(&policy(&lines));
            let port = more[6..10].parse().unwrap();
            for from in ["192.0.2.2", "2001:db8::2"] {
                let expected = if open { 0 } else { IN_PROGRESS };
                assert_eq!(knock(&host, from, port, expected), expected, "{from} {more} {open}");
            }
            assert_eq!(numbered_rules(), before);
        }
        assert_eq!(knock(&host, "192.0.2.2", 2223, 0), 0);
        firewall.set_policy(&policy(&lines), &lists()).unwrap();

        let other = Firewall::open().unwrap();
        let mut monitor = other.monitor().unwrap();
        let list = before.split(" dport @oneof.").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        for damage in ["delete", "add"] {
            nft(&format!(
                "{damage} element inet palisade oneof.{list} {{ {} }}",
                if damage == "add" { 9 } else { 2223 }
            ));
            assert_eq!(monitor.read(&other).unwrap(), [Event::RulesChanged], "{damage}");
            firewall.set_policy(&policy(&lines), &lists()).unwrap();
            monitor.read(&other).unwrap();
            let elements = nft(&format!("list set inet palisade oneof.{list}"));
            assert!(elements.contains(" 2223,") && !elements.contains(" 9,"), "{elements}");
        }
    });
}

#[test]
fn many_single_addresses_cost_one_rule() {
    isolated("changes::many_single_addresses_cost_one_rule", || {
        let lines: Vec<String> = (0..500)
            .map(|n| format!("deny from 10.0.{}.{} to any port 22 proto tcp", n / 250, n % 250))
            .collect();
        let _firewall = in_force(&rules(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(nft("list chain inet palisade rules.in").matches("drop").count(), 1);
    });
}
