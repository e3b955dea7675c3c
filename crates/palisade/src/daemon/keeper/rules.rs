//! The rules in `palisade.toml`: in force when the daemon starts, and again when somebody took them away.

use std::path::Path;

use config::{ListSettings, Posture};
use firewall::rules::Policy;
use tracing::{info, warn};

use super::Keeper;
use crate::engine::posture;
use crate::transaction::applied::Applied;

const RULES: &str = "firewall";

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
            info!("firewall: {} rules, {state}", policy.rules.len());
        }
        self.rules = Some(policy);
        are_new
    }

    /// What the file says is in force, and what it says meanwhile as well: a command writes it first and changes the kernel
    /// then, so the file has the last word. Without a file nothing is.
    fn enforce_file(&mut self) -> Result<Option<Policy>, String> {
        let Some(mut posture) = self.read_file()? else {
            self.configure_lists(ListSettings::default());
            return Ok(None);
        };
        loop {
            self.configure_lists(posture.lists().clone());
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
        let state = self.store.path().parent().unwrap_or(Path::new("/"));
        if let Err(error) = Applied::of(&posture).save(state) {
            warn!("which rules are in force cannot be remembered: {}: {error}", state.display());
        }
        Ok(Some(posture.policy().clone()))
    }

    fn read_file(&self) -> Result<Option<Posture>, String> {
        posture::load(&self.tree).map_err(|error| error.to_string())
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
