//! Taking a change back: the files first, so that the daemon finds in them why the kernel changes, then the kernel.

use std::path::Path;
use std::time::Duration;

use config::{ListSettings, POSTURE_FILE, Posture};
use firewall::rules::Policy;
use posture::{Change, Held, Moment, Snapshot};

use super::applied::Applied;
use crate::engine::place::faulty;
use crate::engine::posture::{enforce, vocabulary};
use crate::exit::{CommandError, Exit};

/// Takes back what is overdue, and says so.
///
/// # Errors
/// The kernel or the journal says no: it is still overdue.
pub(crate) fn settle(state: &Path, held: &Held) -> Result<Option<Change>, CommandError> {
    let Some(mut change) = held.open()? else { return Ok(None) };
    let Some(why) = change.overdue(&Moment::now()) else { return Ok(None) };
    take_back(state, held, &mut change, &why)?;
    Ok(Some(change))
}

/// Puts back everything that a change did, and checks it.
///
/// # Errors
/// The kernel or the journal says no: then it is still to be done, and whoever comes by next does it.
pub(crate) fn take_back(
    state: &Path,
    held: &Held,
    change: &mut Change,
    why: &str,
) -> Result<(), CommandError> {
    // Where the disk is full or cannot be written, the kernel can be put right all the same.
    let put_back = held.roll_back(change, why).map_err(CommandError::from);
    let mut troubles = Vec::new();
    for file in &change.before {
        if !file.is_so().is_ok_and(|so| so) {
            troubles.push(format!("{} is not as it was", file.path.display()));
        }
        if file.is_named(POSTURE_FILE) {
            troubles.extend(put_back_in_force(state, file)?);
        }
    }
    put_back?;
    let trouble = (!troubles.is_empty()).then(|| troubles.join("; "));
    held.rolled_back(change, trouble).map_err(CommandError::from)
}

/// What the file said is in force. The answer is what is wrong with that.
fn put_back_in_force(state: &Path, file: &Snapshot) -> Result<Option<String>, CommandError> {
    let folder = file.path.parent().unwrap_or(Path::new("/"));
    let posture = match Posture::parse(file.path.clone(), file.text(), &vocabulary(folder)) {
        Ok(posture) => posture,
        // Somebody may stand outside: better no rule than one that keeps him there.
        Err(errors) => {
            enforce(&Policy::default(), state, &ListSettings::default())?;
            return Ok(Some(format!("no rule is in force: {}", faulty(&errors))));
        }
    };
    enforce(posture.policy(), state, posture.lists())?;
    Ok(Applied::of(&posture).save(state).err().map(|error| format!("{}: {error}", state.display())))
}

/// Between attempts to put the rules back.
const PAUSE: Duration = Duration::from_secs(2);
/// After so many, a person has to do it.
const ATTEMPTS: u32 = 150;

/// Takes back what is overdue, again and again until it is done: nobody is there who could.
///
/// # Errors
/// What was wrong the last time.
pub(crate) fn insist(state: &Path, held: &Held) -> Result<Option<Change>, CommandError> {
    let mut result = Err(CommandError::new(Exit::Io, "not tried"));
    for attempt in 1..=ATTEMPTS {
        result = settle(state, held);
        match &result {
            Ok(_) => break,
            Err(_) if attempt == ATTEMPTS => {}
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
    result
}
