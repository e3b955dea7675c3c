//! Rules that say the same of different addresses, or of different ports, become one, with a set.
//!
//! Among rules that follow on each other, do the same and nothing else (no log, no limit), order means nothing: whichever
//! fits first, the packet's end is the same. So within such a run, all rules of one shape are put together.

use std::collections::{BTreeSet, HashMap};

use ipnet::IpNet;

use super::matching::End;
use super::sets;
use crate::rules::{Action, Address, Direction, Families, Port, Protocol, Rule};

/// Rules that differ at most in one place.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The first of them.
    pub(super) rule: &'a Rule,
    /// If there are more, what stands in that place in one or another of them.
    pub(super) any_of: Option<AnyOf>,
}

/// What a set holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AnyOf {
    /// Networks of one family.
    Networks(End, Vec<IpNet>),
    /// Destination ports, and the set's name.
    Ports(String, BTreeSet<u16>),
}

/// The place in which rules of a group differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Network(End, bool),
    Port,
}

/// A rule without what stands in that place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape<'a> {
    place: Place,
    action: Action,
    direction: Direction,
    families: Families,
    interfaces: [Option<&'a str>; 2],
    protocol: Protocol,
    addresses: [Option<&'a Address>; 2],
    ports: [Option<&'a Port>; 2],
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
            Some(group) => group.rules.push(rule),
            None => members.push(Members { rules: vec![rule], shape }),
        }
    }
    // The same shape in another run is another set.
    let mut seen: HashMap<Shape<'_>, usize> = HashMap::new();
    members.into_iter().filter_map(|group| group.finish(&mut seen)).collect()
}

/// The rules of one shape in a run, or one rule.
struct Members<'a> {
    rules: Vec<&'a Rule>,
    shape: Option<Shape<'a>>,
}

impl<'a> Members<'a> {
    fn finish(self, seen: &mut HashMap<Shape<'a>, usize>) -> Option<Group<'a>> {
        let rule = *self.rules.first()?;
        let Some(shape) = self.shape.filter(|_| self.rules.len() > 1) else {
            return Some(Group { rule, any_of: None });
        };
        let any_of = match shape.place {
            Place::Network(end, _) => {
                AnyOf::Networks(end, self.rules.iter().filter_map(|rule| network(rule, end)).collect())
            }
            Place::Port => {
                let before = seen.entry(shape.clone()).or_default();
                let name = sets::port_list(&format!("{shape:?} {before}"));
                *before += 1;
                AnyOf::Ports(name, self.rules.iter().filter_map(|rule| ports(rule)).flatten().collect())
            }
        };
        Some(Group { rule, any_of: Some(any_of) })
    }
}

fn is_plain(rule: &Rule) -> bool {
    rule.log.is_none() && !matches!(rule.action, Action::Limit(_))
}

fn network(rule: &Rule, end: End) -> Option<IpNet> {
    let address = if end == End::From { &rule.from.address } else { &rule.to.address };
    match address {
        Address::Net(net) => Some(*net),
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

impl<'a> Shape<'a> {
    /// The source's network stands before the destination's, and this one before ports. `None`: there is none of them.
    fn of(rule: &'a Rule) -> Option<Self> {
        let network = [End::From, End::To].into_iter().find_map(|end| Some((end, network(rule, end)?)));
        let place = match network {
            Some((end, net)) => Place::Network(end, net.addr().is_ipv6()),
            None => ports(rule).map(|_| Place::Port)?,
        };
        let address =
            |at: End, address| (!matches!(place, Place::Network(end, _) if end == at)).then_some(address);
        Some(Self {
            place,
            action: rule.action,
            direction: rule.direction,
            families: rule.families,
            interfaces: [rule.input.as_deref(), rule.output.as_deref()],
            protocol: rule.protocol,
            addresses: [address(End::From, &rule.from.address), address(End::To, &rule.to.address)],
            ports: [Some(&rule.from.port), (place != Place::Port).then_some(&rule.to.port)],
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::rules::Vocabulary;

    fn rules(lines: &[&str]) -> Vec<Rule> {
        lines.iter().map(|line| Rule::read(line, &Vocabulary::default()).unwrap()).collect()
    }

    fn sizes(lines: &[&str]) -> Vec<usize> {
        let size = |group: Group<'_>| match group.any_of {
            None => 1,
            Some(AnyOf::Networks(_, networks)) => networks.len(),
            Some(AnyOf::Ports(_, ports)) => ports.len(),
        };
        groups(&rules(lines), Direction::In).into_iter().map(size).collect()
    }

    #[test]
    fn rules_that_differ_in_one_address_are_put_together() {
        let lines = [
            "deny from 192.0.2.1",
            "deny from 2001:db8::1",
            "deny from 192.0.2.2 to any port 22",
            "deny from 192.0.2.3",
            "deny 80",
            "deny from 10.0.0.0/8 comment 'a note'",
            "deny to 192.0.2.1",
            "deny from 2001:db8::2",
        ];
        assert_eq!(sizes(&lines), [3, 2, 1, 1, 1]);
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
            "allow from 192.0.2.1 to any port 22 proto tcp",
            "allow 25",
            "allow from any port 22 to any port 5000 proto tcp",
            "allow from any port 22 to any port 5001 proto tcp",
            "allow proto tcp from 192.0.2.2 to any port 22",
        ];
        assert_eq!(sizes(&lines), [3, 2, 1, 1, 1, 2, 2]);
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
    fn a_list_of_ports_keeps_its_name_while_it_grows_and_no_other_has_it() {
        let names = |lines: &[&str]| -> Vec<String> {
            let name = |group: Group<'_>| match group.any_of {
                Some(AnyOf::Ports(name, _)) => Some(name),
                _ => None,
            };
            groups(&rules(lines), Direction::In).into_iter().filter_map(name).collect()
        };
        let two = names(&[
            "allow 1/tcp",
            "allow 2/tcp",
            "deny 3",
            "allow 4/tcp",
            "allow 5/tcp",
            "allow 6",
            "allow 7",
        ]);
        assert_eq!(two.iter().collect::<BTreeSet<_>>().len(), 3, "{two:?}");
        assert_eq!(names(&["allow 1/tcp", "allow 2/tcp", "allow 9/tcp"]), two[..1]);
    }

    /// What a packet is judged by: by each rule, or by those of a group together.
    fn fits(rule: &Rule, any_of: Option<&AnyOf>, from: IpAddr, protocol: Protocol, port: u16) -> bool {
        let source = match (any_of, &rule.from.address) {
            (Some(AnyOf::Networks(End::From, networks)), _) => networks.iter().any(|net| net.contains(&from)),
            (_, Address::Net(net)) => net.contains(&from),
            _ => true,
        };
        let to = match (any_of, &rule.to.port) {
            (Some(AnyOf::Ports(_, ports)), _) => ports.contains(&port),
            (_, Port::Ranges(ranges)) => ranges.iter().any(|range| range.contains(&port)),
            _ => true,
        };
        source && to && [Protocol::Any, protocol].contains(&rule.protocol)
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
            for from in ["10.0.0.1", "10.0.0.3", "10.9.9.9"].map(|from| from.parse().unwrap()) {
                for (protocol, port) in [(Protocol::Tcp, 1), (Protocol::Tcp, 2), (Protocol::Udp, 2), (Protocol::Udp, 3)] {
                    let by_rules = rules.iter().find(|rule| fits(rule, None, from, protocol, port));
                    let by_groups =
                        groups.iter().find(|group| fits(group.rule, group.any_of.as_ref(), from, protocol, port));
                    prop_assert_eq!(by_groups.map(|group| group.rule.action), by_rules.map(|rule| rule.action));
                }
            }
        }
    }
}
