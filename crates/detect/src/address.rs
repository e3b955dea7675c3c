use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One address. IPv4 mapped into IPv6 is IPv4, which is kept in that form here.
///
/// Every failure hands it on, and it is one number because of how: an [`IpAddr`] is written in parts, and a processor that
/// reads it as a whole soon after that waits until they have left for its cache.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address(u128);

/// What all mapped IPv4 addresses begin with.
const MAPPED: u128 = 0xffff << 32;

impl Address {
    /// As an IPv6 address.
    pub(crate) fn bits(self) -> u128 {
        self.0
    }

    /// If it is one of IPv4.
    #[inline]
    pub(crate) fn ipv4(self) -> Option<u32> {
        (self.0 >> 32 == MAPPED >> 32).then_some(self.0 as u32)
    }
}

impl From<Ipv4Addr> for Address {
    #[inline]
    fn from(ip: Ipv4Addr) -> Address {
        Address(MAPPED | u128::from(ip.to_bits()))
    }
}

impl From<Ipv6Addr> for Address {
    #[inline]
    fn from(ip: Ipv6Addr) -> Address {
        Address(ip.to_bits())
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Address {
        match ip {
            IpAddr::V4(ip) => ip.into(),
            IpAddr::V6(ip) => ip.into(),
        }
    }
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> IpAddr {
        match address.ipv4() {
            Some(bits) => Ipv4Addr::from_bits(bits).into(),
            None => Ipv6Addr::from_bits(address.0).into(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        IpAddr::from(*self).fmt(out)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        IpAddr::from(*self).fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_canonical_one() {
        for ip in ["192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "::ffff:192.0.2.1"]
        {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(IpAddr::from(Address::from(ip)), ip.to_canonical());
        }
    }
}
