//! `limit`: an account for each source and port.

use super::matching::{End, Lookup, Matcher, View};
use super::user::LIMITED;
use crate::name::{self, Prefix};
use crate::rules::{Limit, Rule as Said};
use crate::ruleset::{Expr, Rate, Rule, Share};

/// What ufw's `limit` means: so many connections in the time of the window are let in, the next is refused, and so is
/// every other until none was tried for that long.
const ALLOWED: usize = 5;
/// In milliseconds.
const WINDOW: u64 = 30_000;

/// An IPv6 host has a whole network of this length to take addresses from.
const SOURCE6: Prefix = Prefix::V6(64);

/// What becomes of packets of a limited rule; `fits` says which packets it is about.
pub(super) fn rules(
    matcher: &mut Matcher<'_>,
    said: &Said,
    limit: Limit,
    fits: &[Expr],
    v6: bool,
    with_port: bool,
) -> Vec<Rule> {
    let source = if v6 { SOURCE6 } else { Prefix::V4(32) };
    let lookup = Lookup { network: Some((End::From, source)), port: with_port };
    let key = matcher.key(lookup);
    let account = format!("{}.{:016x}", if v6 { 6 } else { 4 }, identity(said, with_port));
    if limit == Limit::default() {
        let chain = Expr::Goto(window(matcher, &account, lookup, &key));
        return vec![[fits, &[chain]].concat()];
    }
    let mut rules = Vec::new();
    for share in shares(limit) {
        let (what, kept) = match share {
            Share::Connections(_) => ("connections", None),
            Share::Rate(rate) => ("rate", Some(refilled(rate))),
        };
        let set = matcher.sets.accounts(format!("{what}{account}"), lookup, kept);
        rules.push([fits, &key, &[Expr::Exceeds { set, share }, Expr::Goto(LIMITED.to_owned())]].concat());
    }
    rules.push([fits, &[Expr::Accept]].concat());
    rules
}

/// The chain for what ufw means. A source is in one set more for each connection of the last half minute; for who is in
/// all of them there is one in which every further try keeps him. Where a set is full, nobody is refused for it.
fn window(matcher: &mut Matcher<'_>, account: &str, lookup: Lookup, key: &[Expr]) -> String {
    let mut set =
        |what: &str| matcher.sets.accounts(format!("{CHAIN}{account}.{what}"), lookup, Some(WINDOW));
    let sets: Vec<String> = (1..=ALLOWED).map(|number| set(&number.to_string())).collect();
    let out = set("out");
    let in_set = |set: &String| Expr::InSet(set.clone());
    let refuse = [Expr::Put { set: out.clone(), refresh: true }, Expr::Goto(LIMITED.to_owned())];
    let mut rules = vec![[key, &[in_set(&out)], &refuse].concat()];
    for set in &sets {
        let enter = [Expr::NotInSet(set.clone()), Expr::Put { set: set.clone(), refresh: false }];
        rules.push([key, &enter, &[Expr::Accept]].concat());
    }
    let all: Vec<Expr> = sets.iter().map(in_set).collect();
    rules.extend([[key, &all, &refuse].concat(), vec![Expr::Accept]]);
    let view = if matcher.view == View::Client { "published" } else { "" };
    let name = format!("{CHAIN}{view}{account}");
    matcher.chains.insert(name.clone(), rules);
    name
}

const CHAIN: &str = "limit";

/// Whether a chain of this half of the table is one of these.
pub(super) fn is_chain(name: &str) -> bool {
    name.starts_with(CHAIN)
}

fn shares(limit: Limit) -> Vec<Share> {
    let rate = limit.rate.map(|rate| Rate {
        count: rate.count.into(),
        seconds: rate.unit.seconds(),
        burst: rate.burst.unwrap_or(rate.count),
    });
    limit.connections.map(Share::Connections).into_iter().chain(rate.map(Share::Rate)).collect()
}

/// Milliseconds in which an empty bucket fills: then its account says nothing that a new one would not.
fn refilled(rate: Rate) -> u64 {
    (u64::from(rate.burst) * rate.seconds * 1000).div_ceil(rate.count.max(1)).max(1)
}

/// The same for a rule in every policy, so that accounts outlast a change of other rules.
fn identity(said: &Said, with_port: bool) -> u64 {
    let said = Said { comment: String::new(), ..said.clone() };
    name::fnv1a(format!("{said} {with_port}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Rate as Said, Unit};

    #[test]
    fn a_bucket_is_forgotten_when_it_is_full_again() {
        assert_eq!(refilled(Rate { count: 6, seconds: 30, burst: 5 }), 25_000);
    }

    #[test]
    fn a_rate_has_its_count_for_a_burst() {
        let rate = Said { count: 10, unit: Unit::Minute, burst: None };
        let limit = Limit { rate: Some(rate), connections: Some(2) };
        let bucket = Rate { count: 10, seconds: 60, burst: 10 };
        assert_eq!(shares(limit), [Share::Connections(2), Share::Rate(bucket)]);
        let alone = Limit { rate: None, connections: Some(2) };
        assert_eq!(shares(alone), [Share::Connections(2)]);
    }
}
