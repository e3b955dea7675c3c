use std::io;
use std::net::IpAddr;

use rustix::net::netdevice::name_to_index;

use super::{AF_INET, AF_INET6, NEW_LINK, SEQUENCE, add_address, exchange, up};
use crate::netlink::{Encoder, Family, Socket, flag};

const NEW_ROUTE: u16 = 24;
/// Bytes of `struct ifinfomsg`.
const LINK_HEADER: usize = 16;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_NET_NS_PID: u16 = 19;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const RTA_OIF: u16 = 4;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_STATIC: u8 = 4;
const RT_SCOPE_LINK: u8 = 253;
const RTN_UNICAST: u8 = 1;

/// A cable between two network namespaces: an interface `name` here and one in that of the process `pid`.
pub fn create_pair(name: &str, pid: u32) -> io::Result<()> {
    let socket = Socket::open(Family::Route, 0)?;
    let mut request = Encoder::new();
    let flags = flag::REQUEST | flag::ACK | flag::CREATE | flag::EXCL;
    request.message(NEW_LINK, flags, SEQUENCE, |message| {
        message.raw(&[0; LINK_HEADER]);
        message.string(IFLA_IFNAME, name);
        message.nest(IFLA_LINKINFO, |info| {
            info.string(IFLA_INFO_KIND, "veth");
            info.nest(IFLA_INFO_DATA, |data| {
                data.nest(VETH_INFO_PEER, |peer| {
                    peer.raw(&[0; LINK_HEADER]);
                    peer.string(IFLA_IFNAME, name);
                    peer.bytes(IFLA_NET_NS_PID, &pid.to_ne_bytes());
                });
            });
        });
    });
    exchange(&socket, request, |_| {})
}

/// One end of such a cable, in this network namespace.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    index: u32,
}

impl Link {
    /// The interface of that name.
    pub fn named(name: &str) -> io::Result<Link> {
        // Any socket of this namespace can be asked.
        let socket = Socket::open(Family::Route, 0)?;
        Ok(Link { index: name_to_index(&socket, name)? })
    }

    /// Switches it on.
    pub fn up(&self) -> io::Result<()> {
        up(self.index)
    }

    /// Gives it one more address, with no network around it.
    pub fn add_address(&self, address: IpAddr) -> io::Result<()> {
        add_address(self.index, address)
    }

    /// Everybody who is not here is at the other end. To be called when it is on.
    pub fn add_default_routes(&self) -> io::Result<()> {
        [AF_INET, AF_INET6].into_iter().try_for_each(|family| self.add_default_route(family))
    }

    fn add_default_route(&self, family: u8) -> io::Result<()> {
        let socket = Socket::open(Family::Route, 0)?;
        let mut request = Encoder::new();
        let flags = flag::REQUEST | flag::ACK | flag::CREATE | flag::EXCL;
        request.message(NEW_ROUTE, flags, SEQUENCE, |message| {
            message.raw(&[family, 0, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_LINK, RTN_UNICAST]);
            message.raw(&[0; 4]);
            message.bytes(RTA_OIF, &self.index.to_ne_bytes());
        });
        exchange(&socket, request, |_| {})
    }
}
