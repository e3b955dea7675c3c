//! `palisade confirm`: the change that waits stays.

use std::io::Write as _;
use std::path::Path;

use posture::{Change, State};

use super::bans::printed;
use super::firewall::hold;
use crate::cli::Confirm;
use crate::exit::{CommandError, Exit, Outcome};
use crate::transaction::login;

pub(crate) fn confirm(state: &Path, args: &Confirm) -> Outcome {
    let held = hold(state)?;
    let Some(mut change) = held.open()? else {
        return Err(CommandError::new(Exit::Nothing, "no change waits to be confirmed"));
    };
    let objection = login::objection(&change).filter(|_| !args.force || !is_made(&change));
    if let Some(objection) = objection {
        return Err(CommandError::new(Exit::Nothing, refusal(&change, &objection)));
    }
    held.confirm(&mut change, login::author())?;
    printed(writeln!(anstream::stdout(), "Change {} is confirmed, and stays.", change.id))
}

/// Half a change is confirmed by nobody.
const fn is_made(change: &Change) -> bool {
    matches!(change.state, State::Waiting { in_force: Some(_), .. })
}

fn refusal(change: &Change, objection: &str) -> String {
    let id = change.id;
    match is_made(change) {
        true => format!(
            "change {id} is not confirmed: {objection}\n\
             log in anew, from a second terminal, and give the command there; or, if you are sure: \
             palisade confirm --force"
        ),
        false => format!("change {id} is not confirmed: {objection}; it will be taken back"),
    }
}
