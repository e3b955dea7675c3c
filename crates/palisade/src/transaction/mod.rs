//! Changes of `palisade.toml` that are taken back unless somebody who came in anew confirms them.
//!
//! `posture` keeps the journal of them; here is what they do: `applied` is what was put in force last, `lockout` sees whom a
//! change would shut out, `ssh` where people come in, `guard` is armed before a change and takes it back in time, `undo` does
//! so, `login` is who is at the keyboard, `notice` what is said.

pub(crate) mod applied;
pub(crate) mod guard;
pub(crate) mod lockout;
pub(crate) mod login;
pub(crate) mod notice;
pub(crate) mod ssh;
pub(crate) mod undo;

use posture::JournalError;

use crate::exit::{CommandError, Exit};

/// As a command ends where the journal cannot be had.
impl From<JournalError> for CommandError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Io { path, source } => Self::io(path.display(), &source),
            busy @ JournalError::Busy => Self::new(Exit::Busy, busy),
        }
    }
}
