//! Nobody is shut out of the host: what a change would close is seen before it is in force.

use std::collections::BTreeSet;
use std::fmt;

use firewall::Lists;
use firewall::rules::{Action, Direction, Policy, Probe, Protocol, Rule, Stance};

use ipnet::IpNet;

use super::ssh::{self, Seen};
use crate::control::session::{Connection, connection};

/// A way in by which people log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A session over ssh.
    Session(Connection),
    /// A port on which ssh is served, for whomever.
    Port(u16),
}

/// Which ways there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    sessions: BTreeSet<Connection>,
    ports: BTreeSet<u16>,
}

impl Ways {
    /// Those that a command must leave open: its own session, and every port of ssh that a change can close.
    pub(crate) fn of_command(before: &Policy, after: &Policy) -> Self {
        let ports = if may_close_ports(before, after) { ssh::ports() } else { BTreeSet::new() };
        Self { sessions: connection().into_iter().collect(), ports }
    }

    /// Those of everybody who has come in by ssh, or can.
    pub(crate) fn of_host(seen: &Seen) -> Self {
        Self { sessions: ssh::sessions(seen), ports: ssh::listening(&seen.ports) }
    }

    /// The first one that is open before a change of the rules and closed after it.
    pub(crate) fn closed(self, before: &Policy, after: &Policy, lists: &Lists) -> Option<Way> {
        self.first(|way| way.is_open(before, lists) && !way.is_open(after, lists))
    }

    /// The first one that is open before a list has other networks and closed after it; said in words.
    pub(crate) fn closed_by(
        self,
        policy: &Policy,
        lists: &Lists,
        list: &str,
        networks: &[IpNet],
    ) -> Option<String> {
        let mut after = lists.clone();
        after.insert(list.to_owned(), networks.to_vec());
        let way = self.first(|way| way.is_open(policy, lists) && !way.is_open(policy, &after))?;
        Some(format!("it would shut out {way}"))
    }

    fn first(self, is_it: impl Fn(&Way) -> bool) -> Option<Way> {
        self.sessions.into_iter().map(Way::Session).chain(self.ports.into_iter().map(Way::Port)).find(is_it)
    }
}

/// What is said of rules that somebody edited into the file, and that close a way in.
pub(crate) fn edited(way: &Way) -> String {
    format!(
        "palisade.toml is not in force as it stands: it would shut out {way}; the rules before it stay. Allow {}/tcp in it, \
         or if it is meant: palisade firewall --force reload",
        way.port()
    )
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

    /// The port of this host.
    pub(crate) const fn port(&self) -> u16 {
        match *self {
            Self::Session(Connection { port, .. }) | Self::Port(port) => port,
        }
    }
}

/// Who is shut out where it is closed.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(Connection { client, port }) => {
                write!(f, "the ssh session from {client} to port {port}")
            }
            Self::Port(port) => write!(f, "everybody from port {port}, on which ssh is served"),
        }
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
