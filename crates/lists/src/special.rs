//! Networks in which nobody on the internet is, after IANA's registries of special-purpose addresses.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const V4: [(u32, u8); 15] = [
    (0x0000_0000, 8),  // this network
    (0x0a00_0000, 8),  // private
    (0x6440_0000, 10), // shared, behind a provider's NAT
    (0x7f00_0000, 8),  // loopback
    (0xa9fe_0000, 16), // link-local
    (0xac10_0000, 12), // private
    (0xc000_0000, 24), // protocol assignments
    (0xc000_0200, 24), // documentation
    (0xc01f_c400, 24), // AS112
    (0xc058_6300, 24), // 6to4 relays
    (0xc0a8_0000, 16), // private
    (0xc612_0000, 15), // benchmarks
    (0xc633_6400, 24), // documentation
    (0xcb00_7100, 24), // documentation
    (0xe000_0000, 3),  // multicast, reserved, broadcast
];

/// Those of them that nobody has in private either.
const V4_NOBODYS: [(u32, u8); 4] = [(0x0000_0000, 8), (0x7f00_0000, 8), (0xa9fe_0000, 16), (0xe000_0000, 3)];

/// All that is given out of the address space.
const V6_GLOBAL: ([u16; 8], u8) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Within it.
const V6: [([u16; 8], u8); 4] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),     // protocol assignments
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),     // 6to4, whose addresses have IPv4 ones in them
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),     // documentation
];

/// Given out by whoever wants them.
const V6_PRIVATE: ([u16; 8], u8) = ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7);

/// Whether nobody can have an address of a network, not even in private: this network, loopback, link-local, multicast.
pub(crate) fn is_nobodys(net: IpNet) -> bool {
    match net {
        IpNet::V4(_) => V4_NOBODYS.into_iter().any(|special| v4(special).contains(&net)),
        IpNet::V6(_) => ![V6_GLOBAL, V6_PRIVATE].into_iter().any(|given| v6(given).contains(&net)),
    }
}

/// Whether some of a network is special.
pub(crate) fn has_part_of(net: IpNet) -> bool {
    let overlaps = |special: IpNet| special.contains(&net) || net.contains(&special);
    match net {
        IpNet::V4(_) => V4.into_iter().map(v4).any(overlaps),
        IpNet::V6(_) => !v6(V6_GLOBAL).contains(&net) || V6.into_iter().map(v6).any(overlaps),
    }
}

fn v4((address, prefix): (u32, u8)) -> IpNet {
    Ipv4Net::new_assert(address.into(), prefix).into()
}

fn v6((address, prefix): ([u16; 8], u8)) -> IpNet {
    Ipv6Net::new_assert(Ipv6Addr::from(address), prefix).into()
}
