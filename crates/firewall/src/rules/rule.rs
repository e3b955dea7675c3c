//! One rule.

use serde::{Deserialize, Serialize};

use super::{Address, Limit, Port, PortRange, Protocol};

/// One rule, as it was written. The first rule that fits a new connection decides about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// What becomes of the packet.
    pub action: Action,
    /// Which way the packet goes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub direction: Direction,
    /// Which families the rule is in force for. Never wider than its addresses and its protocol have.
    #[serde(default, skip_serializing_if = "is_default")]
    pub families: Families,
    /// The interface the packet came in by; never with [`Direction::Out`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub input: Option<String>,
    /// The interface it will leave by; never with [`Direction::In`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: Option<String>,
    /// What is written to the kernel log about it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub log: Option<Log>,
    /// [`Protocol::Any`] where a profile is named: it brings its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub protocol: Protocol,
    /// The packet's source.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from: Endpoint,
    /// The packet's destination.
    #[serde(default, skip_serializing_if = "is_default")]
    pub to: Endpoint,
    /// For people; empty for none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub comment: String,
}

/// Most rules say little; what they do not say is not stored.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What becomes of a packet that a rule fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Let through.
    Allow,
    /// Dropped without an answer.
    Deny,
    /// Refused with an answer.
    Reject,
    /// Let through up to a limit for each source, refused beyond it.
    Limit(Limit),
}

impl Action {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Reject => "reject",
            Self::Limit(_) => "limit",
        }
    }
}

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// To this host.
    #[default]
    In,
    /// From this host.
    Out,
    /// Through this host: `route`.
    Route,
}

/// IPv4, IPv6, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Families {
    V4,
    V6,
    #[default]
    Both,
}

impl Families {
    /// What belongs to both `self` and `other`; `None` if nothing does.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Both, one) | (one, Self::Both) => Some(one),
            (one, same) => (one == same).then_some(one),
        }
    }
}

/// Which packets of a rule are written to the kernel log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Log {
    /// `log`: new connections.
    New,
    /// `log-all`: every packet.
    All,
}

impl Log {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "log",
            Self::All => "log-all",
        }
    }
}

/// One end of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// Whose.
    #[serde(default, skip_serializing_if = "is_default")]
    pub address: Address,
    /// Which of its ports.
    #[serde(default, skip_serializing_if = "is_default")]
    pub port: Port,
}

/// A protocol with its ports: a rule is about the packets of any of its [`Rule::traffic`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic<'a> {
    /// [`Protocol::Any`] with ports is TCP and UDP, without them everything.
    pub protocol: Protocol,
    /// Source ports; empty for all.
    pub from: &'a [PortRange],
    /// Destination ports; empty for all.
    pub to: &'a [PortRange],
}

impl Rule {
    /// What the rule is about beside addresses and interfaces: one, or as many as a profile has entries. With a profile
    /// at both ends it is every pair of their entries, in the protocol of the source's, as with ufw.
    #[must_use]
    pub fn traffic(&self) -> Vec<Traffic<'_>> {
        let (from, to) = (self.from.port.entries(self.protocol), self.to.port.entries(self.protocol));
        let pair = |(from_protocol, from): (Protocol, _), (to_protocol, to): (Protocol, _)| {
            let protocol = if from_protocol == Protocol::Any { to_protocol } else { from_protocol };
            Traffic { protocol, from, to }
        };
        to.iter().flat_map(|to| from.iter().map(move |from| pair(*from, *to))).collect()
    }
}

impl Port {
    /// Protocols and ports of this end of a rule for `protocol`.
    fn entries(&self, protocol: Protocol) -> Vec<(Protocol, &[PortRange])> {
        match self {
            Self::Any => vec![(protocol, &[])],
            Self::Ranges(ports) => vec![(protocol, ports)],
            Self::Profile(profile) => {
                profile.entries.iter().map(|entry| (entry.protocol, entry.ports.as_slice())).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Entry, Profile};

    fn profile(entries: &[(Protocol, u16)]) -> Port {
        let entry =
            |(protocol, port): &(Protocol, u16)| Entry { protocol: *protocol, ports: vec![*port..=*port] };
        Port::Profile(Profile { name: "P".into(), entries: entries.iter().map(entry).collect() })
    }

    #[test]
    fn profiles_at_both_ends_are_paired_in_the_protocol_of_the_source() {
        let end = |entries| Endpoint { port: profile(entries), ..Endpoint::default() };
        let rule = Rule {
            action: Action::Allow,
            direction: Direction::In,
            families: Families::Both,
            input: None,
            output: None,
            log: None,
            protocol: Protocol::Any,
            from: end(&[(Protocol::Tcp, 77), (Protocol::Any, 88)]),
            to: end(&[(Protocol::Udp, 12), (Protocol::Any, 34)]),
            comment: String::new(),
        };
        let pairs: Vec<_> = rule
            .traffic()
            .iter()
            .map(|one| (one.protocol, *one.to[0].start(), *one.from[0].start()))
            .collect();
        let wanted = [
            (Protocol::Tcp, 12, 77),
            (Protocol::Udp, 12, 88),
            (Protocol::Tcp, 34, 77),
            (Protocol::Any, 34, 88),
        ];
        assert_eq!(pairs, wanted);
    }
}
