//! `palisade boot`: the rules in force before the network is up.

use std::path::Path;

use config::{ListSettings, POSTURE_FILE, Posture};

use super::firewall::hold;
use crate::cli::Place;
use crate::engine::lists::KeptLists;
use crate::engine::posture::{enforce, folder, put_in_force, vocabulary};
use crate::exit::{CommandError, Exit, Outcome};
use crate::transaction::applied::{Applied, in_force};
use crate::transaction::lockout::{Ways, edited};
use crate::transaction::ssh::Seen;

pub(crate) fn boot(place: &Place) -> Outcome {
    // What a change waited for when the host went down is taken back. If that fails, what stands in the file is still
    // better than nothing.
    let settled = hold(&place.state);
    if let Err(error) = &settled {
        anstream::eprintln!("palisade: {error}");
    }
    let folder = folder(place);
    let posture = match Posture::load(folder, &vocabulary(folder)) {
        Ok(posture) => posture,
        Err(error) => return last_known(&place.state, folder, error.into()),
    };
    // The daemon may just be started anew, with people logged in.
    let before = in_force(&place.state, &posture).1;
    let lists = KeptLists::load(&place.state, posture.lists()).in_force();
    if *posture.policy() != before
        && let Some(way) = Ways::of_host(&Seen::now()).closed(&before, posture.policy(), &lists)
    {
        put_in_force(&before, &lists)?;
        return Err(CommandError::new(Exit::Nothing, edited(&way)));
    }
    if posture.policy().enabled {
        put_in_force(posture.policy(), &lists)?;
    }
    Applied::of(&posture)
        .save(&place.state)
        .map_err(|error| CommandError::io(place.state.display(), &error))?;
    settled.map(|_| Exit::Done)
}

/// A file with errors opens nothing that was closed.
fn last_known(state: &Path, folder: &Path, error: CommandError) -> Outcome {
    let instead = match Applied::load(state, &folder.join(POSTURE_FILE)) {
        Some(applied) => {
            enforce(&applied.policy, state, &ListSettings::of(&applied.text))?;
            format!(
                "the rules that were in force last are in force once more: {}",
                applied.policy.rules.len()
            )
        }
        None => "no rule is in force: none is known to have been".to_owned(),
    };
    Err(CommandError::new(error.exit, format_args!("{}\n{instead}", error.message.trim_end())))
}
