//! Ports, protocols, and the application profiles that name them.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The protocols that a rule can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// Every protocol; TCP and UDP where ports are named.
    #[default]
    Any,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// IPsec's authentication header, 51.
    Ah,
    /// IPsec's encryption, 50.
    Esp,
    /// GRE, 47.
    Gre,
    /// IPv6 in IPv4, 41; IPv4 only.
    Ipv6,
    /// Multicast membership, 2; IPv4 only.
    Igmp,
    /// VRRP, 112.
    Vrrp,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::Any, Self::Tcp, Self::Udp, Self::Ah, Self::Esp, Self::Gre, Self::Ipv6, Self::Igmp, Self::Vrrp];

    /// As ufw writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Ah => "ah",
            Self::Esp => "esp",
            Self::Gre => "gre",
            Self::Ipv6 => "ipv6",
            Self::Igmp => "igmp",
            Self::Vrrp => "vrrp",
        }
    }

    /// The one that is written like this.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// Whether packets of it have ports.
    #[must_use]
    pub const fn has_ports(self) -> bool {
        matches!(self, Self::Any | Self::Tcp | Self::Udp)
    }

    /// Whether it is carried by IPv4 alone.
    #[must_use]
    pub const fn is_ipv4_only(self) -> bool {
        matches!(self, Self::Ipv6 | Self::Igmp)
    }
}

/// One port as `22..=22`, or several in a row.
pub type PortRange = RangeInclusive<u16>;

/// What stands behind `port` or `app`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Port {
    /// Neither is there.
    #[default]
    Any,
    /// At least one, in the order they were written.
    Ranges(Vec<PortRange>),
    /// An application profile.
    Profile(Profile),
}

/// An application profile, with the ports it had when the rule was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Profile {
    /// As its section is named.
    pub name: String,
    /// What it needs, each in a rule of its own; at least one.
    pub entries: Vec<Entry>,
}

/// One part of a profile's `ports`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// Any, TCP or UDP.
    pub protocol: Protocol,
    /// At least one.
    pub ports: Vec<PortRange>,
}

/// A list of ports as ufw writes it: `80,443,8000:8080`.
pub(super) struct List<'a>(pub(super) &'a [PortRange]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, range) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match range.start() == range.end() {
                true => write!(f, "{comma}{}", range.start())?,
                false => write!(f, "{comma}{}:{}", range.start(), range.end())?,
            }
        }
        Ok(())
    }
}
