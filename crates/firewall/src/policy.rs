//! The policy: what is refused to a banned address, as data.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{FirewallError, name};

/// All jails. Order has no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BanPolicy {
    /// Each name once.
    pub jails: Vec<JailTarget>,
}

/// What a jail's bans keep an address from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JailTarget {
    /// Any text; the kernel's names are derived from it.
    pub name: String,
    /// With [`Ports::All`], every packet of this protocol.
    pub protocol: Protocol,
    /// As the attacker addresses them, before a published port of a container is translated.
    pub ports: Ports,
    /// How a packet is refused.
    pub verdict: Verdict,
}

/// Which packets can be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// TCP and UDP.
    Both,
    /// Every protocol; where ports are named, those that have ports: TCP and UDP.
    All,
}

/// Destination ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ports {
    /// Without regard to ports.
    All,
    /// At least one range.
    Ranges(Vec<RangeInclusive<u16>>),
}

/// How a packet is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// "Connection refused": a TCP reset, for other protocols ICMP's port-unreachable.
    #[default]
    Reject,
    /// Without an answer.
    Drop,
}

/// One ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// A jail of the policy.
    pub jail: String,
    /// Bits behind the prefix do not matter.
    pub net: IpNet,
    /// `None` is for ever. Counted in milliseconds; less than one is over.
    pub left: Option<Duration>,
}

/// How long the kernel will hold a ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// Until it is taken away.
    Forever,
    /// And not longer.
    For(Duration),
}

impl BanPolicy {
    pub(crate) fn check(&self) -> Result<(), FirewallError> {
        let mut names = HashSet::new();
        for jail in &self.jails {
            if !names.insert(name::identifier(&jail.name)) {
                return Err(FirewallError::DuplicateJail(jail.name.clone()));
            }
            if matches!(&jail.ports, Ports::Ranges(ranges) if ranges.iter().all(RangeInclusive::is_empty)) {
                return Err(FirewallError::NoPorts(jail.name.clone()));
            }
        }
        Ok(())
    }
}
