//! Making the table mean what was asked for: both halves, in one transaction, read back.

use crate::enforce::{self, Enforced, Lists};
use crate::layout::Layout;
use crate::policy::BanPolicy;
use crate::rules::Policy;
use crate::ruleset::Ruleset;
use crate::transaction::{self, Goal};
use crate::{Applied, Firewall, FirewallError, modules};

/// Somebody may change the table between our reading it and our change.
const ATTEMPTS: usize = 3;

/// What the table shall mean. Of a half that is `None`, whatever there is stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    bans: Option<BanPolicy>,
    rules: Option<Enforced>,
}

impl Firewall {
    /// Makes the table mean this policy, in one transaction, and reads it back. Jails that stay keep their sets, the
    /// elements in them and their counters. Nothing is written where nothing differs.
    ///
    /// Rules stay: those of the last [`Firewall::set_policy`], which are put back if they are not there, or else those that
    /// are in the table.
    ///
    /// # Errors
    /// The policy makes no sense, or the kernel refuses: then nothing changed.
    pub fn apply(&mut self, policy: &BanPolicy) -> Result<Applied, FirewallError> {
        policy.check()?;
        self.want(Wanted { bans: Some(policy.clone()), ..self.wanted.clone() })
    }

    /// Puts these rules in force in place of those that were, in one transaction, and reads them back: every packet sees
    /// the old ones or the new ones, and connections that stand are not asked again. A policy that is not enabled takes
    /// all rules away. Sets that `limit` keeps account in stay with their rule.
    ///
    /// Bans stay: those of the last [`Firewall::apply`], or else those that are in the table.
    ///
    /// # Errors
    /// A rule names a list that is not in `lists`, or the kernel refuses: then nothing changed.
    pub fn set_policy(&mut self, policy: &Policy, lists: &Lists) -> Result<Applied, FirewallError> {
        let rules = enforce::render(policy, lists)?;
        self.want(Wanted { rules: Some(rules), ..self.wanted.clone() })
    }

    /// Whether rules are in force, whoever put them there.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn has_rules(&mut self) -> Result<bool, FirewallError> {
        let there = self.read()?.unwrap_or_default();
        Ok(there.chains.keys().any(|chain| enforce::owns(chain)))
    }

    fn want(&mut self, wanted: Wanted) -> Result<Applied, FirewallError> {
        let mut result = Err(FirewallError::Gone { doing: APPLYING });
        for attempt in 1..=ATTEMPTS {
            result = self.want_once(&wanted, attempt == ATTEMPTS);
            match &result {
                Err(FirewallError::Gone { .. } | FirewallError::Kernel { .. }) => {}
                _ => break,
            }
        }
        match &result {
            Ok(_) => self.wanted = wanted,
            Err(FirewallError::Gone { .. }) => {
                let layout = wanted.bans.as_ref().map(|bans| self.layout().next(bans, &Ruleset::default()));
                let ruleset = wanted.goal(layout.as_ref()).ruleset;
                if let Some(error) = modules::missing(self.channel(), &ruleset) {
                    return Err(error);
                }
            }
            Err(_) => {}
        }
        result
    }

    fn want_once(&mut self, wanted: &Wanted, last: bool) -> Result<Applied, FirewallError> {
        let read = self.read()?;
        let nothing = Ruleset::default();
        let whole = read.as_ref().unwrap_or(&nothing);
        let there = wanted.part(whole);
        let layout = wanted.bans.as_ref().map(|bans| self.layout().next(bans, &there));
        let goal = wanted.goal(layout.as_ref());
        // What is not ours to build must not be torn down.
        let rebuild = last && *whole == there;
        if there != goal.ruleset || (read.is_none() && layout.is_some()) {
            let mut batch = self.channel().batch();
            match rebuild {
                true => transaction::rebuild(&mut batch, &goal),
                false => transaction::change(&mut batch, &there, &goal),
            }
            self.channel().commit(APPLYING, batch)?;
            let read_back = self.read()?.unwrap_or_default();
            if let Some(difference) = goal.ruleset.difference(&wanted.part(&read_back)) {
                return Err(FirewallError::NotAsApplied(difference));
            }
        }
        let Some(layout) = layout else { return Ok(Applied::default()) };
        let emptied = layout.without_sets(if rebuild { &nothing } else { &there });
        self.set_layout(layout);
        Ok(Applied { emptied })
    }
}

const APPLYING: &str = "applying the policy";

impl Wanted {
    fn owns(&self, name: &str) -> bool {
        if enforce::owns(name) { self.rules.is_some() } else { self.bans.is_some() }
    }

    /// What of a table belongs to the halves that are wanted.
    fn part(&self, whole: &Ruleset) -> Ruleset {
        let mut part = whole.clone();
        part.counters.retain(|name| self.owns(name));
        part.sets.retain(|name, _| self.owns(name));
        part.chains.retain(|name, _| self.owns(name));
        part
    }

    fn goal<'a>(&'a self, layout: Option<&Layout>) -> Goal<'a> {
        let jails = self.bans.as_ref().map_or(&[][..], |bans| &bans.jails);
        let mut ruleset = layout.map(|layout| layout.ruleset(jails)).unwrap_or_default();
        let Some(rules) = &self.rules else { return Goal { ruleset, jails, contents: None } };
        ruleset.sets.extend(rules.ruleset.sets.clone());
        ruleset.chains.extend(rules.ruleset.chains.clone());
        Goal { ruleset, jails, contents: Some(&rules.contents) }
    }
}
