//! What the watcher found: counted, decided, and made true.

use std::sync::Arc;

use detect::Time;
use detect::jail::{Ban, Decision, JailId, Verdict};
use store::{Change, Durability, Source};
use tracing::info;

use super::Keeper;
use super::ban::STORE;
use super::history::Stored;
use crate::daemon::protocol::{FoundFailure, Progress};
use crate::daemon::runner::protocol::Evidence;
use crate::engine::clock::now;

/// A decision with the line that led to it.
pub(super) struct Decided {
    pub(super) ban: Ban,
    pub(super) reason: String,
    pub(super) source: Source,
    /// A ban that was there before, and now ends later.
    pub(super) prolonged: bool,
    /// What the jail's actions ask for.
    pub(super) evidence: Evidence,
}

impl Keeper {
    /// Takes in one piece of input: failures to windows to bans, kernel, then one transaction with the positions.
    pub(super) fn take_in(&mut self, progress: Progress) {
        let now = now();
        let failures = self.known(progress.failures);
        self.record(failures, now);
        for (source, position) in progress.positions {
            match &position {
                Some(position) => self.positions.insert(source.clone(), position.clone()),
                None => self.positions.remove(&source),
            };
            self.pending.position(source, position, now);
        }
        self.counters = progress.counters;
        self.commit_if_urgent();
    }

    /// Counts failures that no line will show again.
    pub(super) fn count(&mut self, failures: Vec<FoundFailure>) {
        self.record(failures, now());
        self.commit_if_urgent();
    }

    fn record(&mut self, failures: Vec<FoundFailure>, now: Time) {
        let decided = self.decide(failures, now);
        self.enforce(decided, now);
        self.note_windows();
    }

    fn commit_if_urgent(&mut self) {
        // A store that cannot be written is not tried for every line.
        if self.pending.is_urgent() && !self.troubles.contains_key(STORE) {
            self.commit(Durability::Soon);
        }
    }

    fn decide(&mut self, failures: Vec<FoundFailure>, now: Time) -> Vec<Decided> {
        let names = self.names();
        let history = Stored { store: &self.store, names: &names };
        let mut counted = vec![0u64; self.jails.len()];
        let mut reached = Vec::new();
        let accused = failures.iter().map(|found| (found.jail.into(), found.host.into()));
        let suspects = self.jails.suspects(accused, &history);
        for (found, suspect) in failures.into_iter().zip(&suspects) {
            let Some(suspect) = suspect else { continue };
            let jail = usize::from(found.jail);
            if let Some(planned) = self.plan.jails.get(jail) {
                self.clocks.note(&planned.spec.name, found.time, now);
            }
            // A line cannot tell of the future; a wrong clock must not make a ban longer.
            let time = found.time.min(now);
            let Some(verdict) = self.jails.failure(jail, suspect, time, now, &history) else { continue };
            if verdict != Verdict::Ignored {
                counted[jail] += 1;
            }
            let member =
                self.jails.jail(jail).filter(|_| found.evidence.is_some() && verdict != Verdict::Ignored);
            let key = member.map(|member| (member.id(), suspect.host()));
            if let (Some(key), Some(evidence)) = (key, found.evidence) {
                let keep = self.keep(&key);
                self.evidence.add(key, *evidence, time, keep);
            }
            if let Verdict::Reached(decision) = verdict {
                let evidence = key.map(|key| self.evidence.take(key)).unwrap_or_default();
                reached.push((decision, found.line, evidence));
            }
        }
        for (jail, failures) in counted.into_iter().enumerate().filter(|(_, failures)| *failures > 0) {
            if let Some(name) = self.jail_name(jail) {
                self.pending.count(&name, failures, 0);
            }
        }
        let noted = reached.into_iter().filter_map(|(decision, line, evidence)| {
            let decided = self.note_decision(decision, line, Source::Log)?;
            Some(Decided { evidence, ..decided })
        });
        noted.collect()
    }

    /// A decision's consequences, but for kernel and store.
    pub(super) fn note_decision(
        &mut self,
        decision: Decision,
        reason: String,
        source: Source,
    ) -> Option<Decided> {
        match decision {
            Decision::Ban { ban, displaced } => {
                if let Some(displaced) = displaced {
                    self.displace(displaced);
                }
                Some(Decided { ban, reason, source, prolonged: false, evidence: Evidence::default() })
            }
            Decision::AlreadyBanned { ban, prolonged } => {
                let name = self.jails.book.name(ban.jail);
                info!("[{name}] {} already banned", crate::output::address(ban.host));
                if !prolonged {
                    self.act_on_return(ban.jail);
                    return None;
                }
                Some(Decided { ban, reason, source, prolonged, evidence: Evidence::default() })
            }
            Decision::Over => None,
        }
    }

    /// The windows that changed go into the next commit.
    pub(super) fn note_windows(&mut self) {
        for at in 0..self.jails.len() {
            let Some(name) = self.jail_name(at) else { continue };
            let changes = self.jails.jail_mut(at).map(|jail| jail.windows_mut().take_changes());
            for (host, window) in changes.into_iter().flatten() {
                let window = window.map(|window| window.to_bytes().to_vec());
                self.pending.push(Change::Window { jail: Arc::clone(&name), host, window });
            }
        }
    }

    /// The jails by their numbers in the book.
    pub(super) fn names(&self) -> Vec<(JailId, String)> {
        let jails =
            (0..self.jails.len()).filter_map(|at| Some((self.jails.jail(at)?.id(), self.jails.spec(at)?)));
        jails.map(|(id, spec)| (id, spec.name.clone())).collect()
    }

    pub(super) fn jail_name(&self, at: usize) -> Option<Arc<str>> {
        self.jails.spec(at).map(|spec| spec.name.as_str().into())
    }
}
