use std::net::IpAddr;

use ipnet::IpNet;

use crate::Address;

/// Addresses that a jail never bans: ranges that neither touch nor overlap, searched by halving.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    ranges: Vec<(u128, u128)>,
    /// The first bytes of the IPv4 addresses in them: most attackers are told from them by it.
    first: [u64; 4],
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
        let mut first = [0; 4];
        for byte in 0..=u8::MAX {
            let all = (bits(IpAddr::from([byte, 0, 0, 0])), bits(IpAddr::from([byte, 255, 255, 255])));
            let meets = ranges.iter().any(|(start, end)| *start <= all.1 && *end >= all.0);
            first[usize::from(byte >> 6)] |= u64::from(meets) << (byte & 63);
        }
        Self { ranges, first }
    }

    /// Whether an address is never banned.
    pub fn contains(&self, address: Address) -> bool {
        if let Some(ip) = address.ipv4() {
            let byte = ip >> 24;
            if self.first[byte as usize >> 6] >> (byte & 63) & 1 == 0 {
                return false;
            }
        }
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
    }
}
