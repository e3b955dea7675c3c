//! Rules that say the same of different addresses or ports become one, with a set.
//!
//! Among rules that follow on each other, do the same and nothing else (no log, no limit), order means nothing: whichever
//! fits first, the packet's end is the same. So within such a run, all rules of one shape are put together.
//!
//! The first of them has a set already, so that no other takes a rule away: whoever deletes something is kept by the kernel
//! until no packet can be using it, for longer than all the rest of a change takes.
//!
//! A set has networks of one size, as those of bans do: they never overlap, and one more is one element more.

use std::collections::HashMap;

use ipnet::IpNet;

use super::matching::{End, Lookup, octets};
use super::sets;
use crate::name::Prefix;
use crate::rules::{Action, Address, Direction, Families, Port, Protocol, Rule};
use crate::ruleset::Keys;

/// So many rules have a set from the first one on; each set costs a question when the table is read.
const EARLY: usize = 16;

/// A rule, or several that differ in what is looked up.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The first of them.
    pub(super) rule: &'a Rule,
    /// What they have where they differ.
    pub(super) one_of: Option<OneOf>,
}

/// What may be looked up.
#[derive(Debug)]
pub(super) struct OneOf {
    pub(super) lookup: Lookup,
    /// The set's name.
    pub(super) set: String,
    pub(super) keys: Keys,
}

/// A rule without what is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape<'a> {
    lookup: Lookup,
    action: Action,
    direction: Direction,
    families: Families,
    interfaces: [Option<&'a str>; 2],
    protocol: Protocol,
    addresses: [Option<&'a Address>; 2],
    ports: [Option<&'a Port>; 2],
}

impl Group<'_> {
    /// Which address is looked up.
    pub(super) fn network(&self) -> Option<End> {
        self.one_of.as_ref()?.lookup.network.map(|(end, _)| end)
    }

    /// Whether the port is looked up.
    pub(super) fn ports(&self) -> bool {
        self.one_of.as_ref().is_some_and(|one_of| one_of.lookup.port)
    }
}

/// The rules of one direction, in order.
pub(super) fn groups(rules: &[Rule], direction: Direction) -> Vec<Group<'_>> {
    let mut members: Vec<Members<'_>> = Vec::new();
    let mut run: HashMap<Shape<'_>, usize> = HashMap::new();
    let mut action = None;
    for rule in rules.iter().filter(|rule| rule.direction == direction) {
        let plain = is_plain(rule).then_some(rule.action);
        if action != plain {
            run.clear();
        }
        action = plain;
        let shape = plain.and_then(|_| Shape::of(rule));
        let new = members.len();
        let at = shape.clone().map_or(new, |shape| *run.entry(shape).or_insert(new));
        match members.get_mut(at) {
            Some(members) => members.others.push(rule),
            None => members.push(Members { first: rule, others: Vec::new(), shape }),
        }
    }
    let mut seen = HashMap::new();
    members.into_iter().enumerate().map(|(at, members)| members.group(at < EARLY, &mut seen)).collect()
}

/// The rules of one shape in a run, or one rule.
struct Members<'a> {
    first: &'a Rule,
    others: Vec<&'a Rule>,
    shape: Option<Shape<'a>>,
}

impl<'a> Members<'a> {
    /// `early`: they have a set even if they are one. `seen`: how many sets there are for each shape by now.
    fn group(self, early: bool, seen: &mut HashMap<Shape<'a>, usize>) -> Group<'a> {
        let Self { first, others, shape } = self;
        let one_of = shape.filter(|_| early || !others.is_empty()).map(|shape| {
            let lookup = shape.lookup;
            let keys = [first].into_iter().chain(others).flat_map(|rule| lookup.keys(rule)).collect();
            // The same shape in another run is another set.
            let before = seen.entry(shape.clone()).or_default();
            let set = sets::changing(&format!("{shape:?} {before}"));
            *before += 1;
            OneOf { lookup, set, keys }
        });
        Group { rule: first, one_of }
    }
}

fn is_plain(rule: &Rule) -> bool {
    rule.log.is_none() && !matches!(rule.action, Action::Limit(_))
}

fn network(rule: &Rule, end: End) -> Option<&IpNet> {
    let address = if end == End::From { &rule.from.address } else { &rule.to.address };
    match address {
        Address::Net(net) => Some(net),
        _ => None,
    }
}

/// Its destination ports, if none of them are a range.
fn ports(rule: &Rule) -> Option<impl Iterator<Item = u16>> {
    match &rule.to.port {
        Port::Ranges(ranges) if ranges.iter().all(|range| range.start() == range.end()) => {
            Some(ranges.iter().map(|range| *range.start()))
        }
        _ => None,
    }
}

impl Lookup {
    /// A source's network is looked up before a destination's. `None`: the rule has nothing of the kind.
    fn of(rule: &Rule) -> Option<Self> {
        let network = [End::From, End::To].into_iter().find_map(|end| Some((end, network(rule, end)?)));
        let network = network.map(|(end, net)| (end, Prefix::of(net)));
        let port = ports(rule).is_some();
        (network.is_some() || port).then_some(Self { network, port })
    }

    /// The keys of what a rule says, as [`Matcher::key`](super::matching::Matcher::key) loads them.
    fn keys(self, rule: &Rule) -> Vec<Vec<u8>> {
        let network = self.network.and_then(|(end, _)| network(rule, end)).map(octets);
        let ports = ports(rule).into_iter().flatten().map(u16::to_be_bytes);
        match (network, self.port) {
            (Some(network), false) => vec![network],
            // Each part of a key fills a register of 4 bytes.
            (Some(network), true) => ports.map(|port| [&network[..], &port, &[0; 2]].concat()).collect(),
            (None, _) => ports.map(|port| port.to_vec()).collect(),
        }
    }
}

impl<'a> Shape<'a> {
    fn of(rule: &'a Rule) -> Option<Self> {
        let lookup = Lookup::of(rule)?;
        let looked_up = |at: End| lookup.network.is_some_and(|(end, _)| end == at);
        let address = |at: End, address| (!looked_up(at)).then_some(address);
        Some(Self {
            lookup,
            action: rule.action,
            direction: rule.direction,
            families: rule.families,
            interfaces: [rule.input.as_deref(), rule.output.as_deref()],
            protocol: rule.protocol,
            addresses: [address(End::From, &rule.from.address), address(End::To, &rule.to.address)],
            ports: [Some(&rule.from.port), (!lookup.port).then_some(&rule.to.port)],
        })
    }
}

#[cfg(test)]
mod tests {
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
}
