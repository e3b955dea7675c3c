//! One action of one jail at work: what is started, what holds, and how it is repaired.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use config::{Family, Operation, Script};
use ipnet::IpNet;

use super::jails::Live;
use super::protocol::{Ticket, Tone};
use super::queue::{Job, Queue};
use super::report::Report;
use super::shell::{self, How};
use super::{tags, values};
use crate::engine::clock::now;
use crate::output::address;

/// What an action's thread owns.
pub(super) struct Action {
    /// The jail's ban time.
    bantime: i64,
    script: Script,
    /// The families that it is started for, in that order, and whether it holds bans of them.
    started: Vec<(Family, bool)>,
    /// Whom it has banned.
    banned: BTreeSet<IpNet>,
    live: Arc<Mutex<Live>>,
    report: Report,
}

impl Action {
    pub(super) fn new(bantime: i64, script: Script, live: Arc<Mutex<Live>>, report: Report) -> Self {
        Self { bantime, script, started: Vec::new(), banned: BTreeSet::new(), live, report }
    }

    /// Works until the queue is closed.
    pub(super) fn work(mut self, queue: &Queue) {
        while let Some(job) = queue.next() {
            match job {
                Job::Start if self.script.on_demand => {}
                Job::Start => drop(self.start(Family::Any)),
                Job::Change(script, bantime) => (self.script, self.bantime) = (*script, bantime),
                Job::Reload => self.reload(),
                Job::Check => self.check_all(),
                Job::Ban(ticket) => self.ban(&ticket),
                Job::Prolong(ticket) => drop(self.process(Operation::Prolong, &ticket)),
                Job::Unban(ticket) => self.unban(&ticket),
                Job::Flush(tickets) => self.flush(&tickets),
                Job::Stop(tickets) => {
                    self.flush(&tickets);
                    self.stop();
                }
                // Of its commands nothing is to be asked: the keeper has them.
                Job::Call(..) => {}
            }
        }
    }

    fn start(&mut self, family: Family) -> bool {
        let good = self.about_none(Operation::Start, family);
        if good && self.holds(family).is_none() {
            self.started.push((family, false));
        }
        good
    }

    fn ban(&mut self, ticket: &Ticket) {
        if ticket.restored && self.script.norestored {
            return;
        }
        let family = values::family(ticket.host);
        if self.script.on_demand && self.holds(family).is_none() && !self.start(family) {
            return;
        }
        if self.process(Operation::Ban, ticket) {
            self.set_holds(family, true);
            self.banned.insert(ticket.host);
        }
    }

    fn unban(&mut self, ticket: &Ticket) {
        let left_out = ticket.restored && self.script.norestored;
        if !left_out && self.holds(values::family(ticket.host)) == Some(true) {
            self.process(Operation::Unban, ticket);
            self.banned.remove(&ticket.host);
        }
    }

    /// Lifts all at once where the action can, or else one by one.
    fn flush(&mut self, tickets: &[Arc<Ticket>]) {
        if self.script.command(Operation::Flush, Family::Any).is_empty() {
            tickets.iter().for_each(|ticket| self.unban(ticket));
        } else {
            let families: Vec<Family> =
                self.started.iter().filter(|(_, holds)| *holds).map(|(family, _)| *family).collect();
            self.once_each(Operation::Flush, &families);
        }
        self.started.iter_mut().for_each(|(_, holds)| *holds = false);
        self.banned.clear();
    }

    fn stop(&mut self) {
        let families: Vec<Family> = self.started.drain(..).map(|(family, _)| family).collect();
        self.once_each(Operation::Stop, &families);
    }

    fn reload(&mut self) {
        let families: Vec<Family> = self.started.iter().map(|(family, _)| *family).collect();
        self.once_each(Operation::Reload, &families);
    }

    /// What reads the same for several families runs once.
    fn once_each(&mut self, operation: Operation, families: &[Family]) {
        let mut seen: Vec<&str> = Vec::new();
        for family in families {
            let command = self.script.command(operation, *family);
            // A tag for the family makes them differ after all.
            if command.contains("<family>") || !seen.contains(&command) {
                seen.push(command);
                self.about_none(operation, *family);
            }
        }
    }

    fn check_all(&mut self) {
        for (family, _) in self.started.clone() {
            if !self.sound(family) && self.repair(family) {
                self.ban_again(family, None);
            }
        }
    }

    /// Runs a command about a ban; when it fails, once more after a look at what it stands on.
    fn process(&mut self, operation: Operation, ticket: &Ticket) -> bool {
        let family = values::family(ticket.host);
        let value = |tag: &str| values::of_ban(tag, ticket);
        let Err(why) = self.run(operation, family, &value) else {
            self.report.relieve();
            return true;
        };
        let sound = self.sound(family);
        let may_repair = operation != Operation::Unban || self.script.repair_on_unban;
        let ready = sound || (may_repair && self.repair(family));
        if !ready {
            self.fail(operation, Some(ticket), &format!("{why}; and the check fails"));
            return false;
        }
        let again = self.run(operation, family, &value);
        match &again {
            Ok(()) => self.report.relieve(),
            Err(why) => self.fail(operation, Some(ticket), why),
        }
        if !sound {
            self.ban_again(family, Some(ticket));
        }
        again.is_ok()
    }

    /// Whether the check has nothing to object.
    fn sound(&self, family: Family) -> bool {
        self.run(Operation::Check, family, &|tag| values::of_check(tag, family)).is_ok()
    }

    /// Makes the ground that bans stand on again. What stood on it is gone.
    fn repair(&mut self, family: Family) -> bool {
        self.report.say(Tone::Warning, "the check fails, trying to repair".into());
        if self.script.command(Operation::Repair, family).is_empty() {
            self.about_none(Operation::Stop, family);
            self.about_none(Operation::Start, family);
        } else if let Err(why) = self.run(Operation::Repair, family, &|tag| values::of_check(tag, family)) {
            self.fail(Operation::Repair, None, &why);
        }
        if self.holds(family).is_some() {
            self.set_holds(family, false);
        }
        self.sound(family)
    }

    /// After a repair: the bans that were there before.
    fn ban_again(&mut self, family: Family, but: Option<&Ticket>) {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner).tickets();
        let operation = match self.script.command(Operation::Reban, family) {
            "" => Operation::Ban,
            _ => Operation::Reban,
        };
        let lost = |ticket: &&Arc<Ticket>| {
            let hit = family == Family::Any || values::family(ticket.host) == family;
            hit && self.banned.contains(&ticket.host) && but.is_none_or(|but| but.host != ticket.host)
        };
        let lost: Vec<&Arc<Ticket>> = live.iter().filter(lost).collect();
        for ticket in lost {
            let family = values::family(ticket.host);
            match self.run(operation, family, &|tag| values::of_ban(tag, ticket)) {
                Ok(()) => self.set_holds(family, true),
                Err(why) => self.fail(operation, Some(ticket), &why),
            }
        }
    }

    /// Runs a command that is about no ban in particular.
    fn about_none(&self, operation: Operation, family: Family) -> bool {
        let now = now();
        let value = |tag: &str| values::of_none(tag, family, self.bantime, now);
        let ran = self.run(operation, family, &value);
        if let Err(why) = &ran {
            self.fail(operation, None, why);
        }
        ran.is_ok()
    }

    fn run(
        &self,
        operation: Operation,
        family: Family,
        value: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), String> {
        let command = self.script.command(operation, family);
        if command.is_empty() {
            return Ok(());
        }
        let prepared = tags::prepare(command, value);
        let ended =
            shell::run(shell::command(&prepared), self.script.timeout).map_err(|error| error.to_string())?;
        match ended.how {
            How::Well => Ok(()),
            how if ended.output.is_empty() => Err(how.describe()),
            // What a command prints may be an attacker's words: no line of the log begins in it.
            how => Err(format!("{}; it says {:?}", how.describe(), ended.output.trim_end())),
        }
    }

    fn holds(&self, family: Family) -> Option<bool> {
        self.started.iter().find(|(known, _)| *known == family).map(|(_, holds)| *holds)
    }

    fn set_holds(&mut self, family: Family, holds: bool) {
        match self.started.iter_mut().find(|(known, _)| *known == family) {
            Some(entry) => entry.1 = holds,
            None => self.started.push((family, holds)),
        }
    }

    fn fail(&self, operation: Operation, ticket: Option<&Ticket>, why: &str) {
        let whom = ticket.map(|ticket| format!(" of {}", address(ticket.host))).unwrap_or_default();
        self.report.fail(format!("{}{whom} fails: {why}", operation.option()));
    }
}
