//! Nobody is shut out of the host: what a change would close is seen before it is in force.

use std::collections::BTreeSet;

use firewall::Lists;
use firewall::rules::{Action, Direction, Policy, Probe, Protocol, Rule, Stance};

use super::listening::ports_of;
use crate::control::session::{Connection, connection};

/// A way in by which people log in.
enum Way {
    /// The session that gives the command.
    Session(Connection),
    /// A port of sshd, for whomever.
    Port(u16),
}

/// Why a change is refused: it closes a way in which is open before it, the command's own ssh session or a port of sshd.
pub(super) fn lockout(before: &Policy, after: &Policy, lists: &Lists) -> Option<String> {
    let ports = if may_close_ports(before, after) { ports_of("sshd") } else { BTreeSet::new() };
    let ways = connection().map(Way::Session).into_iter().chain(ports.into_iter().map(Way::Port));
    let mut closed = ways.filter(|way| way.is_open(before, lists) && !way.is_open(after, lists));
    closed.next().map(|way| way.refusal())
}

/// Whether a port that is open before can be closed after; if not, nobody has to look which ports there are.
fn may_close_ports(before: &Policy, after: &Policy) -> bool {
    if !after.enabled || after.defaults.incoming == Stance::Allow {
        return false;
    }
    // In the same order, as a command leaves them.
    let mut rules = after.rules.iter();
    let stays = |rule: &Rule| rules.any(|other| other == rule);
    !before.enabled
        || before.defaults.incoming == Stance::Allow
        || !before.rules.iter().filter(|rule| lets_in(rule)).all(stays)
}

impl Way {
    fn is_open(&self, policy: &Policy, lists: &Lists) -> bool {
        match *self {
            Self::Session(Connection { client: from, port }) => {
                policy.opening(&Probe { protocol: Protocol::Tcp, from, port }, lists).is_some()
            }
            Self::Port(port) => {
                !policy.enabled || policy.defaults.incoming == Stance::Allow || some_rule_opens(policy, port)
            }
        }
    }

    fn refusal(&self) -> String {
        let (what, port) = match self {
            Self::Session(Connection { client, port }) => {
                (format!("your own ssh session, from {client} to port {port}"), port)
            }
            Self::Port(port) => (format!("everybody from port {port}, on which sshd listens"), port),
        };
        format!(
            "this would shut out {what}\nnothing was changed; first: palisade firewall allow {port}/tcp\n\
             or, if it is meant: the same command with --force"
        )
    }
}

fn lets_in(rule: &Rule) -> bool {
    rule.direction == Direction::In && matches!(rule.action, Action::Allow | Action::Limit(_))
}

fn some_rule_opens(policy: &Policy, port: u16) -> bool {
    policy.rules.iter().any(|rule| {
        lets_in(rule)
            && rule.traffic().iter().any(|traffic| {
                [Protocol::Any, Protocol::Tcp].contains(&traffic.protocol)
                    && (traffic.to.is_empty() || traffic.to.iter().any(|range| range.contains(&port)))
            })
    })
}

#[cfg(test)]
mod tests {
    use firewall::rules::Vocabulary;

    use super::*;

    fn policy(enabled: bool, rules: &[&str]) -> Policy {
        let rules = rules.iter().map(|rule| Rule::read(rule, &Vocabulary::default()).unwrap()).collect();
        Policy { enabled, rules, ..Policy::default() }
    }

    #[test]
    fn a_session_is_open_where_a_rule_lets_its_client_in() {
        let way = Way::Session(Connection { client: "192.0.2.9".parse().unwrap(), port: 2222 });
        let open = |policy: &Policy| way.is_open(policy, &Lists::new());
        assert!(open(&policy(false, &[])));
        assert!(!open(&policy(true, &[])));
        assert!(!open(&policy(true, &["allow 22/tcp", "deny from 192.0.2.0/24", "allow 2222/tcp"])));
        assert!(open(&policy(true, &["limit 2222/tcp"])));
    }

    #[test]
    fn only_a_rule_that_goes_or_a_stricter_policy_closes_a_port() {
        let before = policy(true, &["allow 22/tcp", "deny 23"]);
        let closes = |after: &Policy| may_close_ports(&before, after);
        assert!(!closes(&policy(true, &["deny from 192.0.2.9", "allow 22/tcp", "allow 80"])));
        assert!(!closes(&policy(false, &[])));
        assert!(closes(&policy(true, &["limit 22/tcp"])));
        assert!(may_close_ports(&policy(false, &[]), &before));
        let mut open = before.clone();
        open.defaults.incoming = Stance::Allow;
        assert!(!closes(&open));
        assert!(may_close_ports(&open, &before));
    }

    #[test]
    fn a_port_is_open_where_a_rule_lets_anybody_in() {
        let open = |policy: &Policy| Way::Port(22).is_open(policy, &Lists::new());
        assert!(open(&policy(true, &["allow from 192.0.2.0/24 to any port 22 proto tcp"])));
        assert!(open(&policy(true, &["allow from 192.0.2.9"])));
        assert!(!open(&policy(true, &["allow 22/udp", "deny 22", "route allow 22"])));
    }
}
