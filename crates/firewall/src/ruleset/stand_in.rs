//! Whether a set changes in place or another stands in for it.
//!
//! The kernel shows a packet the rules as they were when it came, but the elements as they are when it asks. One that is
//! just being judged could see old rules and new elements, which together may mean what neither policy does. So a set
//! changes in place only if nothing else changes: then there is but one question whose answer can be the old or the new
//! one. Otherwise a set of another name has the new elements, and comes with the rules that ask it.

use std::collections::BTreeMap;

use super::{Expr, Ruleset};

/// What the name of the set that stands in for another ends with.
const ENDING: &str = ".2";

/// The other one of the two names of a set.
fn other(set: &str) -> String {
    set.strip_suffix(ENDING).map_or_else(|| format!("{set}{ENDING}"), str::to_owned)
}

impl Ruleset {
    /// Gives sets that change in place those of their two names under which they can be put in force where this is there.
    pub(crate) fn stand_in(&mut self, there: &Ruleset) {
        let is_there = |set: &&String| there.sets.contains_key(&other(set)) && !there.sets.contains_key(*set);
        self.rename(&self.elements.keys().filter(is_there).cloned().collect::<Vec<_>>());
        let changes =
            |(set, keys): &(&String, _)| there.elements.get(*set).is_some_and(|there| there != *keys);
        let changed: Vec<String> = self.elements.iter().filter(changes).map(|(set, _)| set.clone()).collect();
        if changed.len() > 1 || self.chains != there.chains {
            self.rename(&changed);
        }
    }

    /// These sets get their other names.
    fn rename(&mut self, sets: &[String]) {
        if sets.is_empty() {
            return;
        }
        let names: BTreeMap<&String, String> = sets.iter().map(|set| (set, other(set))).collect();
        for (set, name) in &names {
            let (frame, keys) = (self.sets.remove(*set), self.elements.remove(*set));
            self.sets.extend(frame.map(|frame| (name.clone(), frame)));
            self.elements.extend(keys.map(|keys| (name.clone(), keys)));
        }
        for expr in self.chains.values_mut().flat_map(|chain| &mut chain.rules).flatten() {
            if let Expr::InSet(set) = expr
                && let Some(name) = names.get(set)
            {
                set.clone_from(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::{Chain, Keys};

    /// A chain of rules that ask these sets, in order.
    fn ruleset(sets: &[(&str, &[u8])]) -> Ruleset {
        let mut ruleset = Ruleset::default();
        let mut rules = Vec::new();
        for (set, keys) in sets {
            ruleset.sets.insert((*set).to_owned(), Default::default());
            ruleset.elements.insert((*set).to_owned(), keys.iter().map(|key| vec![*key]).collect::<Keys>());
            rules.push(vec![Expr::InSet((*set).to_owned()), Expr::Accept]);
        }
        ruleset.chains.insert("c".to_owned(), Chain { hook: None, rules });
        ruleset
    }

    fn stood_in(there: &[(&str, &[u8])], wanted: &[(&str, &[u8])], expected: &[(&str, &[u8])]) {
        let mut wanted = ruleset(wanted);
        wanted.stand_in(&ruleset(there));
        assert_eq!(wanted, ruleset(expected));
    }

    #[test]
    fn a_set_that_alone_changes_does_so_in_place() {
        stood_in(&[("a", &[1]), ("b", &[2])], &[("a", &[1, 3]), ("b", &[2])], &[("a", &[1, 3]), ("b", &[2])]);
    }

    #[test]
    fn where_two_sets_change_others_stand_in_for_them() {
        let expected: &[(&str, &[u8])] = &[("a.2", &[1, 3]), ("b.2", &[]), ("c", &[7])];
        let there: &[(&str, &[u8])] = &[("a", &[1]), ("b", &[3]), ("c", &[7])];
        stood_in(there, &[("a", &[1, 3]), ("b", &[]), ("c", &[7])], expected);
    }

    #[test]
    fn where_rules_change_another_stands_in_for_a_set_that_changes_too() {
        let expected: &[(&str, &[u8])] = &[("a.2", &[1]), ("c", &[7]), ("b", &[2])];
        stood_in(&[("a", &[1, 2]), ("c", &[7])], &[("a", &[1]), ("c", &[7]), ("b", &[2])], expected);
    }

    #[test]
    fn what_stands_in_stays_and_changes_in_place() {
        stood_in(&[("a.2", &[1])], &[("a", &[1])], &[("a.2", &[1])]);
        stood_in(&[("a.2", &[1])], &[("a", &[1, 2])], &[("a.2", &[1, 2])]);
    }

    #[test]
    fn the_first_name_comes_back_for_what_stands_in() {
        let expected: &[(&str, &[u8])] = &[("a", &[1]), ("b", &[2])];
        stood_in(&[("a.2", &[1, 2])], &[("a", &[1]), ("b", &[2])], expected);
    }
}
