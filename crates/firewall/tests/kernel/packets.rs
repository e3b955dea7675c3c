//! What a banned address can and cannot do.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use firewall::{Ban, Ports, Protocol, Verdict};

use crate::isolated::isolated;
use crate::network::{Host, Server, tcp, tcp_within, udp};
use crate::{ban, firewall, jail, policy};

const REFUSED: i32 = 111;
const IN_PROGRESS: i32 = 115;

/// The attacker has 192.0.2.2, .3 and 2001:db8::2, ::3; the servers are on .1 and ::1.
fn attacker() -> Host {
    let host = Host::new();
    let theirs = ["192.0.2.2/24", "192.0.2.3/24", "192.0.2.66/24", "2001:db8::2/64", "2001:db8::3/64"];
    host.connect("cable", &["192.0.2.1/24", "2001:db8::1/64"], &theirs);
    host
}

fn servers() -> [Server; 2] {
    [Server::new("192.0.2.1:2222"), Server::new("[2001:db8::1]:2222")]
}

#[test]
fn a_banned_address_is_refused_and_another_is_not() {
    isolated("packets::a_banned_address_is_refused_and_another_is_not", || {
        let attacker = attacker();
        let [v4, v6] = servers();
        let mut firewall = firewall(&[jail("sshd", &[2222])]);
        for (server, banned, other) in [(&v4, "192.0.2.2", "192.0.2.3"), (&v6, "2001:db8::2", "2001:db8::3")]
        {
            attacker.tcp(banned, server.address).unwrap();
            let one = ban("sshd", banned, 600);
            firewall.ban(std::slice::from_ref(&one)).unwrap();
            assert_eq!(attacker.tcp(banned, server.address).unwrap_err(), REFUSED);
            attacker.tcp(other, server.address).unwrap();
            firewall.unban(&[(one.jail, one.net)]).unwrap();
            attacker.tcp(banned, server.address).unwrap();
        }
        assert!(firewall.counters().unwrap()["sshd"].packets >= 2);
    });
}

#[test]
fn only_the_ports_of_the_jail_are_refused() {
    isolated("packets::only_the_ports_of_the_jail_are_refused", || {
        let attacker = attacker();
        let [v4, _v6] = servers();
        let other = Server::new("192.0.2.1:8080");
        let mut ranges = jail("web", &[]);
        ranges.ports = Ports::Ranges(vec![80..=80, 8000..=8999]);
        let mut firewall = firewall(&[ranges]);
        firewall.ban(&[ban("web", "192.0.2.2", 600)]).unwrap();
        assert_eq!(attacker.tcp("192.0.2.2", other.address).unwrap_err(), REFUSED);
        attacker.tcp("192.0.2.2", v4.address).unwrap();
    });
}

#[test]
fn a_network_ban_covers_all_of_it_and_nothing_beside() {
    isolated("packets::a_network_ban_covers_all_of_it_and_nothing_beside", || {
        let attacker = attacker();
        let [v4, v6] = servers();
        let mut firewall = firewall(&[jail("sshd", &[2222])]);
        firewall.ban(&[ban("sshd", "192.0.2.0/26", 600), ban("sshd", "2001:db8::2/127", 600)]).unwrap();
        for banned in ["192.0.2.2", "192.0.2.3"] {
            assert_eq!(attacker.tcp(banned, v4.address).unwrap_err(), REFUSED);
        }
        attacker.tcp("192.0.2.66", v4.address).unwrap();
        for banned in ["2001:db8::2", "2001:db8::3"] {
            assert_eq!(attacker.tcp(banned, v6.address).unwrap_err(), REFUSED);
        }
    });
}

#[test]
fn networks_that_overlap_are_banned_and_unbanned_each_for_itself() {
    isolated("packets::networks_that_overlap_are_banned_and_unbanned_each_for_itself", || {
        let attacker = attacker();
        let [v4, _v6] = servers();
        let mut firewall = firewall(&[jail("sshd", &[2222])]);
        let nets = ["192.0.0.0/8", "192.0.2.0/24", "192.0.2.2"].map(|net| ban("sshd", net, 600));
        firewall.ban(&nets).unwrap();
        for gone in nets {
            assert_eq!(attacker.tcp("192.0.2.2", v4.address).unwrap_err(), REFUSED);
            firewall.unban(&[(gone.jail, gone.net)]).unwrap();
        }
        attacker.tcp("192.0.2.2", v4.address).unwrap();
    });
}

#[test]
fn a_ban_ends_by_itself() {
    isolated("packets::a_ban_ends_by_itself", || {
        let attacker = attacker();
        let [v4, _v6] = servers();
        let mut firewall = firewall(&[jail("sshd", &[2222])]);
        attacker.tcp("192.0.2.2", v4.address).unwrap();
        let time = Duration::from_secs(1);
        let start = Instant::now();
        firewall.ban(&[Ban { left: Some(time), ..ban("sshd", "192.0.2.2", 0) }]).unwrap();
        while attacker.tcp("192.0.2.2", v4.address).is_err() {
            assert!(start.elapsed() < 20 * time, "still banned");
        }
        // The kernel counts in ticks.
        assert!(start.elapsed() >= time * 9 / 10, "{:?}", start.elapsed());
    });
}

#[test]
fn a_connection_that_stands_is_cut() {
    isolated("packets::a_connection_that_stands_is_cut", || {
        let attacker = attacker();
        let [v4, _v6] = servers();
        let mut firewall = firewall(&[jail("sshd", &[2222])]);
        let mut stream = attacker.tcp("192.0.2.2", v4.address).unwrap();
        let mut byte = [0];
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut byte).unwrap();
        firewall.ban(&[ban("sshd", "192.0.2.2", 600)]).unwrap();
        stream.write_all(b"x").unwrap();
        assert_eq!(stream.read(&mut byte).unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn drop_gives_no_answer() {
    isolated("packets::drop_gives_no_answer", || {
        let attacker = attacker();
        let [v4, _v6] = servers();
        let mut silent = jail("sshd", &[2222]);
        silent.verdict = Verdict::Drop;
        let mut firewall = firewall(&[silent]);
        firewall.ban(&[ban("sshd", "192.0.2.2", 600)]).unwrap();
        attacker.tcp("192.0.2.3", v4.address).unwrap();
        let result = attacker.within(|| tcp_within(Duration::from_millis(300), "192.0.2.2", v4.address));
        assert_eq!(result.unwrap_err(), IN_PROGRESS);
    });
}

#[test]
fn other_protocols_get_port_unreachable() {
    isolated("packets::other_protocols_get_port_unreachable", || {
        let attacker = attacker();
        let server = std::net::UdpSocket::bind("192.0.2.1:53").unwrap();
        let mut dns = jail("dns", &[53]);
        dns.protocol = Protocol::Udp;
        let mut firewall = firewall(&[dns]);
        firewall.ban(&[ban("dns", "192.0.2.2", 600)]).unwrap();
        let error = attacker.within(|| {
            let socket = udp("192.0.2.2");
            socket.connect(server.local_addr().unwrap()).unwrap();
            socket.send(b"query").unwrap();
            socket.recv(&mut [0; 8]).unwrap_err()
        });
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn the_published_port_of_a_container_is_covered() {
    isolated("packets::the_published_port_of_a_container_is_covered", || {
        let attacker = attacker();
        let _container = Host::published();
        let published: SocketAddr = "192.0.2.1:8080".parse().unwrap();
        let mut firewall = firewall(&[jail("web", &[8080])]);
        attacker.tcp("192.0.2.2", published).unwrap();
        firewall.ban(&[ban("web", "192.0.2.2", 600)]).unwrap();
        assert_eq!(attacker.tcp("192.0.2.2", published).unwrap_err(), REFUSED);
        attacker.tcp("192.0.2.3", published).unwrap();
    });
}

#[test]
fn a_change_of_policy_or_of_a_ban_never_lets_a_banned_address_in() {
    isolated("packets::a_change_of_policy_or_of_a_ban_never_lets_a_banned_address_in", || {
        let attacker = attacker();
        let [v4, _v6] = servers();
        let policies =
            [policy(&[jail("sshd", &[2222])]), policy(&[jail("web", &[80]), jail("sshd", &[22, 2222])])];
        let mut firewall = firewall(&[jail("sshd", &[2222])]);
        firewall.ban(&[ban("sshd", "192.0.2.2", 600)]).unwrap();
        let stop = AtomicBool::new(false);
        let attempts = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let attack = || {
                attacker.within(|| {
                    while !stop.load(Ordering::Relaxed) {
                        assert_eq!(tcp("192.0.2.2", v4.address).unwrap_err(), REFUSED);
                        attempts.fetch_add(1, Ordering::Relaxed);
                    }
                });
            };
            let attack = scope.spawn(attack);
            while attempts.load(Ordering::Relaxed) < 2000 && !attack.is_finished() {
                for policy in &policies {
                    assert_eq!(
                        firewall.apply(policy).unwrap().emptied.iter().find(|jail| *jail == "sshd"),
                        None
                    );
                    firewall.ban(&[ban("sshd", "192.0.2.2", 500)]).unwrap();
                }
            }
            stop.store(true, Ordering::Relaxed);
            attack.join().unwrap();
        });
    });
}
