//! One list from one of each family.

use std::collections::HashMap;

use crate::rules::{Families, Rule};

/// Rules that are in both become one, as far as the order of each list allows it.
pub(super) fn unite(v4: Vec<Rule>, v6: Vec<Rule>) -> Vec<Rule> {
    let both = |rule: &Rule| Rule { families: Families::Both, ..rule.clone() };
    let mut places: HashMap<Rule, usize> = HashMap::new();
    for (at, rule) in v6.iter().enumerate() {
        places.entry(both(rule)).or_insert(at);
    }
    let twins: Vec<(usize, usize)> = v4
        .iter()
        .enumerate()
        .filter_map(|(at, rule)| places.remove(&both(rule)).map(|twin| (at, twin)))
        .collect();
    let mut united = Vec::new();
    let (mut rest4, mut rest6) =
        (v4.into_iter().enumerate().peekable(), v6.into_iter().enumerate().peekable());
    for (at, twin) in rising(&twins) {
        while let Some((_, rule)) = rest4.next_if(|(place, _)| *place < at) {
            united.push(rule);
        }
        while let Some((_, rule)) = rest6.next_if(|(place, _)| *place < twin) {
            united.push(rule);
        }
        united.extend(rest4.next().map(|(_, rule)| both(&rule)));
        rest6.next();
    }
    united.extend(rest4.map(|(_, rule)| rule).chain(rest6.map(|(_, rule)| rule)));
    united
}

/// As many of the pairs, which rise in the first number, as rise in the second one too.
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the pair with the least second number that ends such a row, and each pair's forerunner.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; pairs.len()];
    for (at, (_, second)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *second);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut row: Vec<_> =
        std::iter::successors(ends.last().copied(), |at| before[*at]).map(|at| pairs[at]).collect();
    row.reverse();
    row
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::Vocabulary;

    fn half(port: u16, families: Families) -> Rule {
        let rule = Rule::read(&format!("allow {port}"), &Vocabulary::default()).unwrap();
        Rule { families, ..rule }
    }

    fn list(ports: &[u16], families: Families) -> Vec<Rule> {
        ports.iter().map(|port| half(*port, families)).collect()
    }

    fn of(united: &[Rule], families: Families) -> Vec<Rule> {
        let has = united.iter().filter(|rule| rule.has(families));
        has.map(|rule| Rule { families, ..rule.clone() }).collect()
    }

    proptest! {
        #[test]
        fn each_family_keeps_its_rules_in_order(
            v4 in proptest::collection::vec(1..12u16, 0..12),
            v6 in proptest::collection::vec(1..12u16, 0..12),
        ) {
            let (v4, v6) = (list(&v4, Families::V4), list(&v6, Families::V6));
            let united = unite(v4.clone(), v6.clone());
            prop_assert_eq!(of(&united, Families::V4), v4);
            prop_assert_eq!(of(&united, Families::V6), v6);
        }
    }

    #[test]
    fn as_many_as_can_become_one() {
        let united = unite(list(&[1, 2, 3, 4], Families::V4), list(&[4, 2, 9, 3], Families::V6));
        assert_eq!(united.iter().filter(|rule| rule.families == Families::Both).count(), 2);
        let same = [5, 6, 7];
        assert_eq!(unite(list(&same, Families::V4), list(&same, Families::V6)), list(&same, Families::Both));
    }
}
