//! Making the table mean what was asked for: both halves, in one transaction (but see `ranges`), read back.

mod ranges;

use crate::edit::{Edits, Handles};
use crate::enforce::{self, Enforced, Lists};
use crate::firewall::Reading;
use crate::layout::Layout;
use crate::policy::BanPolicy;
use crate::rules::Policy;
use crate::ruleset::Ruleset;
use crate::transaction::{self, Goal};
use crate::{Applied, Firewall, FirewallError, modules, wire};

/// How a change is tried. Somebody may change the table between our reading it and our change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// Refused if anything was changed since, so that what is read before need not be read again.
    Quick,
    /// Read again behind it.
    Careful,
    /// If it must be, from nothing. Ranges cannot come early then.
    Anew,
}

const ATTEMPTS: [Attempt; 4] = [Attempt::Quick, Attempt::Careful, Attempt::Careful, Attempt::Anew];

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
        self.want(Wanted { bans: Some(policy.clone()), rules: self.wanted.rules.clone() })
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
        self.want(Wanted { rules: Some(rules), bans: self.wanted.bans.clone() })
    }

    /// Whether exactly these rules are in force, whoever put them there.
    ///
    /// # Errors
    /// A rule names a list that is not in `lists`, or the table cannot be read.
    pub fn enforces(&mut self, policy: &Policy, lists: &Lists) -> Result<bool, FirewallError> {
        let wanted = Wanted { bans: None, rules: Some(enforce::render(policy, lists)?) };
        let (there, _) = wanted.part(self.read()?.unwrap_or_default().ruleset);
        Ok(wanted.goal(None, &there).ruleset == there)
    }

    /// Whether rules are in force, whoever put them there.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn has_rules(&mut self) -> Result<bool, FirewallError> {
        let there = self.read()?.unwrap_or_default();
        Ok(there.ruleset.chains.keys().any(|chain| enforce::owns(chain)))
    }

    fn want(&mut self, wanted: Wanted) -> Result<Applied, FirewallError> {
        let mut result = Err(FirewallError::Gone { doing: APPLYING });
        for attempt in ATTEMPTS {
            result = self.want_once(&wanted, attempt);
            match &result {
                Err(FirewallError::Gone { .. } | FirewallError::Kernel { .. }) => {}
                _ => break,
            }
        }
        match &result {
            Ok(_) => self.wanted = wanted,
            Err(FirewallError::Gone { .. }) => {
                let layout = wanted.bans.as_ref().map(|bans| self.layout().next(bans, &Ruleset::default()));
                let ruleset = wanted.goal(layout.as_ref(), &Ruleset::default()).ruleset;
                if let Some(error) = modules::missing(self.channel(), &ruleset) {
                    return Err(error);
                }
            }
            Err(_) => {}
        }
        result
    }

    fn want_once(&mut self, wanted: &Wanted, attempt: Attempt) -> Result<Applied, FirewallError> {
        let read = self.read()?;
        let is_new = read.is_none();
        let Reading { ruleset: whole, handles, generation } = read.unwrap_or_default();
        let (mut there, is_all) = wanted.part(whole);
        let layout = wanted.bans.as_ref().map(|bans| self.layout().next(bans, &there));
        let goal = wanted.goal(layout.as_ref(), &there);
        // What is not ours to build must not be torn down.
        let rebuild = attempt == Attempt::Anew && is_all;
        if there != goal.ruleset || (is_new && layout.is_some()) {
            match rebuild {
                true => {
                    let mut batch = self.channel().batch();
                    transaction::rebuild(&mut batch, &goal);
                    self.channel().commit(APPLYING, batch)?;
                    self.read_back(wanted, &goal.ruleset)?;
                }
                false => {
                    let mut generation = (attempt == Attempt::Quick && !is_new).then_some(generation);
                    let early = self.add_ranges(&goal, &mut there, &mut generation)?;
                    let changed = self.change(wanted, &goal, &there, &handles, generation);
                    changed.inspect_err(|_| self.take_back(&early))?;
                }
            }
        }
        let Some(layout) = layout else { return Ok(Applied::default()) };
        let nothing = Ruleset::default();
        let emptied = layout.without_sets(if rebuild { &nothing } else { &there });
        self.set_layout(layout);
        Ok(Applied { emptied })
    }

    /// Writes what differs. If nothing was changed since that moment and these are a few rules in chains that stay, the
    /// kernel tells of each what it made of it; they and what was read before are what is there. Otherwise all is read again.
    fn change(
        &mut self,
        wanted: &Wanted,
        goal: &Goal<'_>,
        there: &Ruleset,
        handles: &Handles,
        generation: Option<u32>,
    ) -> Result<(), FirewallError> {
        let edits = Edits::new(there, handles, &goal.ruleset);
        let few = generation.and_then(|_| edits.few());
        let mut batch = self.channel().batch_at(generation, few.is_some());
        transaction::change(&mut batch, there, &edits, goal);
        let mut told = Vec::new();
        self.channel().commit_echoed(APPLYING, batch, |message| told.extend(wire::read_rule(message)))?;
        match few {
            Some(few) if few == told => Ok(()),
            _ => self.read_back(wanted, &goal.ruleset),
        }
    }

    fn read_back(&mut self, wanted: &Wanted, goal: &Ruleset) -> Result<(), FirewallError> {
        let (there, _) = wanted.part(self.read()?.unwrap_or_default().ruleset);
        goal.difference(&there).map_or(Ok(()), |difference| Err(FirewallError::NotAsApplied(difference)))
    }
}

const APPLYING: &str = "applying the policy";

impl Wanted {
    fn owns(&self, name: &str) -> bool {
        if enforce::owns(name) { self.rules.is_some() } else { self.bans.is_some() }
    }

    /// What of a table belongs to the halves that are wanted, and whether that is all of it.
    fn part(&self, whole: Ruleset) -> (Ruleset, bool) {
        let size = |ruleset: &Ruleset| ruleset.counters.len() + ruleset.sets.len() + ruleset.chains.len();
        let (all, mut part) = (size(&whole), whole);
        part.counters.retain(|name| self.owns(name));
        part.sets.retain(|name, _| self.owns(name));
        part.elements.retain(|name, _| self.owns(name));
        part.chains.retain(|name, _| self.owns(name));
        let is_all = size(&part) == all;
        (part, is_all)
    }

    /// What is to be made of the part that is there.
    fn goal<'a>(&'a self, layout: Option<&Layout>, there: &Ruleset) -> Goal<'a> {
        let jails = self.bans.as_ref().map_or(&[][..], |bans| &bans.jails);
        let mut ruleset = layout.map(|layout| layout.ruleset(jails)).unwrap_or_default();
        let Some(rules) = &self.rules else { return Goal { ruleset, jails, contents: None } };
        ruleset.sets.extend(rules.ruleset.sets.clone());
        ruleset.elements.extend(rules.ruleset.elements.clone());
        ruleset.chains.extend(rules.ruleset.chains.clone());
        ruleset.stand_in(there);
        Goal { ruleset, jails, contents: Some(&rules.contents) }
    }
}
