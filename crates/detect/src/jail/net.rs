use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use foldhash::quality::RandomState;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::recent::Keyed;
use crate::Address;

/// An [`IpNet`] in 17 bytes without padding, because tables hold hundreds of thousands: the address (IPv4 as its mapped
/// IPv6 form) and one byte for family and prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackedNet {
    octets: [u8; 16],
    kind: u8,
}

/// A network with its hash, which is the same for every table: a failure is looked up in several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) net: PackedNet,
    pub(super) hash: u64,
}

/// Seeded at random, since attackers choose the keys.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// Kinds below are IPv6 prefix lengths; from here on IPv4 ones.
const V4: u8 = 129;

impl PackedNet {
    /// How many kinds there are.
    pub(super) const KINDS: usize = V4 as usize + 33;

    /// Family and prefix length as one number below [`Self::KINDS`].
    pub(super) fn kind(self) -> usize {
        usize::from(self.kind)
    }

    /// What is counted and banned for an address: one of IPv4 alone, one of IPv6 with all that share its first
    /// `ipv6prefix` bits.
    #[inline]
    pub(super) fn around(address: Address, ipv6prefix: u8) -> Self {
        let (mask, kind) = match address.ipv4() {
            Some(_) => (u128::MAX, V4 + 32),
            None => {
                let prefix = ipv6prefix.min(128);
                (!u128::MAX.checked_shr(prefix.into()).unwrap_or(0), prefix)
            }
        };
        Self { octets: (address.bits() & mask).to_be_bytes(), kind }
    }

    /// One address.
    pub(super) fn is_single(self) -> bool {
        self.kind == 128 || self.kind == V4 + 32
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

impl Keyed for PackedNet {
    /// Of the address alone: hardly ever are there networks of several sizes that begin with the same.
    #[inline]
    fn hash(self) -> u64 {
        HASHER.hash_one(u128::from_ne_bytes(self.octets))
    }
}

impl From<PackedNet> for Key {
    fn from(net: PackedNet) -> Self {
        Self { net, hash: net.hash() }
    }
}

impl From<IpNet> for Key {
    fn from(net: IpNet) -> Self {
        PackedNet::from(net).into()
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
    fn what_is_counted_keeps_the_prefix_and_undresses_mapped_addresses() {
        let counted = |ip: &str, prefix| {
            let address = ip.parse::<IpAddr>().unwrap().into();
            IpNet::from(PackedNet::around(address, prefix)).to_string()
        };
        assert_eq!(counted("2001:db8:1:2:3:4:5:6", 64), "2001:db8:1:2::/64");
        assert_eq!(counted("2001:db8::1", 128), "2001:db8::1/128");
        assert_eq!(counted("::ffff:192.0.2.7", 64), "192.0.2.7/32");
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
