//! One end of a rule.

use super::Detail;
use crate::rules::port::List;
use crate::rules::{Address, Endpoint, Port, PortRange, Protocol};

/// One end of a rule, as a column shows it.
pub(super) struct Part<'a> {
    pub(super) end: &'a Endpoint,
    pub(super) ports: &'a [PortRange],
    pub(super) other: &'a Endpoint,
    pub(super) protocol: Protocol,
    pub(super) is_v6: bool,
    pub(super) detail: Detail,
}

impl Part<'_> {
    fn has_address(end: &Endpoint) -> bool {
        !matches!(end.address, Address::Any | Address::List(_))
    }

    /// A line for IPv6 says so where its addresses do not.
    fn mark(&self) -> &'static str {
        let told = Self::has_address(self.end)
            || (Self::has_address(self.other) && matches!(self.end.port, Port::Ranges(_)));
        if self.is_v6 && !told { " (v6)" } else { "" }
    }

    /// The ports, and whether the mark is in them.
    fn port(&self) -> Option<(String, bool)> {
        let suffix = match self.protocol {
            Protocol::Any => String::new(),
            protocol => format!("/{}", protocol.name()),
        };
        let ports = format!("{}{suffix}", List(self.ports));
        match &self.end.port {
            Port::Any => None,
            Port::Ranges(_) => Some((ports, false)),
            Port::Profile(profile) if self.detail == Detail::Verbose => {
                Some((format!("{ports} ({}{})", profile.name, self.mark()), true))
            }
            Port::Profile(profile) => Some((profile.name.clone(), false)),
        }
    }

    /// A protocol without ports stands at the addresses, or at both ends if there are none.
    fn bare_protocol(&self) -> bool {
        let portless = self.end.port == Port::Any && self.other.port == Port::Any;
        let somewhere = self.end.address != Address::Any || self.other.address == Address::Any;
        self.protocol != Protocol::Any && portless && somewhere
    }
}

impl std::fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let port = self.port();
        match (&self.end.address, &port) {
            (Address::Any, None) => f.write_str("Anywhere")?,
            (Address::Any, Some((port, _))) => f.write_str(port)?,
            (address, None) => write!(f, "{address}")?,
            (address, Some((port, _))) => write!(f, "{address} {port}")?,
        }
        if self.bare_protocol() {
            write!(f, "/{}", self.protocol.name())?;
        }
        match port {
            Some((_, true)) => Ok(()),
            _ => f.write_str(self.mark()),
        }
    }
}
