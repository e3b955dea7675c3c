//! Which rules of which chains go and come, where most of them stay.

use std::collections::{BTreeMap, BTreeSet};

use crate::ruleset::{Chain, Expr, Rule, Ruleset};

/// The kernel's number of each rule, by chain and in order.
pub(crate) type Handles = BTreeMap<String, Vec<u64>>;

/// What of one chain stays: so many rules at its beginning and at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kept {
    before: usize,
    behind: usize,
}

/// From the rules that are there to those that shall be there.
pub(crate) struct Edits<'a> {
    there: &'a Ruleset,
    handles: &'a Handles,
    wanted: &'a Ruleset,
    kept: BTreeMap<&'a str, Kept>,
}

impl<'a> Edits<'a> {
    pub(crate) fn new(there: &'a Ruleset, handles: &'a Handles, wanted: &'a Ruleset) -> Self {
        let goes = goes(there, wanted);
        let stays = |(rule, other): &(&Rule, &Rule)| {
            rule == other && !rule.iter().filter_map(Expr::names).any(|name| goes.contains(name))
        };
        let kept = |(name, chain): (&'a String, &'a Chain)| {
            let wanted = wanted.chains.get(name)?;
            // Without a number nothing can be done to one of them.
            let numbered = handles.get(name).map_or(0, Vec::len) == chain.rules.len();
            if wanted.hook != chain.hook || !numbered {
                return None;
            }
            let (there, wanted) = (&chain.rules, &wanted.rules);
            let before = there.iter().zip(wanted).take_while(stays).count();
            let most = there.len().min(wanted.len()) - before;
            let behind = there.iter().rev().zip(wanted.iter().rev()).take_while(stays).take(most).count();
            Some((name.as_str(), Kept { before, behind }))
        };
        let kept = there.chains.iter().filter_map(kept).collect();
        Self { there, handles, wanted, kept }
    }

    /// The rules of a chain that go, by their numbers; `None` if all of them do.
    pub(crate) fn leaving(&self, name: &str, chain: &Chain) -> Option<&[u64]> {
        let kept = self.kept.get(name).filter(|kept| **kept != Kept::default() || chain.rules.is_empty())?;
        let handles = self.handles.get(name).map_or(&[][..], Vec::as_slice);
        handles.get(kept.before..handles.len() - kept.behind)
    }

    /// The rules of a chain that come, and before which they come if not at its end.
    pub(crate) fn coming(&self, name: &str) -> (&'a [Rule], Option<u64>) {
        let rules = self.wanted.chains.get(name).map_or(&[][..], |chain| &chain.rules);
        let Kept { before, behind } = self.kept.get(name).copied().unwrap_or_default();
        let next = self.handles.get(name).filter(|_| behind > 0).and_then(|all| all.get(all.len() - behind));
        (rules.get(before..rules.len() - behind).unwrap_or_default(), next.copied())
    }

    /// All rules that come, if nothing but rules and what is in sets changes and they are few; with their chains, in the order
    /// of writing.
    pub(crate) fn few(&self) -> Option<Vec<(String, Rule)>> {
        let (there, wanted) = (self.there, self.wanted);
        let same_frame = there.sets == wanted.sets
            && there.counters == wanted.counters
            && !there.dormant
            && there.chains.len() == wanted.chains.len()
            && wanted.chains.keys().all(|name| self.kept.contains_key(name.as_str()));
        let coming =
            wanted.chains.keys().flat_map(|name| self.coming(name).0.iter().map(move |rule| (name, rule)));
        let coming: Vec<_> = coming.take(FEW + 1).map(|(name, rule)| (name.clone(), rule.clone())).collect();
        (same_frame && coming.len() <= FEW).then_some(coming)
    }
}

/// So many rules are told of one by one.
const FEW: usize = 64;

/// The names of what rules hold on to and has to go, though it may come again.
fn goes<'a>(there: &'a Ruleset, wanted: &'a Ruleset) -> BTreeSet<&'a str> {
    let sets = there.sets.iter().filter(|(name, set)| wanted.sets.get(*name) != Some(set));
    let hook = |name: &String| wanted.chains.get(name).map(|chain| chain.hook);
    let chains = there.chains.iter().filter(|(name, chain)| hook(name) != Some(chain.hook));
    let counters = there.counters.difference(&wanted.counters);
    let names = sets.map(|(name, _)| name).chain(chains.map(|(name, _)| name)).chain(counters);
    names.map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ruleset(numbers: &[u32]) -> Ruleset {
        let rules = numbers.iter().map(|number| vec![Expr::LoadMeta(*number), Expr::Accept]).collect();
        let chains = [("c".to_owned(), Chain { hook: None, rules })].into();
        Ruleset { chains, ..Ruleset::default() }
    }

    proptest! {
        #[test]
        fn what_stays_and_what_comes_is_what_is_wanted(
            there in proptest::collection::vec(0..4u32, 0..8),
            wanted in proptest::collection::vec(0..4u32, 0..8),
        ) {
            let (there, wanted) = (ruleset(&there), ruleset(&wanted));
            let chain = &there.chains["c"];
            let handles: Vec<u64> = (0..chain.rules.len() as u64).collect();
            let all = Handles::from([("c".to_owned(), handles.clone())]);
            let edits = Edits::new(&there, &all, &wanted);
            let leaving = edits.leaving("c", chain).unwrap_or(&handles);
            let mut left: Vec<(u64, Rule)> = handles.iter().copied().zip(chain.rules.clone()).collect();
            left.retain(|(handle, _)| !leaving.contains(handle));
            let (coming, next) = edits.coming("c");
            let at = left.iter().position(|(handle, _)| Some(*handle) == next).unwrap_or(left.len());
            let coming = coming.iter().map(|rule| (u64::MAX, rule.clone()));
            left.splice(at..at, coming);
            let rules: Vec<Rule> = left.into_iter().map(|(_, rule)| rule).collect();
            prop_assert_eq!(rules, wanted.chains["c"].rules.clone());
        }
    }

    #[test]
    fn one_rule_more_is_one_rule_written() {
        let (there, wanted) = (ruleset(&[1, 2, 3]), ruleset(&[1, 2, 9, 3]));
        let handles = Handles::from([("c".to_owned(), vec![7, 8, 9])]);
        let edits = Edits::new(&there, &handles, &wanted);
        assert_eq!(edits.leaving("c", &there.chains["c"]), Some(&[][..]));
        assert_eq!(edits.coming("c"), (&wanted.chains["c"].rules[2..3], Some(9)));
        assert_eq!(edits.few().map(|rules| rules.len()), Some(1));
    }

    #[test]
    fn what_holds_on_to_something_that_goes_is_written_anew() {
        let with = |length| {
            let mut ruleset = ruleset(&[1]);
            ruleset.chains.get_mut("c").unwrap().rules.push(vec![Expr::InSet("s".into())]);
            let set = crate::ruleset::Set { key_length: length, ..Default::default() };
            ruleset.sets.insert("s".into(), set);
            ruleset
        };
        let (there, wanted) = (with(4), with(16));
        let handles = Handles::from([("c".to_owned(), vec![7, 8])]);
        let edits = Edits::new(&there, &handles, &wanted);
        assert_eq!(edits.leaving("c", &there.chains["c"]), Some(&[8][..]));
        assert_eq!(edits.coming("c").0.len(), 1);
        assert_eq!(edits.few(), None);
    }
}
