//! What rules ask of a packet, taken together.

use ipnet::IpNet;

use crate::rules::{Address, Endpoint, Port, PortRange, Protocol, Rule};

/// What both ask for, with the action and the rest of the first; `None` if no packet can be both.
pub(super) fn both(one: &Rule, other: &Rule) -> Option<Rule> {
    let either = |one: &Option<String>, other: &Option<String>| match (one, other) {
        (Some(one), Some(other)) => (one == other).then(|| Some(one.clone())),
        (one, other) => Some(one.clone().or_else(|| other.clone())),
    };
    Some(Rule {
        families: one.families.and(other.families)?,
        input: either(&one.input, &other.input)?,
        output: either(&one.output, &other.output)?,
        protocol: protocol(one.protocol, other.protocol)?,
        from: end(&one.from, &other.from)?,
        to: end(&one.to, &other.to)?,
        ..one.clone()
    })
}

/// Whether both ask for the same.
pub(super) fn same(one: &Rule, other: &Rule) -> bool {
    let bare = |rule: &Rule| Rule { action: one.action, log: None, comment: String::new(), ..rule.clone() };
    bare(one) == bare(other)
}

fn protocol(one: Protocol, other: Protocol) -> Option<Protocol> {
    match (one, other) {
        (Protocol::Any, protocol) | (protocol, Protocol::Any) => Some(protocol),
        (one, other) => (one == other).then_some(one),
    }
}

fn end(one: &Endpoint, other: &Endpoint) -> Option<Endpoint> {
    Some(Endpoint { address: address(&one.address, &other.address)?, port: port(&one.port, &other.port)? })
}

fn address(one: &Address, other: &Address) -> Option<Address> {
    match (one, other) {
        (Address::Any, address) | (address, Address::Any) => Some(address.clone()),
        (Address::Net(one), Address::Net(other)) => smaller(one, other).map(Address::Net),
        (one, other) => (one == other).then(|| one.clone()),
    }
}

fn smaller(one: &IpNet, other: &IpNet) -> Option<IpNet> {
    match () {
        () if one.contains(other) => Some(*other),
        () if other.contains(one) => Some(*one),
        () => None,
    }
}

fn port(one: &Port, other: &Port) -> Option<Port> {
    let (Port::Ranges(one), Port::Ranges(other)) = (one, other) else {
        return Some(if *one == Port::Any { other.clone() } else { one.clone() });
    };
    let common = |a: &PortRange, b: &PortRange| *a.start().max(b.start())..=*a.end().min(b.end());
    let ranges = one.iter().flat_map(|a| other.iter().map(move |b| common(a, b)));
    let ranges: Vec<PortRange> = ranges.filter(|range| !range.is_empty()).collect();
    (!ranges.is_empty()).then_some(Port::Ranges(ranges))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Vocabulary;

    fn rule(line: &str) -> Rule {
        Rule::read(line, &Vocabulary::default()).unwrap()
    }

    #[test]
    fn what_both_ask_for_is_the_smaller_of_each() {
        let both = |one, other| both(&rule(one), &rule(other)).map(|rule| rule.to_string());
        assert_eq!(
            both("allow from 10.0.0.0/8", "allow in on eth0 from 10.1.0.0/16 to any port 20:30 proto tcp")
                .as_deref(),
            Some("allow in on eth0 from 10.1.0.0/16 to any port 20:30 proto tcp")
        );
        assert_eq!(both("allow 22,80/tcp", "deny 50:90/tcp").as_deref(), Some("allow 80/tcp"));
        for (one, other) in [
            ("allow 22/tcp", "allow 22/udp"),
            ("allow 22", "allow 23"),
            ("allow from 10.0.0.0/8", "allow from ::1"),
            ("allow in on eth0", "allow in on eth1"),
        ] {
            assert_eq!(both(one, other), None, "{one}; {other}");
        }
    }
}
