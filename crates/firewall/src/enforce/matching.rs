//! What packets a rule is about, as expressions.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::group::OneOf;
use super::sets::{PORTS, PROTOCOLS, Sets};
use super::{Lists, base};
use crate::FirewallError;
use crate::name::Prefix;
use crate::rules::{Address, Families, PortRange, Protocol};
use crate::ruleset::{
    EQUAL, Expr, META_L4PROTO, META_NFPROTO, NETWORK_HEADER, NFPROTO_IPV4, NFPROTO_IPV6, REGISTER_1, Rule,
    TCP, TRANSPORT_HEADER, UDP, is_port, l4proto, load,
};

/// How a packet's destination is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// As it stands in the packet.
    Packet,
    /// As the client addressed it, before DNAT.
    Client,
}

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    From,
    To,
}

/// What is looked up in a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lookup {
    /// An address, cut to the size of a network.
    pub(super) network: Option<(End, Prefix)>,
    /// The destination's port; behind the address if there is one.
    pub(super) port: bool,
}

/// The registers behind 4 and behind 16 bytes in the first one.
const REGISTER_BEHIND_4: u32 = 9;
const REGISTER_BEHIND_16: u32 = 2;

const META_IIFNAME: u32 = 6;
const META_OIFNAME: u32 = 7;
/// Bytes that the kernel has for the name of an interface.
pub(super) const INTERFACE_NAME: usize = 16;

const NOT_EQUAL: u32 = 1;
const CT_STATE: u32 = 0;
const CT_STATUS: u32 = 2;
const CT_PROTO_DST: u32 = 12;
const CT_DST_IP: u32 = 20;
const CT_DST_IP6: u32 = 22;

pub(super) const INVALID: u32 = 1;
pub(super) const ESTABLISHED: u32 = 2;
pub(super) const RELATED: u32 = 4;
pub(super) const NEW: u32 = 8;
const DESTINATION_TRANSLATED: u32 = 32;

/// Builds the expressions, and the sets that they need.
#[derive(Debug)]
pub(super) struct Matcher<'a> {
    pub(super) sets: &'a mut Sets,
    /// Those that only some rules lead to.
    pub(super) chains: &'a mut BTreeMap<String, Vec<Rule>>,
    pub(super) lists: &'a Lists,
    pub(super) view: View,
}

/// The connection of the packet is in one of these states.
pub(super) fn state(states: u32) -> Vec<Expr> {
    has_bit(CT_STATE, states)
}

/// The destination is another than the client addressed.
pub(super) fn is_translated() -> Vec<Expr> {
    has_bit(CT_STATUS, DESTINATION_TRANSLATED)
}

fn has_bit(key: u32, bits: u32) -> Vec<Expr> {
    vec![
        Expr::LoadCt { key, directed: false, register: REGISTER_1 },
        Expr::Mask(bits.to_ne_bytes().to_vec()),
        Expr::Compare { operation: NOT_EQUAL, value: vec![0; 4] },
    ]
}

pub(super) fn equals(load: Expr, value: &[u8]) -> Vec<Expr> {
    vec![load, Expr::Compare { operation: EQUAL, value: value.to_vec() }]
}

pub(super) fn family(family: Families) -> Vec<Expr> {
    match family {
        Families::Both => Vec::new(),
        Families::V4 => equals(Expr::LoadMeta(META_NFPROTO), &[NFPROTO_IPV4]),
        Families::V6 => equals(Expr::LoadMeta(META_NFPROTO), &[NFPROTO_IPV6]),
    }
}

/// The interface by which a packet came in. `eth+` is every name that begins with `eth`.
pub(super) fn came_by(name: &str) -> Vec<Expr> {
    interface(META_IIFNAME, name)
}

/// The interface by which a packet leaves.
pub(super) fn leaves_by(name: &str) -> Vec<Expr> {
    interface(META_OIFNAME, name)
}

fn interface(key: u32, name: &str) -> Vec<Expr> {
    match name.strip_suffix('+') {
        Some("") => Vec::new(),
        Some(prefix) => equals(Expr::LoadMeta(key), prefix.as_bytes()),
        None => {
            let mut value = name.as_bytes().to_vec();
            value.resize(INTERFACE_NAME.max(name.len()), 0);
            equals(Expr::LoadMeta(key), &value)
        }
    }
}

/// The name of the interface by which a packet came in is as long as a name can be.
pub(super) fn came_by_longest_name() -> Vec<Expr> {
    let mut last = [0; INTERFACE_NAME];
    last[INTERFACE_NAME - 2] = 0xff;
    vec![
        Expr::LoadMeta(META_IIFNAME),
        Expr::Mask(last.to_vec()),
        Expr::Compare { operation: NOT_EQUAL, value: vec![0; INTERFACE_NAME] },
    ]
}

/// The source or destination of an IPv6 packet is in this network.
pub(super) fn in_network6(end: End, address: Ipv6Addr, prefix: u8) -> Vec<Expr> {
    let mut exprs = vec![address_in_packet(end, true)];
    exprs.extend(Prefix::V6(prefix).mask().map(Expr::Mask));
    exprs.push(Expr::Compare { operation: EQUAL, value: address.octets().to_vec() });
    exprs
}

fn address_in_packet(end: End, v6: bool) -> Expr {
    match (end, v6) {
        (End::From, false) => load(NETWORK_HEADER, 12, 4),
        (End::To, false) => load(NETWORK_HEADER, 16, 4),
        (End::From, true) => load(NETWORK_HEADER, 8, 16),
        (End::To, true) => load(NETWORK_HEADER, 24, 16),
    }
}

/// A network's address, as a set holds it.
pub(super) fn octets(net: &IpNet) -> Vec<u8> {
    match net.network() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

impl Matcher<'_> {
    /// What an address says of a packet of this family; `None` if no packet of it can fit.
    pub(super) fn address(
        &mut self,
        end: End,
        address: &Address,
        of: Families,
    ) -> Result<Option<Vec<Expr>>, FirewallError> {
        match address {
            Address::Any => Ok(Some(Vec::new())),
            Address::Net(net) => Ok(Some(self.networks(end, &[*net]))),
            Address::Masked(address, mask) => {
                let masked = Expr::Mask(mask.octets().to_vec());
                let value = address.octets().to_vec();
                let compare = Expr::Compare { operation: EQUAL, value };
                Ok(Some(vec![self.load_address(end, false), masked, compare]))
            }
            Address::List(name) => {
                let list = self.lists.get(name).ok_or_else(|| FirewallError::UnknownList(name.clone()))?;
                let v6 = of == Families::V6;
                let nets: Vec<IpNet> =
                    list.iter().copied().filter(|net| net.addr().is_ipv6() == v6).collect();
                Ok((!nets.is_empty()).then(|| self.networks(end, &nets)))
            }
        }
    }

    /// At least one network, all of one family.
    pub(super) fn networks(&mut self, end: End, networks: &[IpNet]) -> Vec<Expr> {
        let load = self.load_address(end, networks.iter().any(|net| net.addr().is_ipv6()));
        let [net] = networks else { return vec![load, Expr::InSet(self.sets.of_networks(networks))] };
        let mut exprs = vec![load];
        exprs.extend(Prefix::of(net).mask().map(Expr::Mask));
        exprs.push(Expr::Compare { operation: EQUAL, value: octets(net) });
        exprs
    }

    fn load_address(&self, end: End, v6: bool) -> Expr {
        match (self.view, end) {
            (View::Client, End::To) => {
                let key = if v6 { CT_DST_IP6 } else { CT_DST_IP };
                Expr::LoadCt { key, directed: true, register: REGISTER_1 }
            }
            _ => address_in_packet(end, v6),
        }
    }

    /// Of a rule for this protocol, which may be about ports.
    pub(super) fn protocol(&mut self, protocol: Protocol, with_ports: bool) -> Vec<Expr> {
        match (base::number(protocol), with_ports) {
            (Some(number), _) => l4proto(number).to_vec(),
            (None, false) => Vec::new(),
            (None, true) => {
                let both = self.sets.of_values(PROTOCOLS, &[TCP, UDP]);
                vec![Expr::LoadMeta(META_L4PROTO), Expr::InSet(both)]
            }
        }
    }

    /// One of these ports; any, if there are none.
    pub(super) fn ports(&mut self, end: End, ports: &[PortRange]) -> Vec<Expr> {
        let load = self.load_port(end, REGISTER_1);
        match ports {
            [] => Vec::new(),
            [range] => [vec![load], is_port(range)].concat(),
            several => {
                let ranges = several.iter().map(|range| ((*range.start()).into(), (*range.end()).into()));
                vec![load, Expr::InSet(self.sets.of(PORTS, ranges.collect()))]
            }
        }
    }

    /// What is looked up is in this set.
    pub(super) fn one_of(&mut self, OneOf { lookup, set, keys }: &OneOf) -> Vec<Expr> {
        self.sets.changing(set, *lookup, keys);
        [self.key(*lookup), vec![Expr::InSet(set.clone())]].concat()
    }

    /// Loads what is looked up.
    pub(super) fn key(&self, Lookup { network, port }: Lookup) -> Vec<Expr> {
        let mut key = Vec::new();
        let mut register = REGISTER_1;
        if let Some((end, prefix)) = network {
            let v6 = matches!(prefix, Prefix::V6(_));
            key.push(self.load_address(end, v6));
            key.extend(prefix.mask().map(Expr::Mask));
            register = if v6 { REGISTER_BEHIND_16 } else { REGISTER_BEHIND_4 };
        }
        key.extend(port.then(|| self.load_port(End::To, register)));
        key
    }

    fn load_port(&self, end: End, register: u32) -> Expr {
        match (self.view, end) {
            (View::Client, End::To) => Expr::LoadCt { key: CT_PROTO_DST, directed: true, register },
            (_, end) => {
                let offset = if end == End::From { 0 } else { 2 };
                Expr::LoadPayload { base: TRANSPORT_HEADER, offset, length: 2, register }
            }
        }
    }
}
