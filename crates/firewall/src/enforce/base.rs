//! The chains where packets come in, pass through and go out.

use std::collections::BTreeMap;

use super::matching::{
    INVALID, Matcher, View, came_by, came_by_longest_name, is_translated, leaves_by, state,
};
use super::sets::Sets;
use super::user::{LIMITED, REFUSE};
use super::{Enforced, Lists, limit, log, quiet, user};
use crate::FirewallError;
use crate::rules::{Direction, Logging, Policy, Protocol, Stance};
use crate::ruleset::{ACCEPT, Chain, Expr, Hook, Rule, Ruleset, reject_rules};

const INPUT: &str = "input";
const FORWARD: &str = "forward";
const OUTPUT: &str = "output";
/// The base chains.
pub(super) const CHAINS: [&str; 3] = [INPUT, FORWARD, OUTPUT];

const IN: &str = "rules.in";
const OUT: &str = "rules.out";
const ROUTE: &str = "rules.route";
/// The rules for what comes in, once more, for what DNAT sends on to a container or another host.
const PUBLISHED: &str = "rules.published";

/// For people who list the table.
pub(crate) fn describe(chain: &str) -> &'static str {
    match chain {
        INPUT => "to this host",
        FORWARD => "through this host",
        OUTPUT => "from this host",
        IN => "allow, deny, reject, limit",
        OUT => "allow out, deny out",
        ROUTE => "route allow, route deny",
        PUBLISHED => "rules.in, for published ports of containers",
        REFUSE => "answers: connection refused",
        LIMITED => "beyond a limit",
        quiet::ICMP6_CHAIN => "what IPv6 needs",
        _ if limit::is_chain(chain) => "who tries for the sixth time in 30 seconds",
        _ => "",
    }
}

/// NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT.
const HOOKS: [u32; 3] = [1, 2, 3];
const FILTER_PRIORITY: i32 = 0;
const DROP: u32 = 0;

/// The interfaces of Docker, Podman, libvirt, LXD and Incus. What comes out of them was always allowed by these programs'
/// own rules, which are asked too.
const CONTAINERS: [&str; 8] =
    ["docker+", "podman+", "cni-podman+", "virbr+", "lxdbr+", "lxcbr+", "incusbr+", "br-+"];
/// Docker's own networks are `br-` and 12 digits, as long as a name can be; `br-lan` is somebody's own.
const DOCKER_NETWORK: &str = "br-+";

/// The number of a protocol; none for any.
pub(super) fn number(protocol: Protocol) -> Option<u8> {
    match protocol {
        Protocol::Any => None,
        Protocol::Tcp => Some(6),
        Protocol::Udp => Some(17),
        Protocol::Ah => Some(51),
        Protocol::Esp => Some(50),
        Protocol::Gre => Some(47),
        Protocol::Ipv6 => Some(41),
        Protocol::Igmp => Some(2),
        Protocol::Vrrp => Some(112),
    }
}

pub(super) fn render(policy: &Policy, lists: &Lists) -> Result<Enforced, FirewallError> {
    let mut sets = Sets::default();
    let mut limits = BTreeMap::new();
    let mut chains = Vec::new();
    let views = [
        (IN, Direction::In, View::Packet),
        (OUT, Direction::Out, View::Packet),
        (ROUTE, Direction::Route, View::Packet),
        (PUBLISHED, Direction::In, View::Client),
    ];
    for (name, direction, view) in views {
        let mut matcher = Matcher { sets: &mut sets, chains: &mut limits, lists, view };
        let mut rules = user::rules(&mut matcher, policy, direction)?;
        if name == PUBLISHED {
            rules.extend(ending(policy.logging, policy.defaults.incoming, None));
            rules.push(vec![verdict(policy.defaults.incoming)]);
        }
        chains.push((name, None, rules));
    }
    chains.push((REFUSE, None, reject_rules()));
    chains.push((LIMITED, None, limited(policy.logging)));
    chains.push((quiet::ICMP6_CHAIN, None, quiet::icmp6_rules(&mut sets)));
    let defaults = policy.defaults;
    let bases = [
        (INPUT, defaults.incoming, input(policy, &mut sets)),
        (FORWARD, defaults.routed, forward(policy, &mut sets)),
        (OUTPUT, defaults.outgoing, output(policy)),
    ];
    for ((name, stance, rules), number) in bases.into_iter().zip(HOOKS) {
        let hook = Hook {
            number,
            priority: FILTER_PRIORITY,
            policy: if stance == Stance::Allow { ACCEPT } else { DROP },
        };
        chains.push((name, Some(hook), rules));
    }
    let chain = |(name, hook, rules): (&str, _, _)| (name.to_owned(), Chain { hook, rules });
    let limits = limits.into_iter().map(|(name, rules)| (name, Chain { hook: None, rules }));
    let chains = chains.into_iter().map(chain).chain(limits).collect();
    let Sets { sets, elements, contents } = sets;
    let ruleset = Ruleset { sets, elements, chains, ..Ruleset::default() };
    Ok(Enforced { ruleset, contents })
}

fn limited(level: Logging) -> Vec<Rule> {
    log::exceeded(level).into_iter().chain([vec![Expr::Goto(REFUSE.to_owned())]]).collect()
}

fn jump(chain: &str) -> Rule {
    vec![Expr::Jump(chain.to_owned())]
}

fn input(policy: &Policy, sets: &mut Sets) -> Vec<Rule> {
    let level = policy.logging;
    let mut rules: Vec<Rule> = log::audit(level).into_iter().collect();
    rules.push([came_by("lo"), vec![Expr::Accept]].concat());
    rules.push(quiet::standing());
    rules.extend(log::invalid(level).map(|log| [state(INVALID), log].concat()));
    rules.push([state(INVALID), vec![Expr::Drop]].concat());
    rules.extend(quiet::incoming(sets));
    rules.push(jump(IN));
    rules.extend(ending(level, policy.defaults.incoming, Some(sets)));
    rules.extend(refusal(policy.defaults.incoming));
    rules
}

fn output(policy: &Policy) -> Vec<Rule> {
    let level = policy.logging;
    let mut rules: Vec<Rule> = log::audit(level).into_iter().collect();
    rules.push([leaves_by("lo"), vec![Expr::Accept]].concat());
    rules.extend([quiet::standing(), quiet::to_icmp6_chain(), jump(OUT)]);
    rules.extend(ending(level, policy.defaults.outgoing, None));
    rules.extend(refusal(policy.defaults.outgoing));
    rules
}

fn forward(policy: &Policy, sets: &mut Sets) -> Vec<Rule> {
    let level = policy.logging;
    let mut rules: Vec<Rule> = log::audit(level).into_iter().collect();
    rules.push(quiet::standing());
    rules.extend(quiet::routed(sets));
    rules.push(jump(ROUTE));
    rules.extend(CONTAINERS.map(|name| {
        let long = (name == DOCKER_NETWORK).then(came_by_longest_name).unwrap_or_default();
        [came_by(name), long, vec![Expr::Accept]].concat()
    }));
    rules.push([is_translated(), vec![Expr::Goto(PUBLISHED.to_owned())]].concat());
    rules.extend(ending(level, policy.defaults.routed, None));
    rules.extend(refusal(policy.defaults.routed));
    rules
}

/// What is logged of packets that no rule was about; with sets, some have their end before that.
fn ending(level: Logging, stance: Stance, sets: Option<&mut Sets>) -> Vec<Rule> {
    let what = if stance == Stance::Allow { log::ALLOW } else { log::BLOCK };
    let Some(line) = log::by_default(level, what) else { return Vec::new() };
    let noise = sets.map(quiet::noise).unwrap_or_default();
    let unlogged = noise.into_iter().map(|fits| [fits, vec![verdict(stance)]].concat());
    unlogged.chain([line]).collect()
}

/// The chain's policy has no answer.
fn refusal(stance: Stance) -> Option<Rule> {
    (stance == Stance::Reject).then(|| vec![verdict(stance)])
}

fn verdict(stance: Stance) -> Expr {
    match stance {
        Stance::Allow => Expr::Accept,
        Stance::Deny => Expr::Drop,
        Stance::Reject => Expr::Goto(REFUSE.to_owned()),
    }
}
