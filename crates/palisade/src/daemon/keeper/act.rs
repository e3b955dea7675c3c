//! What bans mean for actions that run commands.

use detect::jail::{Ban, JailId};
use ipnet::IpNet;
use store::{Change, Matches};

use super::Keeper;
use super::evidence::{Keep, Key, surplus};
use super::plan::Planned;
use super::respawn::Known;
use crate::daemon::runner::protocol::{ActingJail, Evidence, Past, Ticket, ToRunner};

const ACTIONS: &str = "actions";
/// So many of an address's past bans are told to an action that asks.
const PAST: u32 = 100;

impl Keeper {
    /// Tells the runner which actions there are, and of the bans of jails that were not among those that `acted`, but for
    /// those that are told otherwise.
    pub(super) fn configure_actions(&mut self, acted: &[ActingJail], told: &Known) {
        let mut refused = self.plan.refused.clone();
        let acting = self.plan.acting();
        if !acting.is_empty() {
            self.wake_runner();
        }
        if self.spawner.is_none() && !acting.is_empty() {
            refused.push("no action runs commands: the daemon was not started by root".into());
        }
        self.trouble(ACTIONS, (!refused.is_empty()).then(|| refused.join("; ")));
        let Some(runner) = &mut self.runner else { return };
        let new = |name: &str| {
            acting.iter().any(|jail| jail.name == name) && acted.iter().all(|jail| jail.name != name)
        };
        runner.forget_failures();
        let reload = std::mem::take(&mut self.plan.read);
        runner.tell(ToRunner::Configure { jails: acting.clone(), reload });
        if !acting.iter().any(|jail| new(&jail.name)) {
            return;
        }
        let mut restored = Vec::new();
        let is_told = |ban: &store::Ban| told.contains(&(ban.jail.to_string(), ban.host));
        let read =
            self.store.live_bans(|ban| restored.extend((new(&ban.jail) && !is_told(&ban)).then_some(ban)));
        if let Err(error) = read {
            tracing::warn!("actions are not told of earlier bans, the store cannot be read: {error}");
        }
        restored.sort_by_key(|ban| ban.start);
        for stored in restored {
            let id = self.jails.book.find_jail(&stored.jail);
            if let Some(ban) = id.and_then(|id| self.jails.book.get(id, stored.host)) {
                let evidence = Evidence { lines: self.lines(&ban), fields: Vec::new() };
                self.order(&ban, evidence, true, ToRunner::Ban);
            }
        }
    }

    /// A new ban, or one that ends later than it did.
    pub(super) fn act_on_ban(&mut self, ban: &Ban, evidence: Evidence, prolonged: bool) {
        let order = if prolonged { ToRunner::Prolong } else { ToRunner::Ban };
        if !prolonged {
            self.note_matches(ban, &evidence);
        }
        self.order(ban, evidence, false, order);
    }

    /// Bans that are over.
    pub(super) fn act_on_ends(&mut self, bans: &[Ban]) {
        for ban in bans {
            self.order(ban, Evidence::default(), false, ToRunner::Unban);
        }
    }

    /// All bans of their jails were lifted together.
    pub(super) fn act_on_flush(&mut self, bans: &[Ban]) {
        let mut jails: Vec<JailId> = bans.iter().map(|ban| ban.jail).collect();
        jails.sort_unstable();
        jails.dedup();
        for jail in jails {
            let name = self.acting(jail).map(|planned| planned.spec.name.clone());
            if let (Some(name), Some(runner)) = (name, &mut self.runner) {
                runner.tell(ToRunner::UnbanAll(name));
            }
        }
    }

    /// Somebody failed again who is banned: does what should keep them out still stand?
    pub(super) fn act_on_return(&mut self, jail: JailId) {
        let name = self.acting(jail).map(|planned| planned.spec.name.clone());
        if let (Some(name), Some(runner)) = (name, &mut self.runner) {
            runner.tell(ToRunner::Check(name));
        }
    }

    /// How much evidence a jail's actions want.
    pub(super) fn keep(&self, (jail, _): &Key) -> Keep {
        let planned = self.planned(*jail);
        let lines = planned.map_or(0, |planned| planned.maxmatches);
        Keep { lines, age: planned.map_or_else(Default::default, |planned| planned.spec.findtime) }
    }

    fn planned(&self, jail: JailId) -> Option<&Planned> {
        self.plan.jails.get(self.jails.index(jail)?)
    }

    fn acting(&self, jail: JailId) -> Option<&Planned> {
        self.planned(jail).filter(|planned| !planned.scripts.is_empty())
    }

    fn order(
        &mut self,
        ban: &Ban,
        evidence: Evidence,
        restored: bool,
        order: impl FnOnce(String, Ticket) -> ToRunner,
    ) {
        let Some(planned) = self.acting(ban.jail) else { return };
        let name = planned.spec.name.clone();
        let ticket = self.ticket(planned, ban, evidence, restored);
        if let Some(runner) = &mut self.runner {
            runner.tell(order(name, ticket));
        }
    }

    fn ticket(&self, planned: &Planned, ban: &Ban, evidence: Evidence, restored: bool) -> Ticket {
        let asks = |tag: &str| planned.mentions(tag);
        let past =
            ["<ipmatches>", "<ipjailmatches>", "<ipfailures>", "<ipjailfailures>"].into_iter().any(asks);
        Ticket {
            host: ban.host,
            time: ban.start,
            bantime: ban.until.map_or(-1, |until| until.since(ban.start).as_secs() as i64),
            failures: ban.failures,
            // As in Fail2Ban, which looks at earlier bans only where they make this one longer.
            count: if planned.spec.bantime.increment { ban.count } else { 1 },
            restored,
            past: if past { self.past(planned, ban, &evidence) } else { Default::default() },
            evidence,
            jail: if planned.mentions("<jail.") { self.numbers(planned, ban.jail) } else { [0; 4] },
        }
    }

    /// What the store knows of earlier bans of the address, in all jails and in this one, the oldest first.
    ///
    /// With what led to this ban they are `dbmaxmatches` lines at most, as in Fail2Ban.
    fn past(&self, planned: &Planned, ban: &Ban, evidence: &Evidence) -> [Past; 2] {
        let mut past = [Past::default(), Past::default()];
        for earlier in self.matches(ban.host).into_iter().filter(|earlier| !is_of(earlier, planned, ban)) {
            let own = *earlier.jail == *planned.spec.name;
            for known in past.iter_mut().take(if own { 2 } else { 1 }) {
                known.lines.extend(earlier.lines.iter().cloned());
                known.failures += u64::from(earlier.failures);
            }
        }
        for known in &mut past {
            let all = [&known.lines[..], &evidence.lines].concat();
            let surplus = surplus(&all, self.plan.stored_matches).min(known.lines.len());
            known.lines.drain(..surplus);
        }
        past
    }

    /// What the store has of the lines that led to this ban.
    fn lines(&self, ban: &Ban) -> Vec<String> {
        let Some(planned) = self.acting(ban.jail).filter(|planned| planned.asks()) else { return Vec::new() };
        let found = self.matches(ban.host).into_iter().rfind(|matches| is_of(matches, planned, ban));
        found.map(|matches| matches.lines).unwrap_or_default()
    }

    fn matches(&self, host: IpNet) -> Vec<Matches> {
        // Without the store, nothing is known.
        self.store.matches(host, PAST).unwrap_or_default()
    }

    /// What led to a ban is kept for later ones, and for a restart.
    fn note_matches(&mut self, ban: &Ban, evidence: &Evidence) {
        let asking = self.planned(ban.jail).filter(|planned| planned.asks());
        let Some(planned) = asking.filter(|_| !evidence.lines.is_empty()) else { return };
        let surplus = surplus(&evidence.lines, self.plan.stored_matches);
        let matches = Matches {
            jail: planned.spec.name.as_str().into(),
            host: ban.host,
            start: ban.start.as_micros(),
            failures: ban.failures,
            lines: evidence.lines[surplus..].to_vec(),
        };
        self.pending.push(Change::Matches(matches));
    }

    fn numbers(&self, planned: &Planned, jail: JailId) -> [u64; 4] {
        let name = planned.spec.name.as_str();
        let stored = self.store.counters().unwrap_or_default();
        let stored = stored.iter().find(|counter| *counter.jail == *name);
        let (failures, bans) = self.pending.counted(name);
        let windows =
            self.jails.index(jail).and_then(|at| self.jails.jail(at)).map_or(0, |jail| jail.windows().len());
        [
            self.jails.book.len_of(jail) as u64,
            stored.map_or(0, |counter| counter.bans) + bans,
            windows as u64,
            stored.map_or(0, |counter| counter.failures) + failures,
        ]
    }
}

fn is_of(matches: &Matches, planned: &Planned, ban: &Ban) -> bool {
    *matches.jail == *planned.spec.name && matches.start == ban.start.as_micros()
}
