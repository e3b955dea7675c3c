//! `palisade rollback`: the change that waits is taken back now, or an earlier one is undone.

use std::io::Write as _;
use std::path::Path;

use config::POSTURE_FILE;
use posture::{Change, Held, State};

use super::bans::printed;
use super::firewall::{Manner, hold, open};
use crate::cli::{Place, Rollback};
use crate::exit::{CommandError, Exit, Outcome};
use crate::transaction::undo::take_back;
use crate::transaction::{login, notice};

pub(crate) fn rollback(place: &Place, args: &Rollback) -> Outcome {
    let held = hold(&place.state)?;
    match held.open()? {
        Some(change) if args.id.is_none_or(|id| id == change.id) => take_back_now(place, &held, change),
        Some(change) => Err(refused(format_args!(
            "change {} waits to be confirmed; first: palisade confirm, or palisade rollback",
            change.id
        ))),
        None => {
            let change = wanted(&held, args.id)?;
            drop(held);
            undo(place, args, &change)
        }
    }
}

fn take_back_now(place: &Place, held: &Held, mut change: Change) -> Outcome {
    let why = format!("by command of {}", login::author());
    take_back(&place.state, held, &mut change, &why)?;
    printed(writeln!(anstream::stdout(), "{}", notice::taken_back(&change)))?;
    match change.state {
        State::RolledBack { trouble: Some(_), .. } => Ok(Exit::Io),
        _ => Ok(Exit::Done),
    }
}

/// The change that is meant, or the last one.
fn wanted(held: &Held, id: Option<u64>) -> Result<Change, CommandError> {
    let Some(id) = id else {
        let changes = held.list()?.changes;
        let last = changes.into_iter().rfind(Change::is_in_effect);
        return last.ok_or_else(|| refused("there is no change that could be taken back"));
    };
    let change = held
        .get(id)?
        .ok_or_else(|| refused(format_args!("there is no change {id}; `palisade history` lists them")))?;
    match change.is_in_effect() {
        true => Ok(change),
        false => Err(refused(format_args!("change {id} was taken back already"))),
    }
}

/// As a change of its own, from which there is a way back too.
fn undo(place: &Place, args: &Rollback, change: &Change) -> Outcome {
    let Some(before) = change.before.iter().find(|file| file.is_named(POSTURE_FILE)) else {
        return Err(refused(format_args!("change {} is not about the rules", change.id)));
    };
    let manner = Manner {
        command: format!("rollback {}", change.id),
        force: args.careful.force,
        dry_run: false,
        rollback_after: args.careful.after,
    };
    let folder = before.path.parent().unwrap_or(Path::new("/"));
    let mut session = open(folder, &place.state, manner)?;
    session.go_back_to(before.text())?;
    session.save()?;
    printed(writeln!(anstream::stdout(), "palisade.toml is in force as it was before change {}.", change.id))
}

fn refused(why: impl std::fmt::Display) -> CommandError {
    CommandError::new(Exit::Nothing, why)
}
