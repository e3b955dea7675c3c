//! Rules that say the same of different addresses or ports become one, with a set.
//!
//! Among rules that follow on each other, do the same and nothing else (no log, no limit), order means nothing: whichever
//! fits first, the packet's end is the same. So within such a run, all rules of one shape are put together.
//!
//! The first of them has a set already, so that no other takes a rule away: whoever deletes something is kept by the kernel
//! until no packet can be using it, for longer than all the rest of a change takes.
//!
//! A set has networks of one size, as those of bans do: they never overlap, and one more is one element more.

use std::collections::HashMap;

use ipnet::IpNet;

use super::matching::{End, Lookup, octets};
use super::sets;
use crate::name::Prefix;
use crate::rules::{Action, Address, Direction, Families, Port, Protocol, Rule};
use crate::ruleset::Keys;

/// So many rules have a set from the first one on; each set costs a question when the table is read.
const EARLY: usize = 16;

/// A rule, or several that differ in what is looked up.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The first of them.
    pub(super) rule: &'a Rule,
    /// What they have where they differ.
    pub(super) one_of: Option<OneOf>,
}

/// What may be looked up.
#[derive(Debug)]
pub(super) struct OneOf {
    pub(super) lookup: Lookup,
    /// The set's name.
    pub(super) set: String,
    pub(super) keys: Keys,
}

/// A rule without what is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape<'a> {
    lookup: Lookup,
    action: Action,
    direction: Direction,
    families: Families,
    interfaces: [Option<&'a str>; 2],
    protocol: Protocol,
    addresses: [Option<&'a Address>; 2],
    ports: [Option<&'a Port>; 2],
}

impl Group<'_> {
    /// Which address is looked up.
    pub(super) fn network(&self) -> Option<End> {
        self.one_of.as_ref()?.lookup.network.map(|(end, _)| end)
    }

    /// Whether the port is looked up.
    pub(super) fn ports(&self) -> bool {
        self.one_of.as_ref().is_some_and(|one_of| one_of.lookup.port)
    }
}

/// The rules of one direction, in order.
pub(super) fn groups(rules: &[Rule], direction: Direction) -> Vec<Group<'_>> {
    let mut members: Vec<Members<'_>> = Vec::new();
    let mut run: HashMap<Shape<'_>, usize> = HashMap::new();
    let mut action = None;
    for rule in rules.iter().filter(|rule| rule.direction == direction) {
        let plain = is_plain(rule).then_some(rule.action);
        if action != plain {
            run.clear();
        }
        action = plain;
        let shape = plain.and_then(|_| Shape::of(rule));
        let new = members.len();
        let at = shape.clone().map_or(new, |shape| *run.entry(shape).or_insert(new));
        match members.get_mut(at) {
            Some(members) => members.others.push(rule),
            None => members.push(Members { first: rule, others: Vec::new(), shape }),
        }
    }
    let mut seen = HashMap::new();
    members.into_iter().enumerate().map(|(at, members)| members.group(at < EARLY, &mut seen)).collect()
}

/// The rules of one shape in a run, or one rule.
struct Members<'a> {
    first: &'a Rule,
    others: Vec<&'a Rule>,
    shape: Option<Shape<'a>>,
}

impl<'a> Members<'a> {
    /// `early`: they have a set even if they are one. `seen`: how many sets there are for each shape by now.
    fn group(self, early: bool, seen: &mut HashMap<Shape<'a>, usize>) -> Group<'a> {
        let Self { first, others, shape } = self;
        let one_of = shape.filter(|_| early || !others.is_empty()).map(|shape| {
            let lookup = shape.lookup;
            let keys = [first].into_iter().chain(others).flat_map(|rule| lookup.keys(rule)).collect();
            // The same shape in another run is another set.
            let before = seen.entry(shape.clone()).or_default();
            let set = sets::changing(&format!("{shape:?} {before}"));
            *before += 1;
            OneOf { lookup, set, keys }
        });
        Group { rule: first, one_of }
    }
}

fn is_plain(rule: &Rule) -> bool {
    rule.log.is_none() && !matches!(rule.action, Action::Limit(_))
}

fn network(rule: &Rule, end: End) -> Option<&IpNet> {
    let address = if end == End::From { &rule.from.address } else { &rule.to.address };
    match address {
        Address::Net(net) => Some(net),
        _ => None,
    }
}

/// Its destination ports, if none of them are a range.
fn ports(rule: &Rule) -> Option<impl Iterator<Item = u16>> {
    match &rule.to.port {
        Port::Ranges(ranges) if ranges.iter().all(|range| range.start() == range.end()) => {
            Some(ranges.iter().map(|range| *range.start()))
        }
        _ => None,
    }
}

impl Lookup {
    /// A source's network is looked up before a destination's. `None`: the rule has nothing of the kind.
    fn of(rule: &Rule) -> Option<Self> {
        let network = [End::From, End::To].into_iter().find_map(|end| Some((end, network(rule, end)?)));
        let network = network.map(|(end, net)| (end, Prefix::of(net)));
        let port = ports(rule).is_some();
        (network.is_some() || port).then_some(Self { network, port })
    }

    /// The keys of what a rule says, as [`Matcher::key`](super::matching::Matcher::key) loads them.
    fn keys(self, rule: &Rule) -> Vec<Vec<u8>> {
        let network = self.network.and_then(|(end, _)| network(rule, end)).map(octets);
        let ports = ports(rule).into_iter().flatten().map(u16::to_be_bytes);
        match (network, self.port) {
            (Some(network), false) => vec![network],
            // Each part of a key fills a register of 4 bytes.
            (Some(network), true) => ports.map(|port| [&network[..], &port, &[0; 2]].concat()).collect(),
            (None, _) => ports.map(|port| port.to_vec()).collect(),
        }
    }
}

impl<'a> Shape<'a> {
    fn of(rule: &'a Rule) -> Option<Self> {
        let lookup = Lookup::of(rule)?;
        let looked_up = |at: End| lookup.network.is_some_and(|(end, _)| end == at);
        let address = |at: End, address| (!looked_up(at)).then_some(address);
        Some(Self {
            lookup,
            action: rule.action,
            direction: rule.direction,
            families: rule.families,
            interfaces: [rule.input.as_deref(), rule.output.as_deref()],
            protocol: rule.protocol,
            addresses: [address(End::From, &rule.from.address), address(End::To, &rule.to.address)],
            ports: [Some(&rule.from.port), (!lookup.port).then_some(&rule.to.port)],
        })
    }
}

#[cfg(test)]
mod tests;
