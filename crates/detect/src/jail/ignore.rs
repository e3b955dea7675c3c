use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::Address;

/// Addresses that a jail never bans: ranges that neither touch nor overlap, searched by halving.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    ranges: Vec<(u128, u128)>,
    /// The [`kind`]s of the addresses in them, as bits: most attackers are told from them by it.
    kinds: [u64; KINDS / 64],
}

/// Addresses that begin alike are of one kind: the first byte of IPv4 tells, or the first two of IPv6.
const KINDS: usize = 512;

fn kind(address: Address) -> usize {
    match address.ipv4() {
        Some(ip) => (ip >> 24) as usize,
        None => kind_of_ipv6((address.bits() >> 112) as u16),
    }
}

fn kind_of_ipv6(beginning: u16) -> usize {
    KINDS / 2 + usize::from(beginning.wrapping_mul(0x9e37) >> 8)
}

impl Ignore {
    /// From networks in any order. An address may stand as a network of one.
    pub fn new(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let mut ranges: Vec<_> = nets.into_iter().map(range).collect();
        ranges.sort_unstable();
        ranges.dedup_by(|next, kept| {
            let joins = kept.1.checked_add(1).is_none_or(|after| next.0 <= after);
            if joins {
                kept.1 = kept.1.max(next.1);
            }
            joins
        });
        ranges.shrink_to_fit();
        let mut kinds = [0; KINDS / 64];
        let mut meet = |kind: usize| kinds[kind / 64] |= 1 << (kind % 64);
        let [first, last] = [Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST].map(|ip| bits(ip.into()));
        for (start, end) in &ranges {
            ((start >> 112) as u16..=(end >> 112) as u16).for_each(|beginning| meet(kind_of_ipv6(beginning)));
            if *start <= last && *end >= first {
                let byte = |bits: u128| (bits.clamp(first, last) >> 24) as u8;
                (byte(*start)..=byte(*end)).for_each(|byte| meet(byte.into()));
            }
        }
        Self { ranges, kinds }
    }

    /// Whether an address is never banned.
    #[inline]
    pub fn contains(&self, address: Address) -> bool {
        let kind = kind(address);
        self.kinds[kind / 64] >> (kind % 64) & 1 != 0 && self.holds(address)
    }

    fn holds(&self, address: Address) -> bool {
        let bits = address.bits();
        let at = self.ranges.partition_point(|(_, end)| *end < bits);
        self.ranges.get(at).is_some_and(|(start, _)| *start <= bits)
    }

    /// Whether a ban of `net` would hit somebody who is never banned.
    pub fn overlaps(&self, net: IpNet) -> bool {
        let (first, last) = range(net);
        let at = self.ranges.partition_point(|(_, end)| *end < first);
        self.ranges.get(at).is_some_and(|(start, _)| *start <= last)
    }

    /// Whether it names nobody.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

/// First and last address, IPv4 in its mapped form: so one table serves both, and `::ffff:192.0.2.1` is `192.0.2.1`.
fn range(net: IpNet) -> (u128, u128) {
    (bits(net.network()), bits(net.broadcast()))
}

fn bits(ip: IpAddr) -> u128 {
    Address::from(ip).bits()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use proptest::prelude::*;

    use super::*;

    fn ignore(nets: &[&str]) -> Ignore {
        Ignore::new(nets.iter().map(|net| net.parse::<IpNet>().unwrap()))
    }

    #[test]
    fn networks_and_single_addresses_of_both_families() {
        let address = |ip: &str| ip.parse::<IpAddr>().unwrap().into();
        let ignore = ignore(&["127.0.0.1/8", "::1/128", "192.0.2.7/32", "2001:db8::/32"]);
        for ip in ["127.255.255.255", "::1", "192.0.2.7", "2001:db8:ffff::1", "::ffff:192.0.2.7"] {
            assert!(ignore.contains(address(ip)), "{ip}");
        }
        for ip in ["128.0.0.0", "::2", "192.0.2.6", "192.0.2.8", "2001:db9::", "126.255.255.255"] {
            assert!(!ignore.contains(address(ip)), "{ip}");
        }
    }

    #[test]
    fn a_network_overlaps_when_it_holds_an_ignored_address() {
        let ignore = ignore(&["2001:db8::5/128"]);
        assert!(ignore.overlaps("2001:db8::/64".parse().unwrap()));
        assert!(!ignore.overlaps("2001:db8:0:1::/64".parse().unwrap()));
    }

    #[test]
    fn neighbours_and_nested_networks_become_one_range() {
        let ignore = ignore(&["10.0.1.0/24", "10.0.0.0/24", "10.0.0.8/32", "0.0.0.0/0", "::/0"]);
        assert_eq!(ignore.ranges, [(0, u128::MAX)]);
    }

    proptest! {
        #[test]
        fn agrees_with_asking_every_network(nets in proptest::collection::vec((0u32..64, 26u8..=32), 0..8), ip in 0u32..64) {
            let nets: Vec<IpNet> =
                nets.into_iter().map(|(ip, prefix)| IpNet::new(IpAddr::V4(ip.into()), prefix).unwrap()).collect();
            let ip = IpAddr::V4(ip.into());
            let expected = nets.iter().any(|net| net.contains(&ip));
            prop_assert_eq!(Ignore::new(nets).contains(ip.into()), expected);
        }

        #[test]
        fn agrees_with_asking_networks_of_both_families_and_of_any_size(
            nets in proptest::collection::vec((any::<bool>(), 0u128..64, 0u8..=6), 0..8),
            (is_ipv4, ip) in (any::<bool>(), 0u128..64),
        ) {
            // The first bits of an address matter, and the last.
            let address = |is_ipv4: bool, ip: u128| match is_ipv4 {
                true => IpAddr::V4(((ip as u32 & 56) << 26 | ip as u32 & 7).into()),
                false => IpAddr::V6(((ip & 56) << 122 | ip & 7).into()),
            };
            let net = |(is_ipv4, ip, wide): (bool, u128, u8)| {
                let all = if is_ipv4 { 32 } else { 128 };
                let prefix = if wide > 3 { 7 - wide } else { all - wide };
                IpNet::new(address(is_ipv4, ip), prefix).unwrap()
            };
            let nets: Vec<IpNet> = nets.into_iter().map(net).collect();
            let ip = address(is_ipv4, ip);
            // An IPv6 network around all mapped addresses holds those of IPv4 too.
            let mapped = |ip: IpAddr| IpAddr::V6(Ipv6Addr::from_bits(bits(ip)));
            let expected = nets.iter().any(|net| net.contains(&ip) || net.contains(&mapped(ip)));
            prop_assert_eq!(Ignore::new(nets).contains(ip.into()), expected);
        }
    }
}
