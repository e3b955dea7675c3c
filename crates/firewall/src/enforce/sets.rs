//! Sets. One whose content never changes is named by it: the same content is the same set in every policy, and a change
//! is another set, so that packets see the old one or the new one. The kernel lets nobody change it while it is used.
//!
//! Where rules that say the same of several addresses or ports became one, its set changes in place, so that one rule more
//! is one element more.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Contents;
use super::matching::Lookup;
use crate::name::{self, Prefix};
use crate::ruleset::{Bound, Keys, SET_RANGES, SET_TIMEOUT, Set, TYPE_IPV4_ADDR, TYPE_IPV6_ADDR};

/// What a set's keys are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    name: &'static str,
    key_type: u32,
    key_length: u32,
}

pub(super) const ADDRESSES4: Kind = Kind { name: "addresses4", key_type: TYPE_IPV4_ADDR, key_length: 4 };
pub(super) const ADDRESSES6: Kind = Kind { name: "addresses6", key_type: TYPE_IPV6_ADDR, key_length: 16 };
pub(super) const PORTS: Kind = Kind { name: "ports", key_type: TYPE_PORT, key_length: 2 };
pub(super) const PROTOCOLS: Kind = Kind { name: "protocols", key_type: 12, key_length: 1 };
pub(super) const ICMP4_TYPES: Kind = Kind { name: "icmp4", key_type: 14, key_length: 1 };
pub(super) const ICMP6_TYPES: Kind = Kind { name: "icmp6", key_type: 29, key_length: 1 };

const TYPE_PORT: u32 = 13;
/// Types that stand side by side in one key take so many bits each in its type.
const TYPE_BITS: u32 = 6;

const CONSTANT: u32 = 0x2;
const DYNAMIC: u32 = 0x20;

/// So many keys are kept account of at a time; for others there is no limit then.
const ACCOUNTS: u32 = 65_535;

/// Both ends are in it.
pub(super) type Range = (u128, u128);

/// What the names of sets that change in place begin with.
const CHANGING: &str = "oneof.";

/// The name of the set that belongs to these rules.
pub(super) fn changing(rules: &str) -> String {
    format!("{CHANGING}{:016x}", name::fnv1a(rules.as_bytes()))
}

/// Whether a set changes in place, so that its elements are not told by its name.
pub(crate) fn changes_in_place(set: &str) -> bool {
    set.starts_with(CHANGING)
}

/// The sets of a policy.
#[derive(Debug, Default)]
pub(super) struct Sets {
    pub(super) sets: BTreeMap<String, Set>,
    pub(super) elements: BTreeMap<String, Keys>,
    pub(super) contents: Contents,
}

impl Sets {
    /// A hash table of single values, or intervals as soon as there is a range.
    pub(super) fn of(&mut self, kind: Kind, mut ranges: Vec<Range>) -> String {
        ranges.sort_unstable();
        ranges.dedup();
        let single = ranges.iter().all(|(first, last)| first == last);
        let bounds = if single { keys(kind, &ranges) } else { intervals(kind, &ranges) };
        let mut text = vec![u8::from(single)];
        bounds.iter().for_each(|bound| text.extend([&bound.key[..], &[u8::from(bound.ends)]].concat()));
        let name = format!("{}.{:016x}", kind.name, name::fnv1a(&text));
        let (flags, size) = if single { (CONSTANT, bounds.len() as u32) } else { (CONSTANT | SET_RANGES, 0) };
        let set = Set { flags, key_type: kind.key_type, key_length: kind.key_length, size, ..Set::default() };
        self.sets.insert(name.clone(), set);
        self.contents.insert(name.clone(), bounds);
        name
    }

    /// A set of this name, which changes in place.
    pub(super) fn changing(&mut self, name: &str, lookup: Lookup, keys: &Keys) {
        let (key_type, key_length) = key(lookup);
        let set = Set { key_type, key_length, ..Set::default() };
        self.sets.insert(name.to_owned(), set);
        self.elements.insert(name.to_owned(), keys.clone());
    }

    /// The single values.
    pub(super) fn of_values<T: Into<u128> + Copy>(&mut self, kind: Kind, values: &[T]) -> String {
        self.of(kind, values.iter().map(|value| ((*value).into(), (*value).into())).collect())
    }

    /// Networks of one family.
    pub(super) fn of_networks(&mut self, networks: &[IpNet]) -> String {
        let kind = if networks.iter().any(|net| net.addr().is_ipv6()) { ADDRESSES6 } else { ADDRESSES4 };
        let range = |net: &IpNet| (number(net.network()), number(net.broadcast()));
        self.of(kind, networks.iter().map(range).collect())
    }

    /// Accounts that packets open; kept for so many milliseconds after the last packet, or as long as they count something.
    pub(super) fn accounts(&mut self, name: String, lookup: Lookup, kept: Option<u64>) -> String {
        let (key_type, key_length) = key(lookup);
        let flags = DYNAMIC | kept.map_or(0, |_| SET_TIMEOUT);
        let set = Set { flags, key_type, key_length, size: ACCOUNTS, timeout: kept.unwrap_or(0) };
        self.sets.insert(name.clone(), set);
        name
    }
}

/// The type and the length of what is looked up.
fn key(lookup: Lookup) -> (u32, u32) {
    let network = lookup.network.map(|(_, prefix)| match prefix {
        Prefix::V4(_) => (TYPE_IPV4_ADDR, 4),
        Prefix::V6(_) => (TYPE_IPV6_ADDR, 16),
    });
    match (network, lookup.port) {
        (Some((address, length)), true) => (address << TYPE_BITS | TYPE_PORT, length + 4),
        (Some(network), false) => network,
        (None, _) => (TYPE_PORT, 2),
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn bound(kind: Kind, value: u128, ends: bool) -> Bound {
    let bytes = value.to_be_bytes();
    Bound { key: bytes[bytes.len() - kind.key_length as usize..].to_vec(), ends }
}

fn keys(kind: Kind, values: &[Range]) -> Vec<Bound> {
    values.iter().map(|(value, _)| bound(kind, *value, false)).collect()
}

/// The first value of each interval, and the first behind it, unless it reaches to the end. Sorted ranges that touch
/// become one, as the kernel wants it.
fn intervals(kind: Kind, ranges: &[Range]) -> Vec<Bound> {
    let mut merged: Vec<Range> = Vec::new();
    for &(first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    let highest = u128::MAX >> (128 - 8 * kind.key_length);
    let mut bounds = Vec::new();
    for (first, last) in merged {
        bounds.push(bound(kind, first, false));
        if last < highest {
            bounds.push(bound(kind, last + 1, true));
        }
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(kind: Kind, ranges: Vec<Range>) -> Vec<(u8, bool)> {
        let mut sets = Sets::default();
        let name = sets.of(kind, ranges);
        sets.contents[&name].iter().map(|bound| (*bound.key.last().unwrap(), bound.ends)).collect()
    }

    #[test]
    fn single_values_are_a_hash_table_and_ranges_are_intervals() {
        assert_eq!(bounds(PORTS, vec![(81, 81), (80, 80), (80, 80)]), [(80, false), (81, false)]);
        assert_eq!(bounds(PORTS, vec![(80, 81), (82, 90), (85, 86)]), [(80, false), (91, true)]);
    }

    #[test]
    fn an_interval_to_the_end_has_none() {
        assert_eq!(bounds(PROTOCOLS, vec![(250, 255), (1, 2)]), [(1, false), (3, true), (250, false)]);
        assert_eq!(bounds(ADDRESSES6, vec![(0, u128::MAX)]), [(0, false)]);
    }

    #[test]
    fn the_name_stands_for_the_content_whatever_the_order() {
        let mut sets = Sets::default();
        let name = sets.of_values(PORTS, &[1_u16, 2]);
        assert_eq!(sets.of_values(PORTS, &[2_u16, 1]), name);
        assert_ne!(sets.of_values(PORTS, &[1_u16, 3]), name);
        assert_ne!(sets.of(PORTS, vec![(1, 2)]), name);
    }
}
