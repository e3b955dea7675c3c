//! `action`: which of a jail's actions ban, what they close, and the others as they stand.

use crate::call::{self, Call};
use crate::diagnostic::Fault;
use crate::host::Host;
use crate::interpolate::{Scope, Vars};
use crate::layers::{Config, Reader};
use crate::ports::{self, Ports, Protocol, Verdict};
use crate::text::Text;

/// One action of a jail.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The name of its file in `action.d`, without `.conf`.
    pub name: String,
    /// What the jail gives it in brackets, in order.
    pub options: Vec<(String, String)>,
    /// What it is to us.
    pub kind: ActionKind,
    /// As written, interpolated.
    pub(crate) text: Text,
}

/// What an action is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Closes ports to an address in one firewall or another: the kernel table does the same.
    Ban,
    /// Opens ports to an address: the opposite of a ban.
    Allow,
    /// Mail, reports and whatever an owner wrote.
    Command,
}

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

    fn and(self, other: Self) -> Self {
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

/// Reads the actions of a jail and what those of them that ban close.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    value: &Text,
    host: &dyn Host,
    faults: &mut Vec<Fault>,
) -> (Vec<Action>, Option<Closed>) {
    let mut actions = Vec::new();
    let mut closed: Option<Closed> = None;
    for text in call::split(value) {
        match read_one(reader, text, host) {
            Ok((action, more)) => {
                actions.push(action);
                closed = match (closed, more) {
                    (Some(before), Some(more)) => Some(before.and(more)),
                    (before, more) => before.or(more),
                };
            }
            Err(fault) => faults.push(fault),
        }
    }
    (actions, closed)
}

fn read_one(reader: &mut Reader<'_>, text: Text, host: &dyn Host) -> Result<(Action, Option<Closed>), Fault> {
    let call = call::parse(&text)?;
    let name = call.name.as_str().to_owned();
    let stock = BY_PORT.contains(&&*name) || ALL_PORTS.contains(&&*name);
    let config = reader.config(&format!("action.d/{name}"));
    let script =
        name.ends_with(".py") && reader.tree.exists(&reader.tree.root().join("action.d").join(&name));
    // A tree without action.d (the effective dump, our own) names actions that somebody else defines.
    let missing =
        || config.is_none() && !stock && !script && !reader.tree.list("action.d", "conf").is_empty();
    if missing() {
        let fault = Fault::error(call.name.place(), format!("there is no action {name}"));
        return Err(fault.help(format!("write it to {}/action.d/{name}.conf", reader.tree.root().display())));
    }
    let parameters = Parameters { call: &call, config: config.as_deref() };
    let (kind, closed) = match (stock, parameters.verdict()) {
        (false, _) => (ActionKind::Command, None),
        (true, None) => (ActionKind::Allow, None),
        (true, Some(verdict)) => (ActionKind::Ban, Some(parameters.closed(verdict, host)?)),
    };
    let string = |text: &Text| text.as_str().to_owned();
    let options = call.options.iter().map(|(name, value)| (string(name), string(value))).collect();
    Ok((Action { name, options, kind, text }, closed))
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
        let none = Vars::new();
        let file = |section| Scope::new(self.config?, section, &none).get(name).ok().flatten();
        file("Init").or_else(|| file("Definition")).map(|text| (*text).clone())
    }

    /// `None` lets packets through.
    fn verdict(&self) -> Option<Verdict> {
        let blocktype = self.get("blocktype").map(|text| text.as_str().to_lowercase()).unwrap_or_default();
        match blocktype.split_whitespace().next().unwrap_or("") {
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
