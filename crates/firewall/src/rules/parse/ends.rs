//! Addresses and interfaces.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Wrong;
use crate::rules::{Address, Families, Vocabulary};

/// An address as it was written, its families, and whether it stands for something else than was written.
pub(super) struct Read {
    pub(super) address: Address,
    pub(super) families: Families,
}

/// What stands behind `from` and `to`; `None` if it is nothing.
pub(super) fn address(text: &str, vocabulary: &Vocabulary) -> Option<Read> {
    let read = |address: Address| Read { families: address.families(), address };
    if text.eq_ignore_ascii_case("any") {
        return Some(read(Address::Any));
    }
    if vocabulary.lists.contains(text) {
        return Some(read(Address::List(text.to_owned())));
    }
    let (address, length) = match text.split_once('/') {
        None => (text.parse().ok()?, None),
        Some((address, length)) => (address.parse().ok()?, Some(length)),
    };
    match (address, length) {
        (IpAddr::V4(address), Some(mask)) if mask.contains('.') => masked(address, mask.parse().ok()?),
        (IpAddr::V4(address), length) => {
            let net = Ipv4Net::new(address, prefix(length, 32)?).ok()?;
            Some(Read { address: any_if_whole(net), families: Families::V4 })
        }
        (IpAddr::V6(address), length) => {
            let net = Ipv6Net::new(address, prefix(length, 128)?).ok()?;
            let whole = net.prefix_len() == 0 && address.is_unspecified();
            let address = if whole { Address::Any } else { Address::Net(IpNet::V6(net)) };
            Some(Read { address, families: Families::V6 })
        }
    }
}

/// Whether it is an IPv4 network written by one of its addresses, as `10.1.2.3/8`.
pub(in crate::rules) fn has_host_bits(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let mask = length.parse::<Ipv4Addr>().ok().or_else(|| {
        let net = Ipv4Net::new(Ipv4Addr::UNSPECIFIED, prefix(Some(length), 32)?).ok()?;
        Some(net.netmask())
    });
    let address = address.parse::<Ipv4Addr>().ok();
    address.zip(mask).is_some_and(|(address, mask)| address & mask != address)
}

fn prefix(length: Option<&str>, whole: u8) -> Option<u8> {
    let Some(length) = length else { return Some(whole) };
    let digits =
        length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    length.parse().ok().filter(|_| digits)
}

fn masked(address: Ipv4Addr, mask: Ipv4Addr) -> Option<Read> {
    let address = match Ipv4Net::with_netmask(address, mask) {
        Ok(net) => any_if_whole(net),
        Err(_) => Address::Masked(address & mask, mask),
    };
    Some(Read { address, families: Families::V4 })
}

fn any_if_whole(net: Ipv4Net) -> Address {
    if net.prefix_len() == 0 { Address::Any } else { Address::Net(IpNet::V4(net.trunc())) }
}

/// What the kernel calls an interface at most.
const NAME: usize = 15;

/// Words of the grammar, which would be hard to tell from a name.
const TAKEN: [&str; 11] =
    ["in", "out", "on", "from", "to", "port", "app", "proto", "log", "log-all", "comment"];

/// Whether this can be the name of an interface; a `+` at its end stands for anything.
pub(super) fn check_interface(name: &str) -> Result<(), Wrong> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.+@,=%".contains(c);
    let why = match () {
        () if name.contains('!') => ": reserved character: '!'",
        () if name.contains(':') => ": can't use interface aliases",
        () if name == "." || name == ".." => ": can't use '.' or '..'",
        () if name.is_empty() => ": interface name is empty",
        () if name.len() > NAME => ": interface name too long",
        () if !name.chars().all(fits) || TAKEN.contains(&name) => "",
        () => return Ok(()),
    };
    Err(Wrong::InterfaceName(why))
}
