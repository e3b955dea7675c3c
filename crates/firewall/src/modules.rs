//! Which parts of the kernel a ruleset needs, and which of them are missing. nf_tables itself says of a part that it does
//! not have, and cannot load, what it says of a table that is gone: that there is no such thing.

use std::collections::BTreeSet;

use sys::netlink::flag;

use crate::FirewallError;
use crate::channel::Channel;
use crate::ruleset::{Chain, Expr, Ruleset, Share};
use crate::wire::{self, kind};

/// A chain that never comes to be.
const SCRATCH: &str = "palisade.probe";

/// The module of the first part that a ruleset needs and the kernel does not have.
pub(crate) fn missing(channel: &mut Channel, ruleset: &Ruleset) -> Option<FirewallError> {
    let part = needed(ruleset).into_iter().find(|part| is_missing(channel, part))?;
    Some(FirewallError::MissingModule { module: module(part) })
}

/// The kinds of expressions that are, or once were, in modules of their own.
fn needed(ruleset: &Ruleset) -> BTreeSet<&'static str> {
    let counter = (!ruleset.counters.is_empty()).then_some("counter");
    let rules = ruleset.rules();
    rules.flatten().flat_map(parts).copied().chain(counter).collect()
}

fn parts(expr: &Expr) -> &'static [&'static str] {
    match expr {
        Expr::LoadCt { .. } => &["ct"],
        Expr::Put { .. } => &["dynset"],
        Expr::Exceeds { share: Share::Rate(_), .. } => &["dynset", "limit"],
        Expr::Exceeds { share: Share::Connections(_), .. } => &["dynset", "connlimit"],
        Expr::Count(_) => &["objref"],
        Expr::Within(_) => &["limit"],
        Expr::Log(_) => &["log"],
        Expr::RejectTcpReset | Expr::RejectPortUnreachable => &["reject"],
        _ => &[],
    }
}

fn module(part: &str) -> String {
    match part {
        // The one for tables of both families.
        "reject" => "nft_reject_inet".into(),
        part => format!("nft_{part}"),
    }
}

/// Asks for a rule with such an expression and nothing in it, and then for what cannot be, so that nothing comes of it.
fn is_missing(channel: &mut Channel, part: &str) -> bool {
    let chain = Chain::default();
    let mut batch = channel.batch();
    batch.create(kind::NEW_TABLE, wire::new_table);
    batch.create(kind::NEW_CHAIN, |m| wire::new_chain(m, SCRATCH, &chain, ""));
    let rule = vec![Expr::Foreign(part.to_owned())];
    batch.add(kind::NEW_RULE, flag::CREATE | flag::APPEND, |m| wire::new_rule(m, SCRATCH, &rule, None));
    batch.add(kind::NEW_CHAIN, flag::CREATE | flag::EXCL, |m| wire::new_chain(m, SCRATCH, &chain, ""));
    matches!(channel.commit("looking for a part of the kernel", batch), Err(FirewallError::Gone { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::isolated::isolated;

    #[test]
    fn what_the_kernel_does_not_have_is_found_and_nothing_is_left_behind() {
        let name = "modules::tests::what_the_kernel_does_not_have_is_found_and_nothing_is_left_behind";
        isolated(name, || {
            let mut channel = Channel::open().unwrap();
            for part in ["ct", "dynset", "limit", "connlimit", "objref", "log", "reject", "counter", "meta"] {
                assert!(!is_missing(&mut channel, part), "{part}");
            }
            assert!(is_missing(&mut channel, "nosuch"));
            assert!(is_missing(&mut channel, "limits"));
            let table = channel.get("asking", kind::GET_TABLE, wire::only_table, |_| Some(()));
            assert!(matches!(table, Err(FirewallError::Gone { .. })), "{table:?}");
        });
    }

    #[test]
    fn a_ruleset_needs_what_its_expressions_are() {
        let rate = crate::ruleset::Rate { count: 1, seconds: 1, burst: 1 };
        let exceeds = |share| Expr::Exceeds { set: "s".into(), share };
        let rules = vec![
            vec![Expr::Within(rate), Expr::Log("x".into()), Expr::RejectTcpReset],
            vec![exceeds(Share::Connections(2)), Expr::Drop],
        ];
        let mut ruleset = Ruleset::default();
        ruleset.chains.insert("c".into(), Chain { hook: None, rules });
        assert_eq!(Vec::from_iter(needed(&ruleset)), ["connlimit", "dynset", "limit", "log", "reject"]);
        let said = FirewallError::MissingModule { module: module("reject") }.to_string();
        assert!(said.contains("modprobe nft_reject_inet"), "{said}");
    }
}
