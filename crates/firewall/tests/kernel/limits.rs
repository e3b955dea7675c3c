//! What `limit` lets through.

use std::time::{Duration, Instant};

use firewall::Firewall;

use crate::isolated::isolated;
use crate::network::{Host, nft, run, tcp};
use crate::rules::{REFUSED, in_force, knock, lists, other_host, rules, servers};

/// How many of 8 connections in a row get in.
fn let_in(host: &Host, from: &str, port: u16) -> usize {
    let outcomes: Vec<i32> = (0..8).map(|_| knock(host, from, port, 0)).collect();
    assert!(outcomes.iter().all(|outcome| [0, REFUSED].contains(outcome)), "{from}: {outcomes:?}");
    outcomes.iter().filter(|outcome| **outcome == 0).count()
}

#[test]
fn the_sixth_connection_in_half_a_minute_is_refused_for_each_source_and_port() {
    isolated("limits::the_sixth_connection_in_half_a_minute_is_refused_for_each_source_and_port", || {
        let host = other_host();
        host.run("ip addr add 2001:db8:0:1::2/64 dev peer nodad");
        run("ip -6 route add 2001:db8:0:1::/64 dev cable");
        let _servers = [2222, 2223].map(servers);
        let policy = ["limit 2222:2223/tcp"];
        let mut firewall = in_force(&rules(&policy));
        for from in ["192.0.2.2", "192.0.2.3", "2001:db8::2", "2001:db8:0:1::2"] {
            for port in [2222, 2223] {
                assert_eq!(let_in(&host, from, port), 5, "{from} to {port}");
            }
        }
        // One network of an IPv6 host is one source.
        assert_eq!(let_in(&host, "2001:db8::3", 2222), 0);
        // Accounts outlast changes of other rules, and a process.
        firewall.set_policy(&rules(&["allow 80", policy[0]]), &lists()).unwrap();
        assert_eq!(let_in(&host, "192.0.2.2", 2222), 0);
        drop(firewall);
        in_force(&rules(&policy));
        assert_eq!(let_in(&host, "2001:db8::2", 2222), 0);
    });
}

/// The names of the sets that count what the limit of ufw allows.
fn accounts() -> Vec<String> {
    let listing = nft("list sets");
    let names = listing.lines().filter_map(|line| line.trim().strip_prefix("set ")?.strip_suffix(" {"));
    names.filter(|name| name.starts_with("limit")).map(str::to_owned).collect()
}

/// As if so much time had passed for what is in these sets, each of which holds one source at most, for half a minute.
fn pass(seconds: u64, sets: &[String]) {
    for set in sets {
        let listing = nft(&format!("list set inet palisade {set}"));
        let Some((_, element)) = listing.split_once("elements = { ") else { continue };
        let (key, left) = element.split_once(" expires ").unwrap();
        let left: u64 = left.split_once('s').unwrap().0.parse().unwrap();
        let of_set = format!("element inet palisade {set} {{ {key}");
        let again = left.checked_sub(seconds).filter(|left| *left > 0);
        let again = again.map(|left| format!("; add {of_set} expires {left}s }}"));
        nft(&format!("delete {of_set} }}{}", again.unwrap_or_default()));
    }
}

#[test]
fn who_hammers_stays_out_and_is_let_in_30_s_after_the_last_try() {
    isolated("limits::who_hammers_stays_out_and_is_let_in_30_s_after_the_last_try", || {
        let host = other_host();
        let _servers = servers(2222);
        let _firewall = in_force(&rules(&["limit 2222/tcp"]));
        let sets = accounts();
        for from in ["192.0.2.2", "2001:db8::2"] {
            assert_eq!(let_in(&host, from, 2222), 5);
            // What was let in is long ago, but the tries are not.
            for _ in 0..4 {
                pass(20, &sets);
                assert_eq!(knock(&host, from, 2222, 0), REFUSED, "20 s after a try");
            }
            pass(25, &sets);
            assert_eq!(knock(&host, from, 2222, 0), REFUSED, "25 s after the last try");
            pass(30, &sets);
            assert_eq!(let_in(&host, from, 2222), 5, "30 s after the last try");
            pass(30, &sets);
        }
    });
}

#[test]
fn any_half_a_minute_counts_not_only_those_that_follow_on_each_other() {
    isolated("limits::any_half_a_minute_counts_not_only_those_that_follow_on_each_other", || {
        let host = other_host();
        let _servers = servers(2222);
        let _firewall = in_force(&rules(&["limit 2222/tcp"]));
        let sets = accounts();
        let tries = |count| (0..count).for_each(|_| assert_eq!(knock(&host, "192.0.2.2", 2222, 0), 0));
        tries(1);
        pass(20, &sets);
        tries(4);
        pass(15, &sets);
        // The first is over, the four are not.
        tries(1);
        assert_eq!(knock(&host, "192.0.2.2", 2222, 0), REFUSED);
    });
}

#[test]
fn a_rate_of_ones_own_refills_in_its_time() {
    isolated("limits::a_rate_of_ones_own_refills_in_its_time", || {
        let host = other_host();
        let _server = servers(2222);
        let _firewall = in_force(&rules(&["limit 2222/tcp rate 60/minute burst 3"]));
        let start = Instant::now();
        let first = let_in(&host, "192.0.2.2", 2222);
        // One more for each second that it took.
        assert!((3..=4 + start.elapsed().as_secs() as usize).contains(&first), "{first}");
        std::thread::sleep(Duration::from_millis(1100));
        assert_eq!(knock(&host, "192.0.2.2", 2222, 0), 0);
    });
}

#[test]
fn connections_that_stand_are_counted_until_they_end() {
    isolated("limits::connections_that_stand_are_counted_until_they_end", || {
        let host = other_host();
        let [v4, v6] = servers(2222);
        let _firewall = in_force(&rules(&["limit 2222/tcp connections 2"]));
        for (server, from, other) in [(v4, "192.0.2.2", Some("192.0.2.3")), (v6, "2001:db8::2", None)] {
            let mut standing: Vec<_> = (0..2).map(|_| host.tcp(from, server.address).unwrap()).collect();
            assert_eq!(host.tcp(from, server.address).unwrap_err(), REFUSED);
            if let Some(other) = other {
                host.tcp(other, server.address).unwrap();
            }
            standing.pop();
            let deadline = Instant::now() + Duration::from_secs(20);
            let again = || host.within(|| tcp(from, server.address));
            while again().is_err() {
                assert!(Instant::now() < deadline, "still counted");
            }
        }
    });
}

#[test]
fn accounts_are_bounded() {
    isolated("limits::accounts_are_bounded", || {
        let mut firewall = Firewall::open().unwrap();
        let limits = ["limit 22/tcp rate 1/day", "limit from 10.0.0.0/8 connections 3", "limit 25/tcp"];
        firewall.set_policy(&rules(&limits), &lists()).unwrap();
        let listing = nft("list sets");
        assert_eq!(listing.matches("flags dynamic").count(), 15, "{listing}");
        assert_eq!(listing.matches("size 65535").count(), 15, "{listing}");
        assert_eq!(listing.matches("timeout 1d").count(), 2, "{listing}");
    });
}
