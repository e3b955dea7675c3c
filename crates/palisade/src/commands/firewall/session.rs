//! The file that a command reads and changes, held so that no other command changes it meanwhile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{POSTURE_FILE, Posture};
use firewall::Lists;
use firewall::rules::command::{Command, Invocation};
use firewall::rules::list::Edit;
use firewall::rules::{Policy, Vocabulary};
use jiff::Timestamp;
use posture::{Change, Held, Journal, Plan, Snapshot, Step, unified};

use super::ask;
use crate::control::session::{Connection, connection};
use crate::engine::lists::KeptLists;
use crate::engine::place::faulty;
use crate::engine::posture::{beside, put_in_force, vocabulary};
use crate::exit::{CommandError, Exit};
use crate::transaction::applied::{Applied, in_force};
use crate::transaction::lockout::{Way, Ways};
use crate::transaction::undo::settle;
use crate::transaction::{guard, login, notice};

/// For commands that come to an end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How a command is to be carried out.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// The command, as it stands in the history.
    pub(crate) command: String,
    /// Nothing is asked, nothing refused.
    pub(crate) force: bool,
    pub(crate) dry_run: bool,
    /// It waits to be confirmed for so long, wherever it was given.
    pub(crate) rollback_after: Option<Duration>,
}

/// One command's hold on `palisade.toml`.
pub(crate) struct Session {
    pub(super) vocabulary: Vocabulary,
    /// The lists of addresses that rules can name.
    pub(super) lists: Lists,
    pub(super) posture: Posture,
    manner: Manner,
    state: PathBuf,
    /// The file, before this command.
    found: Snapshot,
    /// What is in force, and its text; the file may have been edited since.
    before: (String, Policy),
    /// The journal; its lock ends with this.
    held: Option<Held>,
}

/// Whether a command changes nothing.
pub(super) fn reads(invocation: &Invocation) -> bool {
    matches!(
        invocation.command,
        Command::Status(_)
            | Command::Show(_)
            | Command::Help
            | Command::Version
            | Command::AppList
            | Command::AppInfo(_)
    )
}

impl Session {
    /// Opens the file in a folder. What is overdue to be taken back is taken back before.
    pub(crate) fn open(
        folder: &Path,
        state: &Path,
        vocabulary: Vocabulary,
        manner: Manner,
        reads: bool,
    ) -> Result<Self, CommandError> {
        let held = if reads || manner.dry_run { None } else { Some(hold(state)?) };
        let posture = Posture::load(folder, &vocabulary)?;
        let found = Snapshot::take(posture.path())
            .map_err(|error| CommandError::io(posture.path().display(), &error))?;
        let before = in_force(state, &posture);
        let lists = KeptLists::load(state, posture.lists()).in_force();
        let state = state.to_owned();
        Ok(Self { vocabulary, lists, posture, manner, state, found, before, held })
    }

    pub(super) const fn policy(&self) -> &Policy {
        self.posture.policy()
    }

    /// The change that waits, if there is one.
    pub(super) fn open_change(&self) -> Result<Option<Change>, CommandError> {
        Journal::of(&self.state).open().map_err(CommandError::from)
    }

    /// Nothing is asked.
    pub(super) const fn force(&self) -> bool {
        self.manner.force
    }

    /// Whether what is changed has an effect at once.
    pub(super) const fn is_in_force(&self) -> bool {
        self.policy().enabled && !self.manner.dry_run
    }

    /// Asks; meanwhile others may change something, and then the answer counts for nothing.
    pub(super) fn agrees(&mut self, question: &str) -> Result<bool, CommandError> {
        let held = self.held.take();
        let was_held = held.is_some();
        drop(held);
        let agrees = ask::agrees(question);
        if agrees && was_held {
            self.held = Some(hold(&self.state)?);
            if !self.found.is_so().is_ok_and(|so| so) {
                return Err(CommandError::new(
                    Exit::Busy,
                    "another command came before the answer; look again",
                ));
            }
        }
        Ok(agrees)
    }

    /// What an edit of the rules did becomes part of the file.
    pub(super) fn change_rules(&mut self, edit: &Edit) {
        self.posture.change_rules(&edit.steps);
    }

    /// The file shall be as it was once.
    pub(crate) fn go_back_to(&mut self, text: &str) -> Result<(), CommandError> {
        let path = self.posture.path().to_owned();
        self.posture = Posture::parse(path, text, &self.vocabulary).map_err(|errors| faulty(&errors))?;
        Ok(())
    }

    /// What the file says, and what its words mean by now, is put in force, though no command changed it.
    pub(super) fn reload(&self) -> Result<(), CommandError> {
        match self.is_edited() {
            true => self.save(),
            false => put_in_force(self.policy(), &self.lists),
        }
    }

    /// Whether the file says something else than what is in force.
    pub(super) fn is_edited(&self) -> bool {
        self.posture.text() != self.before.0 || *self.policy() != self.before.1
    }

    /// What was changed is kept and put in force: both, or neither. The file is first, so that a daemon which sees the
    /// kernel change finds there why; and before it, what takes the change back is armed if need be.
    pub(crate) fn save(&self) -> Result<(), CommandError> {
        let Some(held) = &self.held else { return Ok(()) };
        let (before, after) = (&self.before.1, self.policy());
        let closed = Ways::of_command(before, after).closed(before, after, &self.lists);
        if let Some(way) = &closed
            && !self.manner.force
        {
            return Err(CommandError::new(Exit::Nothing, refusal(way)));
        }
        let plan = self.plan(closed.is_some());
        let before = match self.before.0 == self.found.text() {
            true => self.found.clone(),
            false => self.found.with_text(self.before.0.clone()),
        };
        let mut change = held.begin(&plan, self.step(), before)?;
        let made = match change.is_open() {
            true => guard::arm(&self.state, &change, plan.after).and_then(|()| self.make()),
            false => self.make(),
        };
        if let Err(error) = made {
            held.withdraw(change, &error.message)?;
            return Err(error);
        }
        held.in_force(&mut change)?;
        notice::tell_waiting(&self.state, &change);
        Ok(())
    }

    /// Whether the change waits to be confirmed. One that would shut somebody out does in any case.
    fn plan(&self, shuts_out: bool) -> Plan {
        let rollback = self.posture.rollback();
        let keep = match self.manner.rollback_after {
            Some(_) => None,
            None if connection().is_none() => Some("not made over ssh"),
            None if shuts_out => None,
            None if !rollback.ssh => Some("[rollback] ssh = false"),
            None if !self.policy().enabled => Some("no rule is in force after it"),
            None => None,
        };
        Plan { after: self.manner.rollback_after.unwrap_or(rollback.after), keep: keep.map(str::to_owned) }
    }

    fn step(&self) -> Step {
        Step {
            at: Timestamp::now(),
            command: self.manner.command.clone(),
            by: login::author(),
            diff: unified(POSTURE_FILE, &self.before.0, self.posture.text()),
        }
    }

    /// With an error, everything is as it was.
    fn make(&self) -> Result<(), CommandError> {
        let path = self.found.path.display();
        let target = self.found.with_text(self.posture.text().to_owned());
        if target != self.found {
            target.restore().map_err(|error| CommandError::io(&path, &error))?;
        }
        if self.before.1.enabled || self.policy().enabled {
            put_in_force(self.policy(), &self.lists).map_err(|error| match self.found.restore() {
                Ok(()) => error,
                Err(worse) => {
                    let message = format!("{error}; the file cannot be put back: {path}: {worse}");
                    CommandError::new(error.exit, message)
                }
            })?;
        }
        if let Err(error) = Applied::of(&self.posture).save(&self.state) {
            anstream::eprintln!(
                "WARN: what is in force cannot be remembered: {}: {error}",
                self.state.display()
            );
        }
        Ok(())
    }
}

/// What is said of a change that closes a way in.
fn refusal(way: &Way) -> String {
    let whom = match way {
        Way::Session(Connection { client, port }) => {
            format!("your own ssh session, from {client} to port {port}")
        }
        Way::Port(_) => way.to_string(),
    };
    format!(
        "this would shut out {whom}\nnothing was changed; first: palisade firewall allow {}/tcp\n\
         or, if it is meant: the same command with --force",
        way.port()
    )
}

/// The journal, without anything in it that is overdue.
pub(crate) fn hold(state: &Path) -> Result<Held, CommandError> {
    let held = Journal::of(state).hold(PATIENCE)?;
    if let Some(change) = settle(state, &held)? {
        anstream::eprintln!("{}", notice::taken_back(&change));
    }
    Ok(held)
}

/// Rules that people edited are a change like any other, when the daemon in whose configuration they are is to read it
/// again.
pub(crate) fn reload_edited(root: &Path, state: &Path) -> Result<(), CommandError> {
    let Some(folder) = beside(root) else { return Ok(()) };
    let command = "firewall reload".to_owned();
    let session =
        open(folder, state, Manner { command, force: false, dry_run: false, rollback_after: None })?;
    match session.is_edited() {
        true => session.save().map_err(|error| match error.exit {
            Exit::Nothing => {
                CommandError::new(error.exit, format!("{error} (palisade firewall --force reload)"))
            }
            _ => error,
        }),
        false => Ok(()),
    }
}

/// Opens the file for a command that is not one of ufw's.
pub(crate) fn open(folder: &Path, state: &Path, manner: Manner) -> Result<Session, CommandError> {
    Session::open(folder, state, vocabulary(folder), manner, false)
}
