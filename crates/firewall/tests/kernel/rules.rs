//! What rules let in and keep out, with packets between two hosts.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use firewall::rules::{Defaults, Policy, Rule, Stance, Vocabulary};
use firewall::{Firewall, FirewallError, Lists};

use crate::isolated::isolated;
use crate::network::{Host, PATIENCE, Server, nft, run, tcp_within, udp};
use crate::{ban, jail};

pub(crate) const REFUSED: i32 = 111;
pub(crate) const IN_PROGRESS: i32 = 115;

/// Long enough for an answer in one kernel; what is dropped is waited for as long.
const SHORT: Duration = Duration::from_millis(250);

pub(crate) fn rules(lines: &[&str]) -> Policy {
    let vocabulary = Vocabulary { lists: ["friends".to_owned()].into(), ..Vocabulary::default() };
    let rule =
        |line: &&str| Rule::read(line, &vocabulary).unwrap_or_else(|error| panic!("{line}: {error:?}"));
    Policy { enabled: true, rules: lines.iter().map(rule).collect(), ..Policy::default() }
}

pub(crate) fn lists() -> Lists {
    let nets = ["192.0.2.3/32", "192.0.2.64/26", "2001:db8::3/128", "2001:db8:0:0:64::/80"];
    [("friends".to_owned(), nets.map(|net| net.parse().unwrap()).to_vec())].into()
}

pub(crate) fn in_force(policy: &Policy) -> Firewall {
    let mut firewall = Firewall::open().unwrap();
    firewall.set_policy(policy, &lists()).unwrap();
    firewall
}

/// The other host has 192.0.2.2, .3, .66 and 2001:db8::2, ::3, 64::6; this one has .1 and ::1.
pub(crate) fn other_host() -> Host {
    let host = Host::new();
    let theirs = [
        "192.0.2.2/24",
        "192.0.2.3/24",
        "192.0.2.66/24",
        "192.0.2.69/24",
        "192.0.2.72/24",
        "2001:db8::2/64",
        "2001:db8::3/64",
        "2001:db8:0:0:64::6/64",
        "2001:db8:0:0:65::6/64",
        "2001:db8:0:0:66::6/64",
    ];
    host.connect("cable", &["192.0.2.1/24", "2001:db8::1/64"], &theirs);
    // The first packets of a new cable can be lost.
    for from in ["192.0.2.2", "2001:db8::2"] {
        let ours = if from.contains(':') { "[2001:db8::1]:9" } else { "192.0.2.1:9" };
        assert_eq!(host.tcp(from, ours.parse().unwrap()).unwrap_err(), REFUSED);
    }
    host
}

pub(crate) fn servers(port: u16) -> [Server; 2] {
    [Server::new(&format!("192.0.2.1:{port}")), Server::new(&format!("[2001:db8::1]:{port}"))]
}

/// What becomes of a connection: 0 is let in, [`REFUSED`], or [`IN_PROGRESS`] without an answer, which is only waited
/// for as long as it must be where none is expected.
pub(crate) fn outcome(from: &str, to: SocketAddr, expected: i32) -> i32 {
    let patience = if expected == IN_PROGRESS { SHORT } else { PATIENCE };
    tcp_within(patience, from, to).err().unwrap_or(0)
}

pub(crate) fn knock(host: &Host, from: &str, port: u16, expected: i32) -> i32 {
    let ours = if from.contains(':') { "[2001:db8::1]" } else { "192.0.2.1" };
    let to: SocketAddr = format!("{ours}:{port}").parse().unwrap();
    host.within(|| outcome(from, to, expected))
}

#[track_caller]
fn assert_knocks(host: &Host, port: u16, expected: &[(&str, i32)]) {
    for (from, wanted) in expected {
        assert_eq!(knock(host, from, port, *wanted), *wanted, "{from} to port {port}");
    }
}

#[test]
fn what_no_rule_allows_is_dropped_and_what_one_allows_gets_in() {
    isolated("rules::what_no_rule_allows_is_dropped_and_what_one_allows_gets_in", || {
        let host = other_host();
        let (_open, _closed) = (servers(2222), servers(2223));
        let _firewall = in_force(&rules(&["allow 2222/tcp"]));
        for from in ["192.0.2.2", "2001:db8::2"] {
            assert_knocks(&host, 2222, &[(from, 0)]);
            assert_knocks(&host, 2223, &[(from, IN_PROGRESS)]);
        }
    });
}

#[test]
fn the_first_rule_that_fits_decides() {
    isolated("rules::the_first_rule_that_fits_decides", || {
        let host = other_host();
        let _server = servers(2222);
        let _firewall = in_force(&rules(&[
            "deny from 192.0.2.2",
            "reject from 2001:db8::2 port 1:65535 proto tcp",
            "allow 2222",
            "deny from 192.0.2.3",
        ]));
        let expected =
            [("192.0.2.2", IN_PROGRESS), ("192.0.2.3", 0), ("2001:db8::2", REFUSED), ("2001:db8::3", 0)];
        assert_knocks(&host, 2222, &expected);
    });
}

#[test]
fn addresses_that_became_a_set_are_judged_as_in_rules_of_their_own() {
    isolated("rules::addresses_that_became_a_set_are_judged_as_in_rules_of_their_own", || {
        let host = other_host();
        let _server = servers(2222);
        let _firewall = in_force(&rules(&[
            "reject from 192.0.2.2 to any port 2222 proto tcp",
            "reject from 2001:db8::2 to any port 2222 proto tcp",
            "reject from 192.0.2.3 to any port 2222 proto tcp",
            "reject from 2001:db8::3 to any port 2222 proto tcp",
            "reject from 192.0.2.64/30 to any port 2222 proto tcp",
            "reject from 2001:db8:0:0:64::/80 to any port 2222 proto tcp",
            "reject from 192.0.2.68/30 to any port 2222 proto tcp",
            "reject from 2001:db8:0:0:65::/80 to any port 2222 proto tcp",
            "allow 2222",
        ]));
        let listing = nft("list chain inet palisade rules.in");
        assert_eq!(listing.matches("@oneof").count(), 5, "{listing}");
        for from in [
            "192.0.2.2",
            "192.0.2.3",
            "192.0.2.66",
            "192.0.2.69",
            "2001:db8::2",
            "2001:db8::3",
            "2001:db8:0:0:64::6",
            "2001:db8:0:0:65::6",
        ] {
            assert_knocks(&host, 2222, &[(from, REFUSED)]);
        }
        assert_knocks(&host, 2222, &[("192.0.2.72", 0), ("2001:db8:0:0:66::6", 0)]);
    });
}

#[test]
fn port_lists_networks_and_interfaces_mean_what_they_say() {
    isolated("rules::port_lists_networks_and_interfaces_mean_what_they_say", || {
        let host = other_host();
        let _servers = [2222, 2223, 2230, 2240].map(servers);
        let _firewall = in_force(&rules(&[
            "allow in on cable from 192.0.2.0/26 to any port 2222,2225:2230 proto tcp",
            "allow in on cab+ from 2001:db8::/124 to any port 2222,2225:2230 proto tcp",
            "allow in on other to any port 2223",
            "allow from 192.0.0.2/255.255.0.255 to 192.0.2.1 port 2240 proto tcp",
        ]));
        for from in ["192.0.2.2", "2001:db8::2"] {
            assert_knocks(&host, 2222, &[(from, 0)]);
            assert_knocks(&host, 2230, &[(from, 0)]);
            assert_knocks(&host, 2223, &[(from, IN_PROGRESS)]);
        }
        assert_knocks(&host, 2222, &[("192.0.2.66", IN_PROGRESS), ("2001:db8:0:0:64::6", IN_PROGRESS)]);
        assert_knocks(
            &host,
            2240,
            &[("192.0.2.2", 0), ("192.0.2.3", IN_PROGRESS), ("2001:db8::2", IN_PROGRESS)],
        );
    });
}

#[test]
fn a_named_list_is_a_set_of_networks_of_both_families() {
    isolated("rules::a_named_list_is_a_set_of_networks_of_both_families", || {
        let host = other_host();
        let _server = servers(2222);
        let mut firewall = in_force(&rules(&["allow from friends to any port 2222 proto tcp"]));
        for (friend, foe) in
            [("192.0.2.3", "192.0.2.2"), ("192.0.2.66", "192.0.2.2"), ("2001:db8:0:0:64::6", "2001:db8::2")]
        {
            assert_knocks(&host, 2222, &[(friend, 0), (foe, IN_PROGRESS)]);
        }
        let turned: Lists = [("friends".to_owned(), vec!["192.0.2.2/32".parse().unwrap()])].into();
        firewall.set_policy(&rules(&["allow from friends to any port 2222 proto tcp"]), &turned).unwrap();
        let expected = [("192.0.2.2", 0), ("192.0.2.3", IN_PROGRESS), ("2001:db8::2", IN_PROGRESS)];
        assert_knocks(&host, 2222, &expected);
        assert!(matches!(
            firewall.set_policy(&rules(&["allow from friends"]), &Lists::new()),
            Err(FirewallError::UnknownList(_))
        ));
        assert_knocks(&host, 2222, &expected);
    });
}

#[test]
fn default_policies_decide_where_no_rule_does() {
    isolated("rules::default_policies_decide_where_no_rule_does", || {
        let host = other_host();
        let _servers = [2222, 2223].map(servers);
        let theirs = host.within(|| [Server::new("192.0.2.2:80"), Server::new("[2001:db8::2]:80")]);
        let out = |at: &Server, expected| {
            let from = if at.address.is_ipv4() { "192.0.2.1" } else { "2001:db8::1" };
            assert_eq!(outcome(from, at.address, expected), expected);
        };
        let mut firewall = Firewall::open().unwrap();
        let mut set = |incoming, outgoing, line: &str| {
            let defaults = Defaults { incoming, outgoing, routed: Stance::Deny };
            firewall.set_policy(&Policy { defaults, ..rules(&[line]) }, &lists()).unwrap();
        };
        for (stance, answer) in [(Stance::Allow, 0), (Stance::Deny, IN_PROGRESS), (Stance::Reject, REFUSED)] {
            set(stance, Stance::Allow, "deny 2223");
            for from in ["192.0.2.2", "2001:db8::2"] {
                assert_knocks(&host, 2222, &[(from, answer)]);
                assert_knocks(&host, 2223, &[(from, IN_PROGRESS)]);
            }
            set(Stance::Allow, stance, "allow out 443");
            theirs.iter().for_each(|server| out(server, answer));
            set(Stance::Deny, stance, "allow out 80/tcp");
            theirs.iter().for_each(|server| out(server, 0));
        }
    });
}

#[test]
fn reject_answers_udp_too() {
    isolated("rules::reject_answers_udp_too", || {
        let host = other_host();
        let server = std::net::UdpSocket::bind("192.0.2.1:53").unwrap();
        let _firewall = in_force(&rules(&["reject 53/udp"]));
        let error = host.within(|| {
            let socket = udp("192.0.2.2");
            socket.connect(server.local_addr().unwrap()).unwrap();
            socket.send(b"query").unwrap();
            socket.recv(&mut [0; 8]).unwrap_err()
        });
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn routed_packets_have_rules_and_a_policy_of_their_own() {
    isolated("rules::routed_packets_have_rules_and_a_policy_of_their_own", || {
        let host = other_host();
        let third = Host::container();
        host.run("ip route add 10.9.0.0/24 via 192.0.2.1");
        host.run("ip -6 route add fd09::/64 via 2001:db8::1");
        let open = third.within(|| [Server::new("10.9.0.2:80"), Server::new("[fd09::2]:80")]);
        let closed = third.within(|| [Server::new("10.9.0.2:81"), Server::new("[fd09::2]:81")]);
        let _firewall =
            in_force(&rules(&["allow 81", "route allow in on cable out on inner to any port 80 proto tcp"]));
        for (servers, expected) in [(open, 0), (closed, IN_PROGRESS)] {
            for (server, from) in servers.iter().zip(["192.0.2.2", "2001:db8::2"]) {
                assert_eq!(host.within(|| outcome(from, server.address, expected)), expected, "{from}");
            }
        }
    });
}

#[test]
fn a_published_port_of_a_container_is_a_port_of_this_host() {
    isolated("rules::a_published_port_of_a_container_is_a_port_of_this_host", || {
        let host = other_host();
        let _container = Host::published();
        let cases: [(&[&str], [i32; 2]); 7] = [
            (&[], [IN_PROGRESS, IN_PROGRESS]),
            (&["allow 80"], [IN_PROGRESS, IN_PROGRESS]),
            (&["allow 8080/tcp"], [0, 0]),
            (&["allow 8080/tcp", "allow 81/tcp"], [0, 0]),
            (&["allow from friends to any port 8080 proto tcp"], [IN_PROGRESS, 0]),
            (&["reject from 192.0.2.2 to 192.0.2.1 port 8080", "allow 8080"], [REFUSED, 0]),
            (&["route allow from 192.0.2.2 to 10.9.0.2 port 80"], [0, IN_PROGRESS]),
        ];
        let mut firewall = Firewall::open().unwrap();
        for (lines, expected) in cases {
            firewall.set_policy(&rules(lines), &lists()).unwrap();
            for (from, expected) in ["192.0.2.2", "192.0.2.3"].into_iter().zip(expected) {
                assert_eq!(knock(&host, from, 8080, expected), expected, "{from} {lines:?}");
            }
        }
    });
}

#[test]
fn what_comes_out_of_a_container_is_not_stopped() {
    isolated("rules::what_comes_out_of_a_container_is_not_stopped", || {
        let host = other_host();
        let container = Host::container();
        host.run("ip route add 10.9.0.0/24 via 192.0.2.1");
        let server = host.within(|| Server::new("192.0.2.2:80"));
        let mut firewall = in_force(&rules(&[]));
        let out = |expected| container.within(|| outcome("10.9.0.2", server.address, expected));
        let names = [
            ("br-lan", IN_PROGRESS),
            ("br-0123456789ab", 0),
            ("docker0", 0),
            ("virbr0", 0),
            ("eth1", IN_PROGRESS),
        ];
        for (name, expected) in names {
            run(&format!(
                "ip link set inner down; ip link set inner name x; ip link set x name {name}; ip link set {name} up"
            ));
            assert_eq!(out(expected), expected, "{name}");
            run(&format!("ip link set {name} down; ip link set {name} name inner; ip link set inner up"));
        }
        firewall.set_policy(&rules(&["route reject from 10.9.0.0/24 proto tcp"]), &lists()).unwrap();
        run("ip link set inner down; ip link set inner name docker0; ip link set docker0 up");
        assert_eq!(out(REFUSED), REFUSED, "a rule is asked first");
    });
}

#[test]
fn what_every_host_needs_is_let_in_quietly() {
    isolated("rules::what_every_host_needs_is_let_in_quietly", || {
        let host = other_host();
        let _firewall = in_force(&rules(&["deny from any"]));
        // Neighbours are found anew.
        run("ip neigh flush all");
        host.run("ip neigh flush all");
        let receives = |at: &str, join: &str, from: &str, port: u16, to: &str| {
            let listener = std::net::UdpSocket::bind(at).unwrap();
            if let Ok(group) = join.parse() {
                listener.join_multicast_v4(&group, &"192.0.2.1".parse().unwrap()).unwrap();
            }
            listener.set_read_timeout(Some(SHORT)).unwrap();
            host.within(|| {
                let socket = std::net::UdpSocket::bind((from, port)).unwrap();
                socket.set_broadcast(true).unwrap();
                socket.send_to(b"x", to).unwrap();
            });
            listener.recv(&mut [0; 8]).is_ok()
        };
        assert!(receives("0.0.0.0:68", "", "192.0.2.2", 67, "192.0.2.1:68"), "DHCP");
        assert!(!receives("0.0.0.0:69", "", "192.0.2.2", 67, "192.0.2.1:69"), "not DHCP");
        host.run("ip route add multicast 224.0.0.0/4 dev peer");
        assert!(receives("0.0.0.0:5353", "224.0.0.251", "192.0.2.2", 5353, "224.0.0.251:5353"), "mDNS");
        assert!(
            receives("0.0.0.0:1900", "239.255.255.250", "192.0.2.2", 1900, "239.255.255.250:1900"),
            "SSDP"
        );
        assert!(!receives("0.0.0.0:1901", "239.255.255.250", "192.0.2.2", 1901, "239.255.255.250:1901"));
        for (from, to) in [("192.0.2.2", "192.0.2.1"), ("2001:db8::2", "2001:db8::1")] {
            assert!(pings(&host, from, to), "{to}");
        }
    });
}

/// Whether an echo comes back, of ICMP's own socket that needs no privilege.
fn pings(host: &Host, from: &str, to: &str) -> bool {
    use rustix::net::ipproto;
    use rustix::net::{
        AddressFamily, Protocol, RecvFlags, SendFlags, SocketType, bind, recv, sendto, socket, sockopt,
    };
    host.run("sh -c 'echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range'");
    host.within(|| {
        let v4 = from.contains('.');
        let protocol: Option<Protocol> = Some(if v4 { ipproto::ICMP } else { ipproto::ICMPV6 });
        let family = if v4 { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = socket(family, SocketType::DGRAM, protocol).unwrap();
        let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        bind(&socket, &address(from)).unwrap();
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(SHORT)).unwrap();
        let echo = [if v4 { 8 } else { 128 }, 0, 0, 0, 0, 0, 0, 1];
        sendto(&socket, &echo, SendFlags::empty(), &address(to)).unwrap();
        recv(&socket, &mut [0_u8; 64], RecvFlags::empty()).is_ok()
    })
}

#[test]
fn bans_and_rules_are_kept_apart() {
    isolated("rules::bans_and_rules_are_kept_apart", || {
        let host = other_host();
        let _server = servers(2222);
        let mut firewall = crate::firewall(&[jail("sshd", &[2222])]);
        firewall.ban(&[ban("sshd", "192.0.2.2", 600)]).unwrap();
        // Another process, as a command without the daemon: it knows of no bans.
        in_force(&rules(&["allow from 192.0.2.0/24"]));
        let expected = [("192.0.2.2", REFUSED), ("192.0.2.3", 0), ("2001:db8::2", IN_PROGRESS)];
        assert_knocks(&host, 2222, &expected);
        // A process that knows of no rules.
        let applied = firewall.apply(&crate::policy(&[jail("sshd", &[2222]), jail("web", &[80])])).unwrap();
        assert_eq!(applied.emptied, ["web"]);
        assert_knocks(&host, 2222, &expected);
        let disabled = Policy::default();
        in_force(&disabled);
        assert_knocks(&host, 2222, &[("192.0.2.2", REFUSED), ("192.0.2.3", 0), ("2001:db8::2", 0)]);
        let listing = nft("list table inet palisade");
        assert!(!listing.contains("rules.") && !listing.contains("hook input"), "{listing}");
    });
}

#[test]
fn what_another_program_does_to_the_rules_is_undone() {
    isolated("rules::what_another_program_does_to_the_rules_is_undone", || {
        let jails = crate::policy(&[jail("sshd", &[2222])]);
        let mut firewall = crate::firewall(&[jail("sshd", &[2222])]);
        firewall
            .set_policy(&rules(&["allow 22,80/tcp", "limit 25/tcp", "deny from 10.0.0.1"]), &lists())
            .unwrap();
        let mut monitor = firewall.monitor().unwrap();
        // A chain that was made anew is listed last.
        let listed = || {
            let mut lines: Vec<_> = nft("list table inet palisade").lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let before = listed();
        for damage in [
            "flush chain inet palisade rules.in",
            "insert rule inet palisade input accept",
            "add chain inet palisade output { policy drop; }",
            "delete table inet palisade",
            "flush ruleset",
        ] {
            nft(damage);
            assert_eq!(monitor.read(&firewall).unwrap().len(), 1, "{damage}");
            firewall.apply(&jails).unwrap();
            assert_eq!(listed(), before, "{damage}");
        }
    });
}

#[test]
fn nft_reads_its_listing_back() {
    isolated("rules::nft_reads_its_listing_back", || {
        let mut policy = rules(&[
            "allow log 22/tcp",
            "limit 25/tcp rate 10/minute burst 5 connections 2",
            "deny from 10.0.0.0/8 to any port 80,443,8000:8080 proto tcp",
            "reject out on eth0 to 192.0.2.9 port 53 proto udp",
            "route allow in on eth0 out on eth1 from friends proto tcp",
            "allow from 10.0.0.1 proto gre",
            "allow 5000/tcp",
            "allow 5001/tcp",
        ]);
        for level in firewall::rules::Logging::ALL {
            policy.logging = level;
            let mut firewall = in_force(&policy);
            // The name of a Docker network is told by its length, for which nft has no word.
            let listed =
                || nft("list ruleset").replace("\t\tiifname \"br-*\" iifname & \"\" != \"\" accept\n", "");
            let listing = listed();
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &listing).unwrap();
            nft("flush ruleset");
            nft(&format!("include \"{}\"", file.path().display()));
            // The elements of a hash table have no order.
            let chains = |listing: &str| listing[listing.find("chain ").unwrap()..].to_owned();
            assert_eq!(chains(&listed()), chains(&listing));
            firewall.remove().unwrap();
        }
    });
}
