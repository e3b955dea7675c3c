//! What lets a connection in, told from the rules without sending a packet.

use std::net::IpAddr;

use super::{Action, Address, Direction, Families, Policy, PortRange, Protocol, Rule, Stance};
use crate::Lists;

/// A connection that somebody may try to open to this host.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Where it comes from.
    pub from: IpAddr,
    /// As the client addresses it.
    pub port: u16,
}

/// Why a connection gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// No rules are in force.
    Disabled,
    /// The rule at this place allows it.
    Rule(usize),
    /// No rule is about it, and the default policy for incoming packets allows it.
    Default,
}

impl Policy {
    /// Why a connection gets in; `None` if it does not. What a probe does not say (the interface, which of this host's
    /// addresses, the port it comes from) is taken to be whatever lets it in.
    #[must_use]
    pub fn opening(&self, probe: &Probe, lists: &Lists) -> Option<Opening> {
        if !self.enabled {
            return Some(Opening::Disabled);
        }
        let incoming = self.rules.iter().enumerate().filter(|(_, rule)| rule.direction == Direction::In);
        for (at, rule) in incoming {
            let lets_in = matches!(rule.action, Action::Allow | Action::Limit(_));
            if rule.fits(probe, lists, lets_in) {
                return lets_in.then_some(Opening::Rule(at));
            }
        }
        (self.defaults.incoming == Stance::Allow).then_some(Opening::Default)
    }
}

impl Rule {
    /// `unknown`: whether a condition fits of which the probe says nothing.
    fn fits(&self, probe: &Probe, lists: &Lists, unknown: bool) -> bool {
        let family = if probe.from.is_ipv4() { Families::V4 } else { Families::V6 };
        let known = self.input.is_none() && self.to.address == Address::Any;
        let traffic = self.traffic();
        let mut fitting = traffic.iter().filter(|traffic| {
            let protocol = [Protocol::Any, probe.protocol].contains(&traffic.protocol);
            protocol && has(traffic.to, probe.port)
        });
        self.has(family)
            && (known || unknown)
            && self.from.address.has(probe.from, lists)
            && fitting.any(|traffic| unknown || traffic.from.is_empty())
    }
}

fn has(ports: &[PortRange], port: u16) -> bool {
    ports.is_empty() || ports.iter().any(|range| range.contains(&port))
}

impl Address {
    fn has(&self, address: IpAddr, lists: &Lists) -> bool {
        match self {
            Self::Any => true,
            Self::Net(net) => net.contains(&address),
            Self::Masked(net, mask) => {
                matches!(address, IpAddr::V4(address) if address.to_bits() & mask.to_bits() == net.to_bits())
            }
            Self::List(name) => {
                lists.get(name).is_some_and(|list| list.iter().any(|net| net.contains(&address)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Vocabulary;

    fn opening(incoming: Stance, rules: &[&str], from: &str) -> Option<Opening> {
        let vocabulary = Vocabulary { lists: ["friends".to_owned()].into(), ..Vocabulary::default() };
        let lists = Lists::from([("friends".to_owned(), vec!["192.0.2.0/24".parse().unwrap()])]);
        let rules = rules.iter().map(|line| Rule::read(line, &vocabulary).unwrap()).collect();
        let mut policy = Policy { enabled: true, rules, ..Policy::default() };
        policy.defaults.incoming = incoming;
        policy.opening(&Probe { protocol: Protocol::Tcp, from: from.parse().unwrap(), port: 443 }, &lists)
    }

    #[test]
    fn the_first_rule_that_fits_or_the_default_policy_lets_it_in() {
        let friends = "allow from friends to any port 80,443 proto tcp";
        for (rules, expected) in [
            (&[friends][..], None),
            (&[friends, "allow 443/udp", "allow out 443", "route allow 443"], None),
            (&[friends, "allow 1:1000/tcp"], Some(Opening::Rule(1))),
            (&[friends, "deny 443", "allow 443"], None),
            (&[friends, "limit 443"], Some(Opening::Rule(1))),
            (&["allow from 203.0.113.0/24", friends], Some(Opening::Rule(0))),
        ] {
            assert_eq!(opening(Stance::Deny, rules, "203.0.113.1"), expected, "{rules:?}");
        }
        assert_eq!(opening(Stance::Deny, &[friends], "192.0.2.1"), Some(Opening::Rule(0)));
        assert_eq!(opening(Stance::Allow, &[friends], "2001:db8::1"), Some(Opening::Default));
        assert_eq!(opening(Stance::Allow, &["deny to 0.0.0.0/0 port 443"], "203.0.113.1"), None);
        assert_eq!(
            Policy::default().opening(
                &Probe { protocol: Protocol::Tcp, from: "203.0.113.1".parse().unwrap(), port: 1 },
                &Lists::new()
            ),
            Some(Opening::Disabled)
        );
    }

    #[test]
    fn what_the_probe_does_not_say_lets_it_in() {
        for condition in
            ["in on eth0 to any port 443", "from any port 5 to any port 443 proto tcp", "to 10.0.0.1"]
        {
            let rule = |action: &str| format!("{action} {condition}");
            assert_eq!(opening(Stance::Deny, &[&rule("allow")], "203.0.113.1"), Some(Opening::Rule(0)));
            let denied = opening(Stance::Allow, &[&rule("deny")], "203.0.113.1");
            assert_eq!(denied, Some(Opening::Default), "{condition}");
        }
    }
}
