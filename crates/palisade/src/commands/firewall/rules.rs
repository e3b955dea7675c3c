//! Adding and deleting rules.

use firewall::rules::list::{self, Change, Edit, Place};
use firewall::rules::{Families, Rule};

use super::ask;
use super::openings::warnings;
use super::session::Session;
use crate::exit::{CommandError, Exit};

type Said = Result<String, CommandError>;

pub(super) fn add(session: Session, rule: &Rule, place: Place) -> Said {
    let mut after = session.policy().clone();
    let added = list::add(&mut after.rules, rule, place);
    let edit = added.map_err(|error| CommandError::new(Exit::Nothing, error))?;
    for warning in warnings(&after, &session.lists, rule) {
        anstream::eprintln!("WARN: {warning}");
    }
    keep(session, &edit)
}

pub(super) fn delete(session: Session, rule: &Rule) -> Said {
    let edit = list::delete(&mut session.policy().rules.clone(), rule);
    keep(session, &edit)
}

pub(super) fn delete_number(mut session: Session, number: usize) -> Said {
    let mut rules = session.policy().rules.clone();
    let line = number.checked_sub(1).and_then(|at| list::lines(&rules).get(at).copied());
    let Some(line) = line else {
        return Err(CommandError::new(Exit::Nothing, format!("Could not find rule '{number}'")));
    };
    if !session.force() && !session.agrees(&format!("Deleting:\n {}\n", rules[line.at].as_added()))? {
        return Ok(ask::ABORTED.to_owned());
    }
    let edit = list::delete_line(&mut rules, line);
    keep(session, &edit)
}

fn keep(mut session: Session, edit: &Edit) -> Said {
    if !edit.steps.is_empty() {
        session.change_rules(edit);
        session.save()?;
    }
    Ok(tell(edit, session.is_in_force()))
}

/// A line for each family, in ufw's words.
pub(super) fn tell(edit: &Edit, in_force: bool) -> String {
    let line = |(family, change): &(Families, Change)| {
        let words = match change {
            Change::Kept => "Skipping adding existing rule",
            Change::KeptInPlace => "Skipping inserting existing rule",
            Change::Missing => "Could not delete non-existent rule",
            _ if !in_force => "Rules updated",
            Change::Added => "Rule added",
            Change::Inserted => "Rule inserted",
            Change::Updated => "Rule updated",
            Change::Deleted => "Rule deleted",
        };
        format!("{words}{}\n", if *family == Families::V6 { " (v6)" } else { "" })
    };
    edit.changes.iter().map(line).collect()
}
