//! The rules in `palisade.toml`: in force when the daemon starts, and again when somebody took them away. What people edited
//! into it comes into force only if it shuts nobody out.

use std::time::Duration;

use config::{ListSettings, Posture};
use firewall::Ports;
use firewall::rules::Policy;
use posture::Journal;
use tracing::{info, warn};

use super::Keeper;
use crate::engine::posture as file;
use crate::output::count;
use crate::transaction::applied::{Applied, in_force};
use crate::transaction::lockout::{Ways, edited};
use crate::transaction::ssh::Seen;

const RULES: &str = "firewall";
/// A command that has written the file, and is about to change the kernel, gets so long for it.
const COMMAND: Duration = Duration::from_secs(2);
/// ssh's own.
const SSH: u16 = 22;
/// The filters of jails that guard it.
const SSH_FILTERS: [&str; 2] = ["sshd", "dropbear"];

impl Keeper {
    /// Reads the rules and puts them in force. Without a file the table's rules are nobody's business here; with errors in
    /// it, those that were in force stay. Whether they are others than before is the answer.
    pub(super) fn take_rules(&mut self) -> bool {
        self.take_lists();
        let policy = match self.enforce_file() {
            Ok(Some(policy)) => policy,
            Ok(None) => return false,
            Err(error) => {
                self.trouble(RULES, Some(error));
                return false;
            }
        };
        self.trouble(RULES, None);
        let are_new = self.rules.as_ref() != Some(&policy);
        if are_new && (policy.enabled || self.rules.is_some()) {
            let state = if policy.enabled { "in force" } else { "not enabled" };
            info!("firewall: {}, {state}", count(policy.rules.len(), "rule"));
        }
        self.note_rules(policy);
        are_new
    }

    fn note_rules(&mut self, policy: Policy) {
        self.lists.note_use(&policy);
        self.rules = Some(policy);
    }

    /// What the file says is in force, and what it says meanwhile as well: a command writes it first and changes the kernel
    /// then, so the file has the last word. Without a file nothing is.
    fn enforce_file(&mut self) -> Result<Option<Policy>, String> {
        let Some(mut posture) = self.read_file()? else {
            self.configure_lists(&ListSettings::default());
            return Ok(None);
        };
        self.configure_lists(posture.lists());
        let before = self.rules.clone().unwrap_or_else(|| in_force(&self.state, &posture).1);
        let mut held = None;
        if self.is_news(&before, &posture)? {
            // Either a command is at work, which then is waited for, or somebody edited the file.
            held = Journal::of(&self.state).hold(COMMAND).ok();
            posture = self.read_file()?.unwrap_or(posture);
            if self.is_news(&before, &posture)? {
                self.refuse_to_shut_out(&before, &posture)?;
            }
        }
        loop {
            self.configure_lists(posture.lists());
            match self.firewall.set_policy(posture.policy(), &self.lists.kept.in_force()) {
                // With the table, bans went too.
                Ok(applied) => self.ban_again(applied),
                Err(error) => return Err(format!("the rules are not in force: {error}")),
            }
            match self.read_file()? {
                Some(now) if now.policy() != posture.policy() => posture = now,
                _ => break,
            }
        }
        drop(held);
        if let Err(error) = Applied::of(&posture).save(&self.state) {
            warn!("which rules are in force cannot be remembered: {}: {error}", self.state.display());
        }
        Ok(Some(posture.policy().clone()))
    }

    fn read_file(&self) -> Result<Option<Posture>, String> {
        file::load(&self.tree).map_err(|error| error.to_string())
    }

    /// Whether the file says something else than what is known to be in force, and the kernel does not have it either.
    fn is_news(&mut self, before: &Policy, posture: &Posture) -> Result<bool, String> {
        let is_there = |keeper: &mut Self| {
            let lists = keeper.lists.kept.in_force();
            keeper.firewall.enforces(posture.policy(), &lists)
        };
        Ok(posture.policy() != before && !is_there(self).map_err(|error| error.to_string())?)
    }

    /// Rules that would shut out who is logged in over ssh, or ssh itself, are not put in force; those before them stay.
    fn refuse_to_shut_out(&mut self, before: &Policy, posture: &Posture) -> Result<(), String> {
        let lists = self.lists.kept.in_force();
        let Some(way) = Ways::of_host(&self.ssh()).closed(before, posture.policy(), &lists) else {
            return Ok(());
        };
        let stays = self.firewall.set_policy(before, &lists).map_err(|error| error.to_string())?;
        self.ban_again(stays);
        self.note_rules(before.clone());
        Err(edited(&way))
    }

    /// Where ssh may be served, and who came in by it. Which sockets are a server's, and what its sessions say of themselves,
    /// can only be seen before the start gives its privileges up.
    pub(super) fn ssh(&self) -> Seen {
        let guards = self.plan.jails.iter().filter(|jail| {
            jail.watched.as_ref().is_some_and(|watched| SSH_FILTERS.contains(&&*watched.filter.name))
        });
        let ranges = guards.filter_map(|jail| match &jail.target.as_ref()?.ports {
            Ports::Ranges(ranges) => Some(ranges),
            Ports::All => None,
        });
        let mut seen = self.ssh.clone();
        seen.ports.extend(ranges.flatten().cloned().flatten().chain([SSH]));
        seen
    }

    /// The rules that are in force, with the lists as they are by now.
    pub(super) fn renew_rules(&mut self) {
        let Some(policy) = &self.rules else { return };
        match self.firewall.set_policy(policy, &self.lists.kept.in_force()) {
            Ok(applied) => self.ban_again(applied),
            Err(error) => self.trouble(RULES, Some(format!("the rules do not have the new lists: {error}"))),
        }
    }

    /// Somebody changed the table: a command that changed the file as well, or another program.
    pub(super) fn see_table(&mut self) {
        if !self.take_rules() {
            warn!("another program changed table inet palisade; it is put back");
        }
        self.apply_policy();
    }
}
