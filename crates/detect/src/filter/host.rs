//! Whom a failure accuses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::Address;

/// Fail2Ban's failure id: nearly always an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Host<'a> {
    /// One address; IPv4 mapped into IPv6 is IPv4.
    Address(Address),
    /// A whole network, from `<SUBNET>` or `<ADDR>/<CIDR>`; its host bits are zero.
    Net(IpNet),
    /// A host name, an `<F-ID>` that is no address, or digits and dots that are none. It is never looked up here.
    Name(&'a str),
}

/// What the id groups of a match hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ids<'a> {
    pub(super) fid: Option<&'a str>,
    pub(super) ip4: Option<&'a str>,
    pub(super) ip6: Option<&'a str>,
    pub(super) dns: Option<&'a str>,
    pub(super) cidr: Option<&'a str>,
}

impl<'a> Ids<'a> {
    /// The failure id: `<F-ID>` before the address, the address before the name. `None` while nobody is known.
    pub(super) fn host(&self) -> Option<Host<'a>> {
        if let Some(fid) = self.fid {
            return Some(from_text(fid));
        }
        if let Some(text) = self.ip4.or(self.ip6) {
            return Some(address(text, self.cidr));
        }
        self.dns.map(from_text)
    }
}

fn address<'a>(text: &'a str, cidr: Option<&str>) -> Host<'a> {
    let Some(ip) = written(text) else { return Host::Name(text) };
    let prefix = cidr.filter(|cidr| !cidr.is_empty()).map(str::parse::<u8>);
    match prefix {
        None => Host::Address(ip.into()),
        Some(prefix) => match prefix.ok().and_then(|prefix| IpNet::new(ip, prefix).ok()) {
            Some(net) => network(net),
            None => Host::Name(text),
        },
    }
}

/// Text that may be an address, in brackets or not, or a network.
fn from_text(text: &str) -> Host<'_> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match (parse(bare), bare.parse::<IpNet>()) {
        (Some(ip), _) => Host::Address(ip),
        (None, Ok(net)) => network(net),
        (None, Err(_)) => Host::Name(text),
    }
}

/// IPv4 mapped into IPv6 is IPv4, if the prefix reaches it.
fn network<'a>(net: IpNet) -> Host<'a> {
    let mapped = net.prefix_len().checked_sub(96).zip(match net.addr() {
        IpAddr::V6(ip) => ip.to_ipv4_mapped(),
        IpAddr::V4(_) => None,
    });
    let net = mapped.and_then(|(prefix, ip)| IpNet::new(ip.into(), prefix).ok()).unwrap_or(net);
    if net.prefix_len() == net.max_prefix_len() {
        Host::Address(net.addr().into())
    } else {
        Host::Net(net.trunc())
    }
}

/// An address as `inet_pton` reads it, without leading zeros; IPv4 mapped into IPv6 is IPv4.
pub(super) fn parse(text: &str) -> Option<Address> {
    written(text).map(Address::from)
}

/// The same, of the family in which it is written.
fn written(text: &str) -> Option<IpAddr> {
    if let Some(ip) = ipv4(text.as_bytes()) {
        return Some(ip.into());
    }
    ipv6(text.as_bytes()).or_else(|| text.parse().ok()).map(IpAddr::V6)
}

/// Hexadecimal groups, with at most one `::`; by hand for the same reason. The form that ends in dotted decimal is
/// left to the standard library.
pub(super) fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    ipv6_at_start(text).filter(|(_, length)| *length == text.len()).map(|(ip, _)| ip)
}

/// The groups with which a text begins, as an address, and their length; a digit does not follow.
pub(super) fn ipv6_at_start(text: &[u8]) -> Option<(Ipv6Addr, usize)> {
    // The groups before a `::`, in their places, and those that were read since.
    let (mut head, mut groups, mut count) = (0, 0u128, 0);
    let (mut gap, mut at, mut end) = (false, 0, 0);
    loop {
        let (start, mut group) = (at, 0u64);
        while let Some(digit) =
            text.get(at).map(|byte| HEXADECIMAL[usize::from(*byte)]).filter(|digit| *digit < 16)
        {
            group = group << 4 | u64::from(digit);
            at += 1;
        }
        let colon = text.get(at) == Some(&b':');
        if at > start {
            if at - start > 4 || count == 8 {
                return None;
            }
            (groups, count, end) = (groups << 16 | u128::from(group), count + 1, at);
        } else if colon && at > 0 && !gap {
            (head, groups) = (groups.checked_shl(128 - 16 * count).unwrap_or(0), 0);
            (gap, end) = (true, at + 1);
        } else if at > 0 || !text.starts_with(b"::") {
            break;
        }
        if !colon {
            break;
        }
        at += 1;
    }
    (gap == (count < 8)).then(|| ((head | groups).into(), end))
}

/// What each byte counts as a digit; no digit 16 or more.
const HEXADECIMAL: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut digit = 0;
    while digit < 16 {
        let byte = b"0123456789abcdef"[digit];
        digits[byte as usize] = digit as u8;
        digits[byte.to_ascii_uppercase() as usize] = digit as u8;
        digit += 1;
    }
    digits
};

/// Dotted decimal. By hand: the standard library's parser takes four times as long, and this runs for every failure.
pub(super) fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    ipv4_at_start(text).filter(|(_, length)| *length == text.len()).map(|(ip, _)| ip)
}

/// The dotted decimal with which a text begins, and its length; a digit does not follow.
pub(super) fn ipv4_at_start(text: &[u8]) -> Option<(Ipv4Addr, usize)> {
    let mut octets = [0; 4];
    let mut at = 0;
    for (place, octet) in octets.iter_mut().enumerate() {
        if place > 0 {
            at = (text.get(at) == Some(&b'.')).then_some(at + 1)?;
        }
        let digit = |at: usize| text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10);
        let mut value = u16::from(digit(at)?);
        at += 1;
        while let Some(digit) = digit(at) {
            if value == 0 {
                return None;
            }
            value = value * 10 + u16::from(digit);
            at += 1;
            if value > 255 {
                return None;
            }
        }
        *octet = value as u8;
    }
    Some((octets.into(), at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> Host<'_> {
        Host::Address(text.parse::<IpAddr>().unwrap().into())
    }

    #[test]
    fn an_ipv4_address_in_ipv6_dress_is_ipv4() {
        let ids = Ids { ip6: Some("::ffff:cb00:7107"), ..Ids::default() };
        assert_eq!(ids.host(), Some(address("203.0.113.7")));
    }

    #[test]
    fn a_prefix_makes_a_network_and_a_full_one_an_address() {
        let ids = |cidr| Ids { ip4: Some("203.0.113.7"), cidr: Some(cidr), ..Ids::default() };
        assert_eq!(ids("24").host(), Some(Host::Net("203.0.113.0/24".parse().unwrap())));
        assert_eq!(ids("32").host(), Some(address("203.0.113.7")));
        assert_eq!(ids("33").host(), Some(Host::Name("203.0.113.7")));
    }

    #[test]
    fn a_prefix_of_ipv6_means_as_much_for_ipv4_in_its_dress() {
        let net = |ip6, cidr| Ids { ip6: Some(ip6), cidr: Some(cidr), ..Ids::default() }.host();
        assert_eq!(net("::ffff:cb00:7107", "120"), Some(Host::Net("203.0.113.0/24".parse().unwrap())));
        assert_eq!(net("::ffff:cb00:7107", "128"), Some(address("203.0.113.7")));
        assert_eq!(net("::ffff:cb00:7107", "24"), Some(Host::Net("::/24".parse().unwrap())));
        let id = Ids { fid: Some("::ffff:203.0.113.7/120"), ..Ids::default() };
        assert_eq!(id.host(), Some(Host::Net("203.0.113.0/24".parse().unwrap())));
    }

    #[test]
    fn an_id_comes_before_the_address_and_the_address_before_the_name() {
        let ids = Ids { fid: Some("u1"), ip4: Some("192.0.2.1"), dns: Some("h"), ..Ids::default() };
        assert_eq!(ids.host(), Some(Host::Name("u1")));
        assert_eq!(Ids { fid: None, ..ids }.host(), Some(address("192.0.2.1")));
        assert_eq!(Ids { fid: Some("[2001:db8::1]"), ..ids }.host(), Some(address("2001:db8::1")));
        assert_eq!(Ids::default().host(), None);
    }

    #[test]
    fn digits_and_dots_that_are_no_address_are_a_name() {
        for text in ["192.030.0.6", "1.2.3.256", "999.1.1.1"] {
            let ids = Ids { ip4: Some(text), ..Ids::default() };
            assert_eq!(ids.host(), Some(Host::Name(text)));
        }
    }

    proptest! {
        #[test]
        fn reads_ipv4_as_the_standard_library_does(text in "[0-9.]{0,16}|([0-9]{1,3}\\.){3}[0-9]{1,3}") {
            prop_assert_eq!(ipv4(text.as_bytes()), text.parse().ok());
        }

        #[test]
        fn reads_ipv6_as_the_standard_library_does(
            text in "[0-9a-f:]{0,20}|([0-9A-Fa-f]{1,5}:{1,2}){1,8}[0-9a-f]{0,4}|::([0-9a-f]{1,4}:){0,7}[0-9a-f]{0,4}"
        ) {
            prop_assert_eq!(ipv6(text.as_bytes()), text.parse().ok());
        }
    }
}
