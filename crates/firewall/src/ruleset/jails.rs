//! What a policy of jails means in nf_tables.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::*;
use crate::name::{self, Prefix};
use crate::policy::{JailTarget, Ports, Protocol, Verdict};

/// What a policy means, with these sets for each jail (in the policy's order).
pub(crate) fn render(jails: &[JailTarget], prefixes: &[BTreeSet<Prefix>]) -> Ruleset {
    let mut ruleset = Ruleset::default();
    let mut base = Chain { hook: Some(BASE_HOOK), rules: Vec::new() };
    for (jail, prefixes) in jails.iter().zip(prefixes) {
        let identifier = name::identifier(&jail.name);
        base.rules.extend(jump_rules(jail, &name::chain(&identifier)));
        let rules = prefixes.iter().map(|prefix| refuse_rule(&identifier, *prefix, jail.verdict)).collect();
        ruleset.chains.insert(name::chain(&identifier), Chain { hook: None, rules });
        ruleset
            .sets
            .extend(prefixes.iter().map(|prefix| (name::set(&identifier, *prefix), Set::of(*prefix))));
        ruleset.counters.insert(identifier);
    }
    ruleset.chains.insert(name::BASE_CHAIN.to_owned(), base);
    ruleset.chains.insert(name::REFUSE_CHAIN.to_owned(), Chain { hook: None, rules: reject_rules() });
    ruleset
}

const BASE_HOOK: Hook = Hook { number: PREROUTING, priority: RAW_PRIORITY, policy: ACCEPT };

impl Set {
    pub(crate) fn of(prefix: Prefix) -> Set {
        let key_type = match prefix {
            Prefix::V4(_) => TYPE_IPV4_ADDR,
            Prefix::V6(_) => TYPE_IPV6_ADDR,
        };
        Set { flags: SET_TIMEOUT, key_type, key_length: prefix.key_length() as u32, ..Set::default() }
    }
}

/// The packets that the jail is about go to its chain: one rule for each protocol and range.
fn jump_rules(jail: &JailTarget, chain: &str) -> Vec<Rule> {
    let jump = || Expr::Jump(chain.to_owned());
    let protocols: &[u8] = match (jail.protocol, &jail.ports) {
        (Protocol::Tcp, _) => &[TCP],
        (Protocol::Udp, _) => &[UDP],
        (Protocol::Both, _) | (Protocol::All, Ports::Ranges(_)) => &[TCP, UDP],
        (Protocol::All, Ports::All) => return vec![vec![jump()]],
    };
    let mut rules = Vec::new();
    for protocol in protocols {
        match &jail.ports {
            Ports::All => rules.push([l4proto(*protocol).to_vec(), vec![jump()]].concat()),
            Ports::Ranges(ranges) => {
                rules.extend(ranges.iter().filter(|range| !range.is_empty()).map(|range| {
                    [l4proto(*protocol).to_vec(), destination_port(range), vec![jump()]].concat()
                }))
            }
        }
    }
    rules
}

fn destination_port(range: &RangeInclusive<u16>) -> Vec<Expr> {
    let mut exprs = vec![load(TRANSPORT_HEADER, 2, 2)];
    exprs.extend(is_port(range));
    exprs
}

/// A packet whose source is in the set is counted and refused.
pub(crate) fn refuse_rule(identifier: &str, prefix: Prefix, verdict: Verdict) -> Rule {
    let (protocol, source_offset) = match prefix {
        Prefix::V4(_) => (NFPROTO_IPV4, 12),
        Prefix::V6(_) => (NFPROTO_IPV6, 8),
    };
    let length = prefix.key_length() as u32;
    let mut rule = vec![
        Expr::LoadMeta(META_NFPROTO),
        Expr::Compare { operation: EQUAL, value: vec![protocol] },
        load(NETWORK_HEADER, source_offset, length),
    ];
    rule.extend(prefix.mask().map(Expr::Mask));
    rule.push(Expr::InSet(name::set(identifier, prefix)));
    rule.push(Expr::Count(identifier.to_owned()));
    rule.push(match verdict {
        Verdict::Reject => Expr::Goto(name::REFUSE_CHAIN.to_owned()),
        Verdict::Drop => Expr::Drop,
    });
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jail(protocol: Protocol, ports: Ports) -> JailTarget {
        JailTarget { name: "j".into(), protocol, ports, verdict: Verdict::Reject }
    }

    #[test]
    fn a_jail_jumps_once_for_each_protocol_and_range() {
        let two = || Ports::Ranges(vec![22..=22, 8000..=8010]);
        for (protocol, ports, rules) in [
            (Protocol::Tcp, two(), 2),
            (Protocol::Both, two(), 4),
            (Protocol::All, two(), 4),
            (Protocol::All, Ports::All, 1),
            (Protocol::Both, Ports::All, 2),
        ] {
            assert_eq!(
                jump_rules(&jail(protocol, ports.clone()), "jail_j").len(),
                rules,
                "{protocol:?} {ports:?}"
            );
        }
    }

    #[test]
    fn all_ports_of_all_protocols_match_without_condition() {
        let rules = jump_rules(&jail(Protocol::All, Ports::All), "jail_j");
        assert_eq!(rules, vec![vec![Expr::Jump("jail_j".into())]]);
    }

    #[test]
    fn a_network_is_looked_up_by_its_masked_address() {
        let rule = refuse_rule("j", Prefix::V4(8), Verdict::Drop);
        assert!(rule.contains(&Expr::Mask(vec![255, 0, 0, 0])));
        assert!(rule.contains(&Expr::InSet("j_ip4_8".into())));
        assert_eq!(rule.last(), Some(&Expr::Drop));
    }
}
