use proptest::prelude::*;

use super::*;
use crate::rules::{Services, Vocabulary};

fn rule(line: &str) -> Rule {
    let vocabulary = Vocabulary { services: Services::parse(""), ..Vocabulary::default() };
    Rule::read(line, &vocabulary).expect(line)
}

fn rules(lines: &[&str]) -> Vec<Rule> {
    lines.iter().map(|line| rule(line)).collect()
}

fn written(rules: &[Rule]) -> Vec<String> {
    rules.iter().map(Rule::to_string).collect()
}

#[test]
fn a_rule_with_another_action_takes_the_place_of_the_old_one() {
    let mut list = rules(&["allow 22", "allow 80/tcp"]);
    let edit = add(&mut list, &rule("deny 22 comment 'x'"), Place::Last).unwrap();
    assert_eq!(edit.changes, [(Families::V4, Change::Updated), (Families::V6, Change::Updated)]);
    assert_eq!(written(&list), ["deny 22 comment 'x'", "allow 80/tcp"]);
    let edit = add(&mut list, &rule("deny 22 comment 'x'"), Place::Last).unwrap();
    assert_eq!(
        edit,
        Edit { steps: vec![], changes: vec![(Families::V4, Change::Kept), (Families::V6, Change::Kept)] }
    );
}

#[test]
fn half_of_a_rule_can_go_and_come_back() {
    let mut list = rules(&["allow 22", "allow 80/tcp"]);
    let line = lines(&list)[2];
    assert_eq!(delete_line(&mut list, line).changes, [(Families::V6, Change::Deleted)]);
    assert_eq!(written(&list), ["allow to 0.0.0.0/0 port 22", "allow 80/tcp"]);
    let edit = add(&mut list, &rule("allow 22"), Place::Last).unwrap();
    assert_eq!(edit.changes, [(Families::V4, Change::Kept), (Families::V6, Change::Added)]);
    assert_eq!(written(&list), ["allow to 0.0.0.0/0 port 22", "allow 80/tcp", "allow to ::/0 port 22"]);
    assert_eq!(delete(&mut list, &rule("allow 22")).steps, [Step::Remove(0), Step::Remove(1)]);
}

#[test]
fn a_number_is_a_place_in_one_family_and_beside_the_other_half_in_the_other() {
    let mut list = rules(&["allow from 10.0.0.1", "allow 22", "allow from ::1"]);
    assert_eq!(add(&mut list, &rule("allow 1"), Place::Number(5)), Err(NoSuchPlace(5)));
    assert_eq!(add(&mut list, &rule("allow 1"), Place::Number(0)), Err(NoSuchPlace(0)));
    assert_eq!(add(&mut list, &rule("allow from ::2"), Place::Number(1)), Err(NoSuchPlace(1)));
    let edit = add(&mut list, &rule("allow 1"), Place::Number(3)).unwrap();
    assert_eq!(edit.changes, [(Families::V4, Change::Inserted), (Families::V6, Change::Inserted)]);
    assert_eq!(written(&list), ["allow from 10.0.0.1", "allow 1", "allow 22", "allow from ::1"]);
    let edit = add(&mut list, &rule("allow 2"), Place::Number(1)).unwrap();
    assert_eq!(edit.changes, [(Families::V4, Change::Inserted), (Families::V6, Change::Added)]);
    let wanted = [
        "allow to 0.0.0.0/0 port 2",
        "allow from 10.0.0.1",
        "allow 1",
        "allow 22",
        "allow from ::1",
        "allow to ::/0 port 2",
    ];
    assert_eq!(written(&list), wanted);
}

#[test]
fn a_comment_may_be_left_out_when_a_rule_is_deleted_but_not_be_another() {
    let mut list = rules(&["allow 22 comment 'x'"]);
    let missing = delete(&mut list, &rule("allow 22 comment 'y'")).changes;
    assert_eq!(missing, [(Families::V4, Change::Missing), (Families::V6, Change::Missing)]);
    assert!(delete(&mut list, &rule("allow log 22")).steps.is_empty());
    assert!(!delete(&mut list, &rule("allow 22")).steps.is_empty());
    assert!(list.is_empty());
}

/// The two lists that ufw keeps.
#[derive(Debug, Default)]
struct Model([Vec<Rule>; 2]);

impl Model {
    fn add(&mut self, rule: &Rule, place: Place) -> bool {
        let lengths = [self.0[0].len(), self.0[1].len()];
        let Ok(places) = self.places(rule, place) else { return false };
        for (family, at) in places {
            let list = &mut self.0[family];
            let half = Rule { families: [Families::V4, Families::V6][family], ..rule.clone() };
            match list.iter().position(|there| there.is_about(rule)) {
                Some(there) if at.is_none() => list[there] = half,
                Some(_) => {}
                None => list.insert(at.unwrap_or(lengths[family]), half),
            }
        }
        true
    }

    fn places(&self, rule: &Rule, place: Place) -> Result<Vec<(usize, Option<usize>)>, ()> {
        let families = (0..2).filter(|family| rule.has([Families::V4, Families::V6][*family]));
        let Place::Number(number) = place else {
            return Ok(families.map(|family| (family, (place == Place::First).then_some(0))).collect());
        };
        let first = self.0[0].len();
        if number == 0 || number > first + self.0[1].len() {
            return Err(());
        }
        let own = usize::from(number > first);
        if !rule.has([Families::V4, Families::V6][own]) {
            return Err(());
        }
        let v4_is_there = rule.has(Families::V4) && self.0[0].iter().any(|there| there.is_about(rule));
        let place = |family: usize| {
            let at = number - 1 + usize::from(family == 1 && v4_is_there);
            let (own, at) = if at < first { (0, at) } else { (1, at - first) };
            let meant = self.0[own].get(at).ok_or(())?;
            let twin = || self.0[family].iter().position(|there| there.is_twin_of(meant));
            Ok((family, if family == own { Some(at) } else { twin() }))
        };
        families.map(place).collect()
    }

    fn delete(&mut self, rule: &Rule) {
        for (family, list) in self.0.iter_mut().enumerate() {
            if rule.has([Families::V4, Families::V6][family])
                && let Some(at) = list.iter().position(|there| there.is_meant_by(rule))
            {
                list.remove(at);
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Act {
    Add(Rule, Place),
    Delete(Rule),
    DeleteLine(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let action = prop_oneof![Just("allow"), Just("deny")];
    let what = prop_oneof![
        Just("22"),
        Just("from any port 80"),
        Just("from 10.0.0.1"),
        Just("to ::1"),
        Just("out 53")
    ];
    let rule = (action, what, proptest::bool::ANY).prop_map(|(action, what, comment)| {
        rule(&format!("{action} {what}{}", if comment { " comment 'x'" } else { "" }))
    });
    let place = prop_oneof![3 => Just(Place::Last), 2 => Just(Place::First), 3 => (0..12usize).prop_map(Place::Number)];
    prop_oneof![
        6 => (rule.clone(), place).prop_map(|(rule, place)| Act::Add(rule, place)),
        1 => rule.prop_map(Act::Delete),
        2 => (0..8usize).prop_map(Act::DeleteLine),
    ]
}

proptest! {
    #[test]
    fn each_family_sees_the_list_that_ufw_would_keep_for_it(acts in proptest::collection::vec(act(), 1..40)) {
        let (mut list, mut model, mut copy) = (Vec::new(), Model::default(), Vec::new());
        for act in acts {
            let edit = match &act {
                Act::Add(rule, place) => {
                    let edit = add(&mut list, rule, *place);
                    prop_assert_eq!(edit.is_ok(), model.add(rule, *place));
                    edit.unwrap_or_default()
                }
                Act::Delete(rule) => {
                    model.delete(rule);
                    delete(&mut list, rule)
                }
                Act::DeleteLine(number) => {
                    let Some(line) = lines(&list).get(*number).copied() else { continue };
                    let first = model.0[0].len();
                    match number.checked_sub(first) {
                        None => model.0[0].remove(*number),
                        Some(at) => model.0[1].remove(at),
                    };
                    delete_line(&mut list, line)
                }
            };
            let halves = |family: Families| -> Vec<Rule> {
                list.iter().filter(|rule| rule.has(family)).map(|rule| Rule { families: family, ..rule.clone() }).collect()
            };
            prop_assert_eq!(halves(Families::V4), model.0[0].clone());
            prop_assert_eq!(halves(Families::V6), model.0[1].clone());
            edit.steps.iter().for_each(|step| step.apply(&mut copy));
            prop_assert_eq!(&copy, &list);
        }
    }
}
