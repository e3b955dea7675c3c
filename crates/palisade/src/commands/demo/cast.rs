//! Who plays: addresses that are reserved for documentation, and the names that they try.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const SERVER4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 22));
pub(super) const SERVER6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x22));
/// The one that protects the login service.
pub(super) const JAIL: &str = "sshd";
pub(super) const PORT: u16 = 22;
/// Failures that ban.
pub(super) const MAXRETRY: u32 = 3;

/// Somebody with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    pub(super) address: IpAddr,
    pub(super) role: Role,
    /// In a word or two.
    pub(super) who: &'static str,
    /// Tried in turn.
    pub(super) users: &'static [&'static str],
    /// When its first connection comes, after the beginning, in milliseconds.
    pub(super) enters: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Attacker,
    /// Knows its password.
    Visitor,
}

/// The visitor's, which one of the attackers wants to see banned.
pub(super) const VISITOR: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 80));
/// A name that looks like the end of a failure of the visitor's in the log.
const FORGERY: &str = "x from 198.51.100.80 port 22 ssh2";

const fn attacker(address: IpAddr, who: &'static str, users: &'static [&'static str], enters: u64) -> Actor {
    Actor { address, role: Role::Attacker, who, users, enters }
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(network: u16, host: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, network, 0, 0, 0, 0, host))
}

/// In the order of the screen.
pub(super) const CAST: [Actor; 7] = [
    Actor { address: VISITOR, role: Role::Visitor, who: "visitor", users: &["root"], enters: 0 },
    attacker(v4(203, 0, 113, 7), "guesses names", &["admin", "oracle", "test", "ubuntu"], 400),
    attacker(v6(0xbad, 7), "half of a network", &["git", "deploy"], 1300),
    // Of one customer's network with the one before: their failures count together.
    attacker(v6(0xbad, 8), "other half of it", &["backup", "www"], 1900),
    attacker(v4(203, 0, 113, 99), "forges log lines", &[FORGERY], 2600),
    attacker(v4(198, 51, 100, 23), "guesses names", &["postgres", "pi", "guest"], 3300),
    attacker(v6(0xc0de, 1), "guesses names", &["user", "ftp", "steam"], 4000),
];

/// Where an actor finds the server.
pub(super) fn server_for(address: IpAddr) -> IpAddr {
    if address.is_ipv4() { SERVER4 } else { SERVER6 }
}
