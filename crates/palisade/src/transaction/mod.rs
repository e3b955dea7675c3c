//! Changes of `palisade.toml` that are taken back unless somebody who came in anew confirms them.
//!
//! `posture` keeps the journal of them; here is what they do: `applied` is what was put in force last, `guard` is armed
//! before a change and takes it back in time, `undo` does so, `login` is who is at the keyboard, `notice` what is said.

pub(crate) mod applied;
pub(crate) mod guard;
pub(crate) mod login;
pub(crate) mod notice;
pub(crate) mod undo;

use posture::JournalError;

use crate::exit::{CommandError, Exit};

/// Why the journal cannot be had, as a command ends with it.
pub(crate) fn failed(error: JournalError) -> CommandError {
    match error {
        JournalError::Io { path, source } => CommandError::io(path.display(), &source),
        busy @ JournalError::Busy => CommandError::new(Exit::Busy, busy),
    }
}
