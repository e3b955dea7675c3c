//! The firewall in a real kernel, in namespaces, with packets.
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod changes;
mod imports;
mod isolated;
mod limits;
mod network;
mod packets;
mod ranges;
mod rules;
mod table;

use std::time::Duration;

use firewall::{Ban, BanPolicy, Firewall, JailTarget, Ports, Protocol, Verdict};

pub(crate) fn jail(name: &str, ports: &[u16]) -> JailTarget {
    let ports = if ports.is_empty() {
        Ports::All
    } else {
        Ports::Ranges(ports.iter().map(|port| *port..=*port).collect())
    };
    JailTarget { name: name.into(), protocol: Protocol::All, ports, verdict: Verdict::Reject }
}

pub(crate) fn policy(jails: &[JailTarget]) -> BanPolicy {
    BanPolicy { jails: jails.to_vec() }
}

pub(crate) fn ban(jail: &str, net: &str, seconds: u64) -> Ban {
    let net = net.parse().or_else(|_| net.parse::<std::net::IpAddr>().map(Into::into)).unwrap();
    Ban { jail: jail.into(), net, left: Some(Duration::from_secs(seconds)) }
}

/// With this policy in force.
pub(crate) fn firewall(jails: &[JailTarget]) -> Firewall {
    let mut firewall = Firewall::open().unwrap();
    firewall.apply(&policy(jails)).unwrap();
    firewall
}
