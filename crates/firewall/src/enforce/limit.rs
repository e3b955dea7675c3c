//! `limit`: an account for each source and port.

use super::matching::{End, Matcher};
use super::user::LIMITED;
use crate::name::{self, Prefix};
use crate::rules::{Limit, Rule as Said};
use crate::ruleset::{Expr, NETWORK_HEADER, Rate, Rule, Share, load};

/// What ufw's `limit` allows: of six in half a minute, the sixth is refused.
const UFW: Rate = Rate { count: 6, seconds: 30, burst: 5 };

/// An IPv6 host has a whole network of this length to take addresses from.
const SOURCE6: Prefix = Prefix::V6(64);

/// Where the port stands beside the source in a key: behind 4 bytes, behind 16.
const REGISTER_BEHIND_4: u32 = 9;
const REGISTER_BEHIND_16: u32 = 2;

/// What refuses a packet of a limited rule beyond its limits; `fits` says which packets it is about.
pub(super) fn rules(
    matcher: &mut Matcher<'_>,
    said: &Said,
    limit: Limit,
    fits: &[Expr],
    v6: bool,
    with_port: bool,
) -> Vec<Rule> {
    let key = key(matcher, v6, with_port);
    let mut rules = Vec::new();
    for share in shares(limit) {
        let (what, kept) = match share {
            Share::Connections(_) => ("connections", None),
            Share::Rate(rate) => ("rate", Some(refilled(rate))),
        };
        let name = format!("{what}{}.{:016x}", if v6 { 6 } else { 4 }, identity(said, with_port));
        let set = matcher.sets.accounts(name, v6, with_port, kept);
        let refuse = vec![Expr::Exceeds { set, share }, Expr::Goto(LIMITED.to_owned())];
        rules.push([fits.to_vec(), key.clone(), refuse].concat());
    }
    rules
}

fn shares(limit: Limit) -> Vec<Share> {
    let given = limit.rate.map(|rate| Rate {
        count: rate.count.into(),
        seconds: rate.unit.seconds(),
        burst: rate.burst.unwrap_or(rate.count),
    });
    let rate = if limit.connections.is_none() { Some(given.unwrap_or(UFW)) } else { given };
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

fn key(matcher: &Matcher<'_>, v6: bool, with_port: bool) -> Vec<Expr> {
    let mut key = match v6 {
        false => vec![load(NETWORK_HEADER, 12, 4)],
        true => vec![load(NETWORK_HEADER, 8, 16)],
    };
    key.extend(SOURCE6.mask().filter(|_| v6).map(Expr::Mask));
    if with_port {
        let register = if v6 { REGISTER_BEHIND_16 } else { REGISTER_BEHIND_4 };
        key.push(matcher.load_port(End::To, register));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Rate as Said, Unit};

    #[test]
    fn without_a_word_it_is_the_limit_of_ufw() {
        assert_eq!(shares(Limit::default()), [Share::Rate(UFW)]);
        assert_eq!(refilled(UFW), 25_000);
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
