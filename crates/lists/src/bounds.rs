//! What networks a list may have.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;

use crate::special;

/// What a list must be like in one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// As people call it.
    pub family: &'static str,
    /// How many networks.
    pub networks: RangeInclusive<usize>,
    /// How long a prefix: neither half the internet nor a single house.
    pub prefix: RangeInclusive<u8>,
}

/// Cloudflare has 15, /13 to /22.
pub(crate) const V4: Bounds = Bounds { family: "IPv4", networks: 8..=64, prefix: 12..=24 };
/// Cloudflare has 7, /29 to /32.
pub(crate) const V6: Bounds = Bounds { family: "IPv6", networks: 4..=64, prefix: 28..=48 };

/// Why an answer is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbelievable {
    /// More bytes than such a list has.
    #[error("it is longer than 64 KiB")]
    TooLong,
    /// Not the JSON that was asked for.
    #[error("it is not a list in JSON (line {line}, column {column})")]
    NotTheForm {
        /// Counted from 1.
        line: usize,
        /// Counted from 1; 0 at the end.
        column: usize,
    },
    /// Not a network or an address a line.
    #[error("line {line} is no network and no address: {word}")]
    NotALine {
        /// Counted from 1.
        line: usize,
        /// What stands there, escaped and cut.
        word: String,
    },
    /// Nothing is in it.
    #[error("it is empty")]
    Empty,
    /// From which nothing comes that a rule could be about.
    #[error("{0} is nobody's")]
    Nobodys(IpNet),
    /// It says itself that it failed.
    #[error("it says that it failed")]
    NoSuccess,
    /// A word that is no network of its family.
    #[error("{word} is no {family} network")]
    NoNetwork {
        /// The word, escaped and cut.
        word: String,
        /// The family.
        family: &'static str,
    },
    /// Bits behind the prefix.
    #[error("{0} has bits behind its prefix")]
    HostBits(IpNet),
    /// Too many addresses, or too few.
    #[error("{net} is not between /{} and /{}", .wanted.start(), .wanted.end())]
    Prefix {
        /// Which.
        net: IpNet,
        /// What is allowed.
        wanted: RangeInclusive<u8>,
    },
    /// Private, reserved, loopback, multicast, documentation.
    #[error("{0} belongs to nobody on the internet")]
    Special(IpNet),
    /// One holds the other, or is the same.
    #[error("{0} and {1} overlap")]
    Overlap(IpNet, IpNet),
    /// Too many networks, or too few.
    #[error("{found} {family} networks, where {} to {} are believed", .wanted.start(), .wanted.end())]
    Number {
        /// How many it has.
        found: usize,
        /// The family.
        family: &'static str,
        /// What is allowed.
        wanted: RangeInclusive<usize>,
    },
    /// It would be new that this host is on the list.
    #[error("{net} is new and holds {address}, an address of this host")]
    Own {
        /// Which.
        net: IpNet,
        /// The host's.
        address: IpAddr,
    },
    /// Whoever takes it has one.
    #[error("{0}")]
    Objection(String),
    /// Too different from the list in force.
    #[error("{gone} of {of} {family} networks gone and {came} new, where {limit} of each are believed")]
    Change {
        /// The family.
        family: &'static str,
        /// How many are in force.
        of: usize,
        /// How many of these are missing.
        gone: usize,
        /// How many are new.
        came: usize,
        /// How many may be.
        limit: usize,
    },
}

/// Checks what needs no other list to compare with.
///
/// # Errors
/// The first thing that no such list has.
pub fn check(networks: &[IpNet]) -> Result<(), Unbelievable> {
    for bounds in [V4, V6] {
        let of_family = networks.iter().filter(|net| bounds.is_about(net));
        let found = of_family.clone().try_fold(0, |count, net| bounds.check(*net).map(|()| count + 1))?;
        if !bounds.networks.contains(&found) {
            let Bounds { family, networks: wanted, .. } = bounds;
            return Err(Unbelievable::Number { found, family, wanted });
        }
    }
    // Sorted, a network stands directly before the first that it holds.
    let mut sorted = networks.to_vec();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0].contains(&pair[1])) {
        Some(pair) => Err(Unbelievable::Overlap(pair[0], pair[1])),
        None => Ok(()),
    }
}

/// The same of a list of the host's own, which may have private networks and single addresses, and such that overlap.
///
/// # Errors
/// The first thing that no such list has.
pub fn check_own(networks: &[IpNet]) -> Result<(), Unbelievable> {
    let check = |net: &IpNet| {
        let wanted = if net.addr().is_ipv4() { OWN_V4 } else { OWN_V6 };
        if net.trunc() != *net {
            Err(Unbelievable::HostBits(*net))
        } else if !wanted.contains(&net.prefix_len()) {
            Err(Unbelievable::Prefix { net: *net, wanted })
        } else if special::is_nobodys(*net) {
            Err(Unbelievable::Nobodys(*net))
        } else {
            Ok(())
        }
    };
    if networks.is_empty() { Err(Unbelievable::Empty) } else { networks.iter().try_for_each(check) }
}

/// The largest network that somebody may have, and a single address.
const OWN_V4: RangeInclusive<u8> = 8..=32;
const OWN_V6: RangeInclusive<u8> = 19..=128;

impl Bounds {
    pub(crate) fn is_about(&self, net: &IpNet) -> bool {
        net.addr().is_ipv4() == (self.family == V4.family)
    }

    fn check(&self, net: IpNet) -> Result<(), Unbelievable> {
        if net.trunc() != net {
            Err(Unbelievable::HostBits(net))
        } else if !self.prefix.contains(&net.prefix_len()) {
            Err(Unbelievable::Prefix { net, wanted: self.prefix.clone() })
        } else if special::has_part_of(net) {
            Err(Unbelievable::Special(net))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BUILT_IN;

    fn with(word: &str) -> Result<(), Unbelievable> {
        let mut networks = BUILT_IN[0].networks();
        networks.push(word.parse().unwrap());
        check(&networks)
    }

    #[test]
    fn what_is_built_in_is_believed() {
        BUILT_IN.iter().for_each(|list| assert_eq!(check(&list.networks()), Ok(())));
        assert_eq!(with("185.0.0.0/12"), Ok(()));
        assert_eq!(with("2a0a:1::/48"), Ok(()));
    }

    #[test]
    fn a_network_that_no_such_list_has_is_named() {
        for (word, why) in [
            ("0.0.0.0/0", "0.0.0.0/0 is not between /12 and /24"),
            ("185.0.0.0/11", "185.0.0.0/11 is not between /12 and /24"),
            ("185.0.0.0/25", "185.0.0.0/25 is not between /12 and /24"),
            ("::/0", "::/0 is not between /28 and /48"),
            ("2a0a::/27", "2a0a::/27 is not between /28 and /48"),
            ("185.0.0.1/24", "185.0.0.1/24 has bits behind its prefix"),
            ("10.1.0.0/16", "10.1.0.0/16 belongs to nobody on the internet"),
            ("172.16.0.0/12", "172.16.0.0/12 belongs to nobody on the internet"),
            ("192.168.7.0/24", "192.168.7.0/24 belongs to nobody on the internet"),
            ("192.0.0.0/16", "192.0.0.0/16 belongs to nobody on the internet"),
            ("100.64.0.0/24", "100.64.0.0/24 belongs to nobody on the internet"),
            ("127.0.0.0/16", "127.0.0.0/16 belongs to nobody on the internet"),
            ("224.0.0.0/12", "224.0.0.0/12 belongs to nobody on the internet"),
            ("240.0.0.0/12", "240.0.0.0/12 belongs to nobody on the internet"),
            ("fe80::/32", "fe80::/32 belongs to nobody on the internet"),
            ("fd00::/32", "fd00::/32 belongs to nobody on the internet"),
            ("2001:db8::/32", "2001:db8::/32 belongs to nobody on the internet"),
            ("2002:7f00::/32", "2002:7f00::/32 belongs to nobody on the internet"),
            ("::/48", "::/48 belongs to nobody on the internet"),
            ("104.16.0.0/13", "104.16.0.0/13 and 104.16.0.0/13 overlap"),
            ("104.17.0.0/16", "104.16.0.0/13 and 104.17.0.0/16 overlap"),
            ("2606:4700:1::/48", "2606:4700::/32 and 2606:4700:1::/48 overlap"),
        ] {
            assert_eq!(with(word).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn each_family_has_enough_and_not_too_many() {
        let all = BUILT_IN[0].networks();
        let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = all.iter().partition(|net| V4.is_about(net));
        let some = |v4: &[IpNet], v6: &[IpNet]| check(&[v4, v6].concat());
        assert_eq!(some(&v4[..8], &v6[..4]), Ok(()));
        assert!(matches!(some(&v4[..7], &v6), Err(Unbelievable::Number { found: 7, family: "IPv4", .. })));
        assert!(matches!(some(&v4, &v6[..3]), Err(Unbelievable::Number { found: 3, family: "IPv6", .. })));
        let many: Vec<IpNet> = (0..65).map(|n| format!("185.{n}.0.0/16").parse().unwrap()).collect();
        assert_eq!(some(&many[..64], &v6), Ok(()));
        assert!(matches!(some(&many, &v6), Err(Unbelievable::Number { found: 65, .. })));
    }
}
