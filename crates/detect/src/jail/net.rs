use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An [`IpNet`] in 17 bytes without padding, because tables hold hundreds of thousands: the address (IPv4 as its mapped
/// IPv6 form) and one byte for family and prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PackedNet {
    octets: [u8; 16],
    kind: u8,
}

/// Kinds below are IPv6 prefix lengths; from here on IPv4 ones.
const V4: u8 = 129;

impl PackedNet {
    /// How many kinds there are.
    pub(super) const KINDS: usize = V4 as usize + 33;

    /// Family and prefix length as one number below [`Self::KINDS`].
    pub(super) fn kind(self) -> usize {
        usize::from(self.kind)
    }

    /// The network of this kind that holds `ip`, if the families agree.
    pub(super) fn of_kind(ip: IpAddr, kind: usize) -> Option<Self> {
        let kind = u8::try_from(kind).ok()?;
        let net = match (ip, kind.checked_sub(V4)) {
            (IpAddr::V4(ip), Some(prefix)) => IpNet::V4(Ipv4Net::new(ip, prefix).ok()?),
            (IpAddr::V6(ip), None) => IpNet::V6(Ipv6Net::new(ip, kind).ok()?),
            _ => return None,
        };
        Some(net.into())
    }
}

impl From<IpNet> for PackedNet {
    fn from(net: IpNet) -> Self {
        match net.trunc() {
            IpNet::V4(net) => {
                Self { octets: net.addr().to_ipv6_mapped().octets(), kind: V4 + net.prefix_len() }
            }
            IpNet::V6(net) => Self { octets: net.addr().octets(), kind: net.prefix_len() },
        }
    }
}

impl From<PackedNet> for IpNet {
    fn from(packed: PackedNet) -> Self {
        let address = Ipv6Addr::from(packed.octets);
        match packed.kind.checked_sub(V4) {
            Some(prefix) => {
                let [.., a, b, c, d] = packed.octets;
                Self::V4(Ipv4Net::new_assert([a, b, c, d].into(), prefix))
            }
            None => Self::V6(Ipv6Net::new_assert(address, packed.kind)),
        }
    }
}

/// What is counted and banned for `ip`: an IPv4 address alone, an IPv6 address with all that share its first `ipv6prefix`
/// bits. An IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`) is the IPv4 address.
pub fn reduce(ip: IpAddr, ipv6prefix: u8) -> IpNet {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpNet::V4(ip.into()),
        IpAddr::V6(ip) => IpNet::V6(Ipv6Net::new_assert(ip, ipv6prefix.min(128)).trunc()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ipv4_and_its_mapped_ipv6_are_different_networks() {
        let four: IpNet = "192.0.2.1/32".parse().unwrap();
        let six: IpNet = "::ffff:192.0.2.1/128".parse().unwrap();
        assert!(PackedNet::from(four) != PackedNet::from(six));
    }

    #[test]
    fn reduce_keeps_the_prefix_and_undresses_mapped_addresses() {
        let reduced = |ip: &str, prefix| reduce(ip.parse().unwrap(), prefix).to_string();
        assert_eq!(reduced("2001:db8:1:2:3:4:5:6", 64), "2001:db8:1:2::/64");
        assert_eq!(reduced("2001:db8::1", 128), "2001:db8::1/128");
        assert_eq!(reduced("::ffff:192.0.2.7", 64), "192.0.2.7/32");
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(bits: u128, six: bool, prefix in 0u8..=128) {
            let net = if six {
                IpNet::V6(Ipv6Net::new_assert(bits.into(), prefix))
            } else {
                IpNet::V4(Ipv4Net::new_assert((bits as u32).into(), prefix % 33))
            };
            let packed = PackedNet::from(net);
            prop_assert_eq!(IpNet::from(packed), net.trunc());
            prop_assert!(packed == PackedNet::of_kind(net.addr(), packed.kind()).unwrap());
        }
    }
}
