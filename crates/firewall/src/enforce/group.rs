//! Rules that say the same of different addresses become one, with a set.
//!
//! Among rules that follow on each other, do the same and nothing else (no log, no limit), order means nothing: whichever
//! fits first, the packet's end is the same. So within such a run, all rules of one shape are put together.

use std::collections::HashMap;

use ipnet::IpNet;

use super::matching::End;
use crate::rules::{Action, Address, Direction, Families, Rule};

/// A rule, and the networks of its family that it is about at one end, where it names networks.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) rule: &'a Rule,
    pub(super) networks: Option<(End, Vec<IpNet>)>,
}

/// The rules of one direction, in order.
pub(super) fn groups(rules: &[Rule], direction: Direction) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut run: HashMap<Rule, usize> = HashMap::new();
    let mut action = None;
    for rule in rules.iter().filter(|rule| rule.direction == direction) {
        let plain = is_plain(rule).then_some(rule.action);
        if action != plain {
            run.clear();
        }
        action = plain;
        let Some((end, net)) = network(rule) else {
            groups.push(Group { rule, networks: None });
            continue;
        };
        let new = groups.len();
        let at = if plain.is_some() { *run.entry(shape(rule, end)).or_insert(new) } else { new };
        match groups.get_mut(at).and_then(|group| group.networks.as_mut()) {
            Some((_, networks)) => networks.push(net),
            None => groups.push(Group { rule, networks: Some((end, vec![net])) }),
        }
    }
    groups
}

fn is_plain(rule: &Rule) -> bool {
    rule.log.is_none() && !matches!(rule.action, Action::Limit(_))
}

/// The end at which a set can stand for the rule's network, the source before the destination.
fn network(rule: &Rule) -> Option<(End, IpNet)> {
    match (&rule.from.address, &rule.to.address) {
        (Address::Net(net), _) => Some((End::From, *net)),
        (_, Address::Net(net)) => Some((End::To, *net)),
        _ => None,
    }
}

/// The rule without its network, for which its family stands.
fn shape(rule: &Rule, end: End) -> Rule {
    let mut shape = Rule { comment: String::new(), ..rule.clone() };
    let address = if end == End::From { &mut shape.from.address } else { &mut shape.to.address };
    let v6 = address.families() == Families::V6;
    // What only stands where a network stood, for both ends can name one.
    *address = Address::List(format!("{end:?} {v6}"));
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Vocabulary;

    fn sizes(lines: &[&str]) -> Vec<usize> {
        let rules: Vec<Rule> =
            lines.iter().map(|line| Rule::read(line, &Vocabulary::default()).unwrap()).collect();
        let size = |group: &Group<'_>| group.networks.as_ref().map_or(0, |(_, networks)| networks.len());
        groups(&rules, Direction::In).iter().map(size).collect()
    }

    #[test]
    fn rules_that_differ_in_one_address_are_put_together() {
        let lines = [
            "deny from 192.0.2.1",
            "deny from 2001:db8::1",
            "deny from 192.0.2.2 to any port 22",
            "deny from 192.0.2.3",
            "deny 80",
            "deny from 10.0.0.0/8 comment 'a note'",
            "deny to 192.0.2.1",
            "deny from 2001:db8::2",
        ];
        assert_eq!(sizes(&lines), [3, 2, 1, 0, 1]);
    }

    #[test]
    fn what_does_something_else_stands_in_between() {
        for other in ["allow 22", "reject 22", "limit 22", "deny log 22"] {
            assert_eq!(sizes(&["deny from 192.0.2.1", other, "deny from 192.0.2.2"]), [1, 0, 1], "{other}");
        }
        assert_eq!(sizes(&["limit from 192.0.2.1", "limit from 192.0.2.2"]), [1, 1]);
    }
}
