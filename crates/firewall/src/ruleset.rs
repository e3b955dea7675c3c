//! The table as a value: what a policy means in nf_tables, and what the kernel says it has. The two are compared.

mod jails;
mod stand_in;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

pub(crate) use jails::{refuse_rule, render};

/// Everything in the table but the elements; of sets that change in place these too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ruleset {
    /// A dormant table is there and does nothing.
    pub(crate) dormant: bool,
    pub(crate) counters: BTreeSet<String>,
    pub(crate) sets: BTreeMap<String, Set>,
    /// What is in those sets that change in place, by their names.
    pub(crate) elements: BTreeMap<String, Keys>,
    pub(crate) chains: BTreeMap<String, Chain>,
}

/// A set without its elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Set {
    pub(crate) flags: u32,
    pub(crate) key_type: u32,
    pub(crate) key_length: u32,
    /// How many elements it takes; 0 for any number.
    pub(crate) size: u32,
    /// Milliseconds after which an element goes that has no timeout of its own; 0 for never.
    pub(crate) timeout: u64,
}

impl Set {
    /// Whether it holds ranges, and not single values.
    pub(crate) const fn has_ranges(&self) -> bool {
        self.flags & SET_RANGES != 0
    }
}

/// What a set holds, in the kernel's bytes.
pub(crate) type Keys = BTreeSet<Vec<u8>>;

/// A key in a set, or, with `ends`, the first one behind an interval.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bound {
    pub(crate) key: Vec<u8>,
    pub(crate) ends: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) hook: Option<Hook>,
    pub(crate) rules: Vec<Rule>,
}

/// Where a base chain is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(crate) number: u32,
    pub(crate) priority: i32,
    pub(crate) policy: u32,
}

pub(crate) type Rule = Vec<Expr>;

/// One step of a rule. Register 1 is meant where none is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    LoadMeta(u32),
    LoadPayload {
        base: u32,
        offset: u32,
        length: u32,
        register: u32,
    },
    /// Of the connection; where it has two directions, of the one that opened it.
    LoadCt {
        key: u32,
        directed: bool,
        register: u32,
    },
    Mask(Vec<u8>),
    Compare {
        operation: u32,
        value: Vec<u8>,
    },
    InSet(String),
    NotInSet(String),
    /// The key gets an element in the set; one that is there already is only kept longer, and only with `refresh`. Goes on
    /// unless the set is full.
    Put {
        set: String,
        refresh: bool,
    },
    Count(String),
    /// Goes on as long as so much was not exceeded.
    Within(Rate),
    /// The key gets an element in the set, which keeps account; goes on if the key has exceeded its share.
    Exceeds {
        set: String,
        share: Share,
    },
    /// A line in the kernel log.
    Log(String),
    Accept,
    Drop,
    Jump(String),
    Goto(String),
    RejectTcpReset,
    RejectPortUnreachable,
    /// Nothing that we write.
    Foreign(String),
}

/// A bucket of `burst`, into which `count` flow in `seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rate {
    pub(crate) count: u64,
    pub(crate) seconds: u64,
    pub(crate) burst: u32,
}

/// How much each key of a set may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Share {
    Rate(Rate),
    /// That stand at the same time.
    Connections(u32),
}

/// Raw priority: before connection tracking, so that a refused packet costs little, and before DNAT (-100), so that
/// the ports that containers publish are covered.
pub(crate) const RAW_PRIORITY: i32 = -300;
pub(crate) const PREROUTING: u32 = 0;
pub(crate) const ACCEPT: u32 = 1;

/// `NFT_SET_INTERVAL`.
pub(crate) const SET_RANGES: u32 = 0x4;
pub(crate) const SET_TIMEOUT: u32 = 0x10;
pub(crate) const TYPE_IPV4_ADDR: u32 = 7;
pub(crate) const TYPE_IPV6_ADDR: u32 = 8;

pub(crate) const META_NFPROTO: u32 = 15;
pub(crate) const META_L4PROTO: u32 = 16;
pub(crate) const NFPROTO_IPV4: u8 = 2;
pub(crate) const NFPROTO_IPV6: u8 = 10;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;

pub(crate) const NETWORK_HEADER: u32 = 1;
pub(crate) const TRANSPORT_HEADER: u32 = 2;

pub(crate) const REGISTER_1: u32 = 1;

pub(crate) const EQUAL: u32 = 0;
pub(crate) const AT_MOST: u32 = 3;
pub(crate) const AT_LEAST: u32 = 5;

/// A part of a packet's header, into register 1.
pub(crate) fn load(base: u32, offset: u32, length: u32) -> Expr {
    Expr::LoadPayload { base, offset, length, register: REGISTER_1 }
}

/// Compares a port that was loaded.
pub(crate) fn is_port(range: &RangeInclusive<u16>) -> Vec<Expr> {
    let compare = |operation, port: u16| Expr::Compare { operation, value: port.to_be_bytes().to_vec() };
    match range.start() == range.end() {
        true => vec![compare(EQUAL, *range.start())],
        false => vec![compare(AT_LEAST, *range.start()), compare(AT_MOST, *range.end())],
    }
}

pub(crate) fn reject_rules() -> Vec<Rule> {
    vec![[l4proto(TCP).to_vec(), vec![Expr::RejectTcpReset]].concat(), vec![Expr::RejectPortUnreachable]]
}

pub(crate) fn l4proto(protocol: u8) -> [Expr; 2] {
    [Expr::LoadMeta(META_L4PROTO), Expr::Compare { operation: EQUAL, value: vec![protocol] }]
}

impl Expr {
    /// The set, chain or counter that it holds on to.
    pub(crate) fn names(&self) -> Option<&str> {
        match self {
            Expr::InSet(name) | Expr::Count(name) | Expr::Jump(name) | Expr::Goto(name) => Some(name),
            Expr::NotInSet(set) | Expr::Put { set, .. } | Expr::Exceeds { set, .. } => Some(set),
            _ => None,
        }
    }
}

impl Ruleset {
    /// Those of all chains.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.chains.values().flat_map(|chain| &chain.rules)
    }

    /// The first thing in which the other differs, for an error message.
    pub(crate) fn difference(&self, other: &Ruleset) -> Option<String> {
        let chain = self.chains.iter().find(|(name, chain)| other.chains.get(*name) != Some(chain));
        let differs = |name: &&String| {
            other.sets.get(*name) != self.sets.get(*name)
                || other.elements.get(*name) != self.elements.get(*name)
        };
        let set = self.sets.keys().find(differs);
        if self == other {
            None
        } else if let Some((name, _)) = chain {
            Some(format!("chain {name}"))
        } else if let Some(name) = set {
            Some(format!("set {name}"))
        } else {
            Some("something is there that does not belong there".to_owned())
        }
    }
}
