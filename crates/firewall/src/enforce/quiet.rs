//! What is allowed without a rule, because nothing works without it: the answers to what went out, ICMP as RFC 4890 asks
//! of a firewall, addresses by DHCP, and names and services in the local network.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::matching::{ESTABLISHED, End, RELATED, equals, family, in_network6, state};
use super::sets::{ICMP4_TYPES, ICMP6_TYPES, PORTS, Sets};
use crate::rules::Families;
use crate::ruleset::{Expr, NETWORK_HEADER, Rule, TCP, TRANSPORT_HEADER, UDP, l4proto, load};

/// IPv6's ICMP to and from this host.
pub(super) const ICMP6_CHAIN: &str = "rules.icmp6";

const ICMP: u8 = 1;
const ICMP6: u8 = 58;

/// Unreachable, time exceeded, parameter problem, and echo request. An echo's reply belongs to a connection.
const ICMP4: [u8; 4] = [3, 8, 11, 12];
/// Unreachable, too big, time exceeded, parameter problem, echo request and reply.
const ICMP6_EVERYWHERE: [u8; 6] = [1, 2, 3, 4, 128, 129];
/// Routers, neighbours, inverse neighbours, certification paths: never from beyond a router, so with an untouched hop limit.
const ICMP6_NEIGHBOURS: [u8; 8] = [133, 134, 135, 136, 141, 142, 148, 149];
/// Multicast listeners.
const ICMP6_LISTENERS: [u8; 4] = [130, 131, 132, 143];
/// Multicast routers.
const ICMP6_MULTICAST_ROUTERS: [u8; 3] = [151, 152, 153];
/// Home agents of mobile hosts; only towards this host.
const ICMP6_MOBILE: [u8; 4] = [144, 145, 146, 147];

const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);
const LINK_LOCAL_PREFIX: u8 = 10;

fn accept(fits: impl IntoIterator<Item = Expr>) -> Rule {
    fits.into_iter().chain([Expr::Accept]).collect()
}

/// What belongs to a connection that was let through.
pub(super) fn standing() -> Rule {
    accept(state(ESTABLISHED | RELATED))
}

fn icmp4(sets: &mut Sets) -> Vec<Expr> {
    let kind = Expr::InSet(sets.of_values(ICMP4_TYPES, &ICMP4));
    [family(Families::V4), l4proto(ICMP).to_vec(), vec![load(TRANSPORT_HEADER, 0, 1), kind]].concat()
}

fn icmp6(sets: &mut Sets, types: &[u8]) -> Vec<Expr> {
    [is_icmp6(), vec![load(TRANSPORT_HEADER, 0, 1), Expr::InSet(sets.of_values(ICMP6_TYPES, types))]].concat()
}

fn is_icmp6() -> Vec<Expr> {
    [family(Families::V6).as_slice(), &l4proto(ICMP6)].concat()
}

/// Of [`ICMP6_CHAIN`].
pub(super) fn icmp6_rules(sets: &mut Sets) -> Vec<Rule> {
    let hop_limit = |hops: u8| equals(load(NETWORK_HEADER, 7, 1), &[hops]);
    let link_local = in_network6(End::From, LINK_LOCAL, LINK_LOCAL_PREFIX);
    vec![
        accept(icmp6(sets, &ICMP6_EVERYWHERE)),
        accept([icmp6(sets, &ICMP6_NEIGHBOURS), hop_limit(255)].concat()),
        accept([icmp6(sets, &ICMP6_LISTENERS), link_local.clone()].concat()),
        accept([icmp6(sets, &ICMP6_MULTICAST_ROUTERS), link_local, hop_limit(1)].concat()),
    ]
}

pub(super) fn to_icmp6_chain() -> Rule {
    [is_icmp6(), vec![Expr::Jump(ICMP6_CHAIN.to_owned())]].concat()
}

/// Through this host.
pub(super) fn routed(sets: &mut Sets) -> Vec<Rule> {
    vec![accept(icmp4(sets)), accept(icmp6(sets, &ICMP6_EVERYWHERE))]
}

/// To this host.
pub(super) fn incoming(sets: &mut Sets) -> Vec<Rule> {
    let mut rules = vec![accept(icmp4(sets)), to_icmp6_chain(), accept(icmp6(sets, &ICMP6_MOBILE))];
    rules.extend([dhcp4(), dhcp6()]);
    for (port, v4, v6) in [(MDNS, MDNS4, MDNS6), (SSDP, SSDP4, SSDP6)] {
        let to4 = equals(load(NETWORK_HEADER, 16, 4), &v4.octets());
        rules.push(accept([family(Families::V4), to4, to_port(UDP, port)].concat()));
        let to6 = in_network6(End::To, v6, 128);
        rules.push(accept([family(Families::V6), to6, to_port(UDP, port)].concat()));
    }
    rules
}

const MDNS: u16 = 5353;
const MDNS4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const MDNS6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
const SSDP: u16 = 1900;
const SSDP4: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const SSDP6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xf);

fn to_port(protocol: u8, port: u16) -> Vec<Expr> {
    [l4proto(protocol).to_vec(), equals(load(TRANSPORT_HEADER, 2, 2), &port.to_be_bytes())].concat()
}

fn udp(from: u16, to: u16) -> Vec<Expr> {
    let port = |offset, port: u16| equals(load(TRANSPORT_HEADER, offset, 2), &port.to_be_bytes());
    [l4proto(UDP).to_vec(), port(0, from), port(2, to)].concat()
}

/// A server's answer, which the kernel cannot tell from a new connection: the question went to everybody.
fn dhcp4() -> Rule {
    accept([family(Families::V4), udp(67, 68)].concat())
}

fn dhcp6() -> Rule {
    let local = |end| in_network6(end, LINK_LOCAL, LINK_LOCAL_PREFIX);
    accept([family(Families::V6), local(End::From), local(End::To), udp(547, 546)].concat())
}

/// What every local network is full of, and no log needs: file sharing, DHCP, and whatever goes to all hosts.
pub(super) fn noise(sets: &mut Sets) -> Vec<Vec<Expr>> {
    const PACKET_TYPE: u32 = 19;
    const BROADCAST: u8 = 1;
    let mut ports = |protocol: u8, ports: &[u16]| {
        let set = Expr::InSet(sets.of_values(PORTS, ports));
        [l4proto(protocol).to_vec(), vec![load(TRANSPORT_HEADER, 2, 2), set]].concat()
    };
    vec![
        ports(UDP, &[67, 68, 137, 138, 546, 547]),
        ports(TCP, &[139, 445]),
        equals(Expr::LoadMeta(PACKET_TYPE), &[BROADCAST]),
    ]
}
