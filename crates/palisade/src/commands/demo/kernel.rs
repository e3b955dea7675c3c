//! The kernel's own word on who is banned.

use std::net::IpAddr;

use firewall::{BanPolicy, Firewall, FirewallError, JailTarget, Ports, Protocol, Remaining, Verdict};
use ipnet::IpNet;

use super::cast::JAIL;
use crate::control::protocol::BanReport;

/// A ban that the kernel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) net: IpNet,
    pub(super) left: Remaining,
}

/// Looks at the table that the daemon keeps.
pub(super) struct Kernel {
    firewall: Firewall,
}

impl Kernel {
    pub(super) fn open() -> Result<Self, FirewallError> {
        Ok(Self { firewall: Firewall::open()? })
    }

    /// Of what the daemon says it has banned, what the kernel holds.
    pub(super) fn held(&mut self, bans: &[BanReport]) -> Result<Vec<Held>, FirewallError> {
        let jail = JailTarget {
            name: JAIL.into(),
            protocol: Protocol::Tcp,
            ports: Ports::All,
            verdict: Verdict::Reject,
        };
        // Every time, since sets for networks come with the first of their size.
        self.firewall.observe(&BanPolicy { jails: vec![jail] })?;
        let mut held = Vec::new();
        for net in bans.iter().filter_map(|ban| net(&ban.address)) {
            if let Some(left) = self.firewall.holds(JAIL, &net)? {
                held.push(Held { net, left });
            }
        }
        Ok(held)
    }
}

/// A network, or a single address.
fn net(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse().map(IpAddr::into).ok())
}
