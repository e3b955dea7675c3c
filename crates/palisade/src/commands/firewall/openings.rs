//! What leaves a port open to everybody although a rule names a list of who may come.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use firewall::Lists;
use firewall::rules::{Action, Address, Direction, Opening, Policy, Probe, Protocol, Rule};

/// Addresses of documentation, which stand for everybody: no list has them.
const OUTSIDERS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];

/// A line for each way in beside the rule, which is part of the policy.
pub(super) fn warnings(policy: &Policy, lists: &Lists, rule: &Rule) -> BTreeSet<String> {
    let lets_in = matches!(rule.action, Action::Allow | Action::Limit(_));
    let closes = rule.direction == Direction::In && matches!(rule.from.address, Address::List(_));
    if !policy.enabled || !lets_in || !closes {
        return BTreeSet::new();
    }
    let mut warnings = BTreeSet::new();
    for (protocol, port) in ports(rule) {
        for from in OUTSIDERS {
            let why = match policy.opening(&Probe { protocol, from, port }, lists) {
                Some(Opening::Rule(at)) => format!("by the rule '{}'", policy.rules[at].as_added()),
                Some(Opening::Default) => "by the default policy for incoming".to_owned(),
                Some(Opening::Disabled) | None => continue,
            };
            warnings
                .insert(format!("port {port}/{} is open to everybody all the same, {why}", protocol.name()));
        }
    }
    warnings
}

/// The ports of a rule, of a range both ends.
fn ports(rule: &Rule) -> Vec<(Protocol, u16)> {
    let mut ports = Vec::new();
    for traffic in rule.traffic() {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            if [Protocol::Any, protocol].contains(&traffic.protocol) {
                ports.extend(
                    traffic
                        .to
                        .iter()
                        .flat_map(|range| [*range.start(), *range.end()])
                        .map(|port| (protocol, port)),
                );
            }
        }
    }
    ports
}
