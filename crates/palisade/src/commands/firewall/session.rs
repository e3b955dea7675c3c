//! The file that a command reads and changes, held so that no other command changes it meanwhile.

use std::fs::{self, File};
use std::path::Path;

use config::{Posture, PostureError};
use firewall::Lists;
use firewall::rules::command::{Command, Invocation};
use firewall::rules::list::Edit;
use firewall::rules::{Policy, Vocabulary};

use super::force::put_in_force;
use super::lockout::refuse_lockout;
use crate::engine::networks::lists;
use crate::engine::place;
use crate::exit::CommandError;

/// One command's hold on `palisade.toml`.
pub(super) struct Session {
    pub(super) vocabulary: Vocabulary,
    /// The lists of addresses that rules can name.
    pub(super) lists: Lists,
    pub(super) posture: Posture,
    /// Nothing is asked.
    pub(super) force: bool,
    dry_run: bool,
    /// What is in force.
    before: Posture,
    /// The folder; its lock ends with this.
    _lock: Option<File>,
}

impl Session {
    pub(super) fn open(
        folder: &Path,
        vocabulary: Vocabulary,
        invocation: &Invocation,
    ) -> Result<Self, CommandError> {
        let reads = matches!(
            invocation.command,
            Command::Status(_)
                | Command::Show(_)
                | Command::Help
                | Command::Version
                | Command::AppList
                | Command::AppInfo(_)
        );
        let lock = if reads || invocation.dry_run { None } else { Some(lock(folder)?) };
        let posture = Posture::load(folder, &vocabulary).map_err(failed)?;
        let (force, dry_run) = (invocation.force, invocation.dry_run);
        let (before, lists) = (posture.clone(), lists());
        Ok(Self { vocabulary, lists, posture, force, dry_run, before, _lock: lock })
    }

    pub(super) const fn policy(&self) -> &Policy {
        self.posture.policy()
    }

    /// Whether what is changed has an effect at once.
    pub(super) const fn is_in_force(&self) -> bool {
        self.policy().enabled && !self.dry_run
    }

    /// What an edit of the rules did becomes part of the file.
    pub(super) fn change_rules(&mut self, edit: &Edit) {
        self.posture.change_rules(&edit.steps);
    }

    /// What was changed is kept and put in force: both, or neither. The file is first, so that a daemon which sees the
    /// kernel change finds there why.
    pub(super) fn save(&self) -> Result<(), CommandError> {
        if self.dry_run {
            return Ok(());
        }
        if !self.force {
            refuse_lockout(self.before.policy(), self.policy(), &self.lists)?;
        }
        self.posture.save().map_err(failed)?;
        if !self.before.policy().enabled && !self.policy().enabled {
            return Ok(());
        }
        put_in_force(self.policy(), &self.lists).map_err(|error| match self.before.save().map_err(failed) {
            Ok(()) => error,
            Err(worse) => {
                CommandError::new(error.exit, format!("{error}; the file cannot be put back: {worse}"))
            }
        })
    }
}

fn lock(folder: &Path) -> Result<File, CommandError> {
    let locked = fs::create_dir_all(folder).and_then(|()| File::open(folder)).and_then(|folder| {
        folder.lock()?;
        Ok(folder)
    });
    locked.map_err(|error| CommandError::io(folder.display(), &error))
}

fn failed(error: PostureError) -> CommandError {
    match error {
        PostureError::Wrong(errors) => place::faulty(&errors),
        PostureError::Io { path, source } => CommandError::io(path.display(), &source),
    }
}
