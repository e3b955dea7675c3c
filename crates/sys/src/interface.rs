//! Network interfaces: the host's own addresses, and the little that namespaces of our own need.

mod link;

pub use link::{Link, create_pair};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Duration;
use std::{io, thread};

use crate::netlink::{Attributes, Encoder, Family, Message, Messages, Socket, flag};

const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
const GET_ADDRESS: u16 = 22;
/// Bytes of `struct ifaddrmsg`.
const ADDRESS_HEADER: usize = 8;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IFF_UP: u32 = 1;
const IFA_FLAGS: u16 = 8;
/// No duplicate address detection, which would keep an IPv6 address unusable for a second.
const IFA_F_NODAD: u32 = 0x2;
/// No route to the address as to a network: it is there before the local one, and packets that take it are lost.
const IFA_F_NOPREFIXROUTE: u32 = 0x200;
/// In every network namespace.
const LOOPBACK_INDEX: u32 = 1;
const SEQUENCE: u32 = 1;

/// All addresses of all interfaces in this network namespace.
pub fn addresses() -> io::Result<Vec<IpAddr>> {
    let socket = Socket::open(Family::Route, 0)?;
    let mut request = Encoder::new();
    request.message(GET_ADDRESS, flag::REQUEST | flag::DUMP, SEQUENCE, |m| m.raw(&[0; ADDRESS_HEADER]));
    let mut addresses = Vec::new();
    exchange(&socket, request, |message| addresses.extend(address_of(message)))?;
    Ok(addresses)
}

/// On a link between two hosts IFA_ADDRESS is the other end, and IFA_LOCAL ours.
fn address_of(message: &Message<'_>) -> Option<IpAddr> {
    let attributes: Attributes<'_> = message.attributes(ADDRESS_HEADER);
    let bytes = attributes.get(IFA_LOCAL).or_else(|| attributes.get(IFA_ADDRESS))?;
    let v4 = || <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
    let v6 = || <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok();
    (message.kind == NEW_ADDRESS).then(|| v4().or_else(v6))?
}

/// Switches the loopback interface on, as nobody else does in a new network namespace.
pub fn loopback_up() -> io::Result<()> {
    up(LOOPBACK_INDEX)
}

fn up(interface: u32) -> io::Result<()> {
    let socket = Socket::open(Family::Route, 0)?;
    let mut request = Encoder::new();
    request.message(NEW_LINK, flag::REQUEST | flag::ACK, SEQUENCE, |message| {
        message.raw(&[0; 4]);
        message.raw(&interface.to_ne_bytes());
        message.raw(&IFF_UP.to_ne_bytes());
        message.raw(&IFF_UP.to_ne_bytes());
    });
    exchange(&socket, request, |_| {})
}

/// Gives the loopback interface one more address, so that a namespace of our own can hold several hosts.
pub fn add_loopback_address(address: IpAddr) -> io::Result<()> {
    add_address(LOOPBACK_INDEX, address)?;
    wait_for_route(address)
}

/// The address alone, without a network around it.
fn add_address(interface: u32, address: IpAddr) -> io::Result<()> {
    let (family, bits, bytes) = match address {
        IpAddr::V4(address) => (AF_INET, 32, address.octets().to_vec()),
        IpAddr::V6(address) => (AF_INET6, 128, address.octets().to_vec()),
    };
    let socket = Socket::open(Family::Route, 0)?;
    let mut request = Encoder::new();
    let flags = flag::REQUEST | flag::ACK | flag::CREATE | flag::EXCL;
    request.message(NEW_ADDRESS, flags, SEQUENCE, |message| {
        message.raw(&[family, bits, 0, 0]);
        message.raw(&interface.to_ne_bytes());
        message.bytes(IFA_LOCAL, &bytes);
        message.bytes(IFA_ADDRESS, &bytes);
        message.bytes(IFA_FLAGS, &(IFA_F_NODAD | IFA_F_NOPREFIXROUTE).to_ne_bytes());
    });
    exchange(&socket, request, |_| {})
}

/// Waits until packets to `address` have a way. The kernel makes an IPv6 address, and a link that was just switched
/// on, usable a moment later, from a worker of its own.
pub fn wait_for_route(address: IpAddr) -> io::Result<()> {
    const DISCARD: u16 = 9;
    const ATTEMPTS: u32 = 1000;
    let any =
        if address.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    let mut result = Ok(());
    for _ in 0..ATTEMPTS {
        result = UdpSocket::bind((any, 0)).and_then(|socket| socket.connect((address, DISCARD)));
        if result.is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    result
}

/// Sends a request and reads to the end of its answer, which the kernel has ready by then.
fn exchange(socket: &Socket, request: Encoder, mut see: impl FnMut(&Message<'_>)) -> io::Result<()> {
    socket.send(&request.finish().map_err(io::Error::other)?)?;
    let mut buffer = Vec::new();
    while let Some(bytes) = socket.receive(&mut buffer)? {
        for message in Messages::new(bytes) {
            let message = message.map_err(io::Error::other)?;
            match message.error() {
                Some(0) => return Ok(()),
                Some(errno) => return Err(io::Error::from_raw_os_error(errno)),
                None => see(&message),
            }
        }
    }
    Err(io::Error::other("the kernel did not answer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_among_the_own_addresses_if_it_is_up() {
        let addresses = addresses().unwrap();
        let up = std::fs::read_to_string("/sys/class/net/lo/flags").unwrap();
        let up = u32::from_str_radix(up.trim().trim_start_matches("0x"), 16).unwrap() & IFF_UP != 0;
        assert_eq!(addresses.contains(&IpAddr::from([127, 0, 0, 1])), up);
    }
}
