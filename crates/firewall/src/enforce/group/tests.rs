use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::rules::Vocabulary;

fn rules(lines: &[&str]) -> Vec<Rule> {
    lines.iter().map(|line| Rule::read(line, &Vocabulary::default()).unwrap()).collect()
}

fn sizes(lines: &[&str]) -> Vec<usize> {
    let size = |group: Group<'_>| group.one_of.map_or(1, |one_of| one_of.keys.len());
    groups(&rules(lines), Direction::In).into_iter().map(size).collect()
}

#[test]
fn rules_that_differ_in_an_address_or_a_network_of_one_size_are_put_together() {
    let lines = [
        "deny from 192.0.2.1",
        "deny from 2001:db8::1",
        "deny from 192.0.2.2 to any port 22",
        "deny from 192.0.2.3",
        "deny 80",
        "deny from 10.0.0.0/8 comment 'a note'",
        "deny to 192.0.2.1",
        "deny from 2001:db8::2",
        "deny from 11.0.0.0/8",
        "deny from 192.0.2.4",
    ];
    assert_eq!(sizes(&lines), [3, 2, 1, 1, 2, 1]);
}

#[test]
fn rules_that_differ_in_their_ports_are_put_together() {
    let lines = [
        "allow 22/tcp",
        "allow 53",
        "allow 80,443/tcp comment 'the web'",
        "allow 8000:8010/tcp",
        "allow 53/udp",
        "allow in on eth0 to any port 22 proto tcp",
        "allow 25",
        "allow from any port 22 to any port 5000 proto tcp",
        "allow from any port 22 to any port 5001 proto tcp",
    ];
    assert_eq!(sizes(&lines), [3, 2, 1, 1, 1, 2]);
}

#[test]
fn rules_that_differ_in_both_are_put_together() {
    let lines = [
        "allow from 192.0.2.1 to any port 22 proto tcp",
        "allow from 192.0.2.2 to any port 25,80 proto tcp",
        "allow from 192.0.2.1 to any port 1:2 proto tcp",
        "allow from 192.0.2.0/24 to any port 22 proto tcp",
        "allow proto tcp from 192.0.2.3 to any port 22",
    ];
    assert_eq!(sizes(&lines), [4, 1, 1]);
    let rules = rules(&lines);
    let groups = groups(&rules, Direction::In);
    let keys = &groups[0].one_of.as_ref().unwrap().keys;
    assert!(keys.contains(&vec![192, 0, 2, 2, 0, 80, 0, 0]), "{keys:?}");
}

#[test]
fn only_the_first_have_a_set_for_one_rule() {
    let mut lines: Vec<String> =
        (0..80).map(|n| format!("{} 22", if n % 2 == 0 { "allow" } else { "deny" })).collect();
    lines.push("deny 23".to_owned());
    let rules = rules(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let groups = groups(&rules, Direction::In);
    let has_set: Vec<bool> = groups.iter().map(|group| group.one_of.is_some()).collect();
    assert_eq!(has_set, (0..80).map(|n| n < EARLY || n == 79).collect::<Vec<_>>());
}

#[test]
fn what_does_something_else_stands_in_between() {
    for other in ["allow 22", "reject 22", "limit 22", "deny log 22"] {
        assert_eq!(sizes(&["deny from 192.0.2.1", other, "deny from 192.0.2.2"]), [1, 1, 1], "{other}");
        assert_eq!(sizes(&["deny 80", other, "deny 81"]), [1, 1, 1], "{other}");
    }
    for twice in [["limit from 192.0.2.1", "limit from 192.0.2.2"], ["allow log 22", "allow log 23"]] {
        assert_eq!(sizes(&twice), [1, 1], "{twice:?}");
    }
}

#[test]
fn a_set_keeps_its_name_while_it_grows_and_no_other_has_it() {
    let names = |lines: &[&str]| -> Vec<String> {
        let set = |group: Group<'_>| group.one_of.map(|one_of| one_of.set);
        groups(&rules(lines), Direction::In).into_iter().filter_map(set).collect()
    };
    let lines = ["allow 1/tcp", "deny 3", "allow 4/tcp", "allow 6", "deny from 10.0.0.1", "allow 3/tcp"];
    let all = names(&lines);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), lines.len(), "{all:?}");
    assert_eq!(names(&["allow 1/tcp", "allow 2/tcp", "allow 9/tcp"]), all[..1]);
}

/// What a packet is judged by: by each rule, or by those of a group together.
fn fits(rule: &Rule, one_of: Option<&OneOf>, from: IpNet, protocol: Protocol, port: u16) -> bool {
    let network = one_of.and_then(|one_of| one_of.lookup.network);
    let source = match (&rule.from.address, network) {
        (Address::Net(net), None) => net.contains(&from),
        _ => true,
    };
    let to = match &rule.to.port {
        Port::Ranges(ranges) if !one_of.is_some_and(|one_of| one_of.lookup.port) => {
            ranges.iter().any(|range| range.contains(&port))
        }
        _ => true,
    };
    let is_one = |one_of: &OneOf| {
        let packet =
            format!("allow from {} to any port {port}", cut(from, network.map(|(_, prefix)| prefix)));
        let packet = Rule::read(&packet, &Vocabulary::default()).unwrap();
        one_of.lookup.keys(&packet).iter().all(|key| one_of.keys.contains(key))
    };
    source && to && one_of.is_none_or(is_one) && [Protocol::Any, protocol].contains(&rule.protocol)
}

/// What is looked up of an address.
fn cut(from: IpNet, prefix: Option<Prefix>) -> IpNet {
    match prefix {
        Some(Prefix::V4(length)) => IpNet::new(from.addr(), length).unwrap().trunc(),
        _ => from,
    }
}

fn line() -> impl Strategy<Value = String> {
    let action = prop_oneof![Just("allow"), Just("deny"), Just("deny log")];
    let from = prop_oneof![Just("any"), Just("10.0.0.1"), Just("10.0.0.2"), Just("10.0.0.0/30")];
    let port = prop_oneof![Just("1"), Just("2"), Just("3"), Just("1,2"), Just("1:2")];
    let protocol = prop_oneof![Just("tcp"), Just("udp")];
    (action, from, port, protocol).prop_map(|(action, from, port, protocol)| {
        format!("{action} from {from} to any port {port} proto {protocol}")
    })
}

proptest! {
    #[test]
    fn a_packet_has_the_end_that_the_first_rule_gives_it(lines in proptest::collection::vec(line(), 0..12)) {
        let rules = rules(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let groups = groups(&rules, Direction::In);
        for from in ["10.0.0.1/32", "10.0.0.3/32", "10.9.9.9/32"].map(|from| from.parse().unwrap()) {
            for (protocol, port) in [(Protocol::Tcp, 1), (Protocol::Tcp, 2), (Protocol::Udp, 2), (Protocol::Udp, 3)] {
                let by_rules = rules.iter().find(|rule| fits(rule, None, from, protocol, port));
                let by_groups =
                    groups.iter().find(|group| fits(group.rule, group.one_of.as_ref(), from, protocol, port));
                prop_assert_eq!(by_groups.map(|group| group.rule.action), by_rules.map(|rule| rule.action));
            }
        }
    }
}
