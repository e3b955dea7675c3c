//! The ban actions that Fail2Ban comes with: what the kernel table does in their place.

use crate::action::digest;
use crate::call::Call;
use crate::diagnostic::Fault;
use crate::host::Host;
use crate::interpolate::Scope;
use crate::layers::Config;
use crate::ports::{self, Ports, Protocol, Verdict};
use crate::reader::Reader;
use crate::text::{Text, lower_case};

/// An option in brackets that only we know: `native = no` runs the commands of a stock ban action after all.
pub(super) const SWITCH: &str = "native";
/// It, as `config show` writes it.
pub(crate) const COMMANDS: &str = "[native=no]";

/// What the ban actions of a jail close together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) ports: Ports,
    pub(crate) protocol: Protocol,
    pub(crate) verdict: Verdict,
}

impl Closed {
    pub(crate) const fn everything() -> Self {
        Self { ports: Ports::All, protocol: Protocol::All, verdict: Verdict::Reject }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            ports: self.ports.and(other.ports),
            protocol: self.protocol.and(other.protocol),
            verdict: self.verdict,
        }
    }
}

/// Actions of Fail2Ban that close ports of one address.
const BY_PORT: [&str; 20] = [
    "bsd-ipfw",
    "firewallcmd-ipset",
    "firewallcmd-multiport",
    "firewallcmd-new",
    "firewallcmd-rich-logging",
    "firewallcmd-rich-rules",
    "ipfw",
    "iptables",
    "iptables-common",
    "iptables-ipset",
    "iptables-ipset-proto4",
    "iptables-ipset-proto6",
    "iptables-multiport",
    "iptables-multiport-log",
    "iptables-new",
    "nftables",
    "nftables-multiport",
    "osx-ipfw",
    "pf",
    "shorewall-ipset-proto6",
];

/// Actions of Fail2Ban that close everything to one address.
const ALL_PORTS: [&str; 14] = [
    "apf",
    "firewallcmd-allports",
    "hostsdeny",
    "ipfilter",
    "iptables-allports",
    "iptables-ipset-proto6-allports",
    "iptables-xt_recent-echo",
    "nftables-allports",
    "npf",
    "osx-afctl",
    "route",
    "shorewall",
    "symbiosis-blacklist-allports",
    "ufw",
];

/// Whether an action of this name is one of Fail2Ban's that ban.
pub(crate) fn is_stock(name: &str) -> bool {
    BY_PORT.contains(&name) || ALL_PORTS.contains(&name)
}

/// Whether the files of a stock ban action are those of Fail2Ban; looked at once.
pub(super) fn is_unchanged(reader: &mut Reader<'_>, name: &str, config: &Config) -> bool {
    if !is_stock(name) {
        return false;
    }
    if let Some(known) = reader.stock.get(name) {
        return *known;
    }
    let known = digest::is_known(name, config);
    reader.stock.insert(name.to_owned(), known);
    known
}

/// What an unchanged stock ban action closes. `None`: it is another one, its options make it one, or it lets packets
/// through.
pub(super) fn closes(call: &Call, config: Option<&Config>, host: &dyn Host) -> Result<Option<Closed>, Fault> {
    let name = call.name.as_str();
    let changed = call.options.iter().any(|(option, _)| !digest::is_parameter(option.as_str()));
    if !is_stock(name) || changed {
        return Ok(None);
    }
    let parameters = Parameters { call, config };
    parameters.verdict().map(|verdict| parameters.closed(verdict, host)).transpose()
}

/// An action's options: in brackets, then in its file.
struct Parameters<'a> {
    call: &'a Call,
    config: Option<&'a Config>,
}

impl Parameters<'_> {
    fn get(&self, name: &str) -> Option<Text> {
        if let Some(given) = self.call.option(name) {
            return Some(given.clone());
        }
        let file = |section| Scope::new(self.config?, section).get(name).ok().flatten();
        file("Init").or_else(|| file("Definition"))
    }

    /// `None` lets packets through.
    fn verdict(&self) -> Option<Verdict> {
        let blocktype = self.get("blocktype").unwrap_or_default();
        match &*lower_case(blocktype.as_str().split_whitespace().next().unwrap_or("")) {
            "return" | "accept" | "allow" => None,
            "drop" | "deny" | "blackhole" | "block" => Some(Verdict::Drop),
            _ => Some(Verdict::Reject),
        }
    }

    fn closed(&self, verdict: Verdict, host: &dyn Host) -> Result<Closed, Fault> {
        let kind = |name: &str| self.get(name).is_some_and(|text| text.as_str().contains("allports"));
        let everything = ALL_PORTS.contains(&self.call.name.as_str()) || kind("type") || kind("actiontype");
        if everything {
            return Ok(Closed { verdict, ..Closed::everything() });
        }
        // A tag is known only when the action runs; without the port a ban closes them all.
        let known = |name: &str| {
            self.get(name).filter(|text| !text.as_str().is_empty() && !text.as_str().contains('<'))
        };
        let ports = known("port").map_or(Ok(Ports::All), |text| ports::ports(&text, host))?;
        let protocol = known("protocol").map_or(Ok(Protocol::Tcp), |text| ports::protocol(&text))?;
        Ok(Closed { ports, protocol, verdict })
    }
}
