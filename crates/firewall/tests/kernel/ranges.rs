//! Sets of ranges, which the kernel shows packets later than the rules of the same transaction.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use firewall::rules::Policy;
use firewall::{Firewall, Lists};

use crate::isolated::isolated;
use crate::network::{Host, nft, udp};
use crate::rules::{in_force, other_host, rules};

/// As many changes as show several such packets where sets come with their rules.
const CHANGES: u8 = 200;

/// Counts what comes to two ports, and of that what our rules let pass.
const COUNTERS: &str = "table inet probe { counter closed {}; counter open {}; counter came {}; counter passed {}; \
    chain before { type filter hook input priority -10; udp dport 2224 counter name closed; \
                   udp dport 2225 counter name open; }; \
    chain behind { type filter hook input priority 10; udp dport 2224 counter name came; \
                   udp dport 2225 counter name passed; }; }";

fn counted(name: &str) -> u64 {
    let shown = nft(&format!("list counter inet probe {name}"));
    let packets = shown.split("packets ").nth(1).and_then(|rest| rest.split(' ').next());
    packets.unwrap().parse().unwrap()
}

/// A port is closed in a range, another is open to a list of networks.
fn put_in_force(firewall: &mut Firewall, n: u8) {
    let closed = format!("deny 1:{},2224/udp", 1000 + u32::from(n));
    let lines = [&closed, "allow 2224/udp", "allow from friends to any port 2225 proto udp"];
    let nets = ["192.0.2.0/24".to_owned(), "198.51.100.0/24".to_owned(), format!("10.{n}.0.0/16")];
    let friends: Lists = [("friends".to_owned(), nets.map(|net| net.parse().unwrap()).to_vec())].into();
    firewall.set_policy(&rules(&lines), &friends).unwrap();
}

fn knock(host: &Host, is_over: &AtomicBool) {
    host.within(|| {
        let socket = udp("192.0.2.2");
        while !is_over.load(Ordering::Relaxed) {
            // What the kernel refuses to send is not counted.
            for to in ["192.0.2.1:2224", "192.0.2.1:2225"] {
                let _ = socket.send_to(b"x", to);
            }
        }
    });
}

#[test]
fn no_packet_sees_a_new_set_of_ranges_empty() {
    isolated("ranges::no_packet_sees_a_new_set_of_ranges_empty", || {
        let host = other_host();
        let _open = [2224, 2225].map(|port| UdpSocket::bind(("192.0.2.1", port)).unwrap());
        let mut firewall = Firewall::open().unwrap();
        put_in_force(&mut firewall, 0);
        nft(COUNTERS);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| knock(&host, &is_over));
            (1..=CHANGES).for_each(|n| put_in_force(&mut firewall, n));
            is_over.store(true, Ordering::Relaxed);
        });
        // What was sent last may still be on its way.
        std::thread::sleep(Duration::from_millis(200));
        let (open, passed) = (counted("open"), counted("passed"));
        assert!(open > 10 * u64::from(CHANGES) && counted("closed") > 10 * u64::from(CHANGES));
        assert_eq!((passed, counted("came")), (open, 0), "of {open} allowed packets, and of denied ones");
    });
}

/// The name of the set of ranges of ports among those shown.
fn ranges_of_ports(shown: &str) -> &str {
    let mut sets = shown.split("set ").filter(|set| set.starts_with("ports."));
    sets.find(|set| set.contains("interval")).and_then(|set| set.split(' ').next()).unwrap()
}

#[test]
fn where_a_change_is_refused_its_sets_of_ranges_are_taken_back() {
    isolated("ranges::where_a_change_is_refused_its_sets_of_ranges_are_taken_back", || {
        let mut firewall = Firewall::open().unwrap();
        put_in_force(&mut firewall, 0);
        let before = nft("list sets inet");
        // The kernel lets nobody delete what another's rule asks.
        let held = ranges_of_ports(&before);
        nft(&format!("add chain inet palisade mine; add rule inet palisade mine udp dport @{held}"));
        let refused = firewall.set_policy(&rules(&["deny 1:7,9/udp"]), &Lists::new());
        assert!(refused.is_err(), "{refused:?}");
        assert_eq!(nft("list sets inet"), before);
    });
}

#[test]
fn what_an_interrupted_change_left_behind_is_not_trusted() {
    isolated("ranges::what_an_interrupted_change_left_behind_is_not_trusted", || {
        let mut firewall = Firewall::open().unwrap();
        put_in_force(&mut firewall, 0);
        let wanted = nft("list table inet palisade");
        in_force(&Policy::default());
        let name = ranges_of_ports(&wanted);
        let set = "type inet_service; flags constant,interval; elements = { 7-9 };";
        nft(&format!("add table inet palisade; add set inet palisade {name} {{ {set} }}"));
        put_in_force(&mut firewall, 0);
        assert_eq!(nft("list table inet palisade"), wanted);
    });
}
