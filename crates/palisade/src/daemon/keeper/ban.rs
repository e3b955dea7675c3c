//! Decisions made true: in the kernel first, then in the store.

use std::time::Duration;

use detect::Time;
use detect::jail::Ban;
use firewall::FirewallError;
use store::{Change, Durability, Ending, Prune, StoreError};
use tracing::{info, warn};

use super::progress::Decided;
use super::restore::KERNEL;
use super::{Keeper, RETRY};
use crate::engine::clock::now;
use crate::output::address;

pub(super) const STORE: &str = "store";
/// How long past bans are remembered where the configuration does not say, and how many of one address.
const KEEP: u32 = 100;
/// Steps of housekeeping at a time, so that a ban never waits for it.
const STEPS: u32 = 1000;

impl Keeper {
    /// Puts bans into the kernel, and what is to be stored of them into the next commit. Killed in between, the lines
    /// that decided them are read again.
    pub(super) fn enforce(&mut self, decided: Vec<Decided>, now: Time) {
        let (decided, bans) = self.allowed(decided);
        self.put_in_kernel(&bans, now);
        decided.into_iter().for_each(|decided| self.note_ban(decided));
    }

    /// What a person commands goes into the store first: no line leads to it again, so that whoever is killed in between
    /// would leave a ban in the kernel that nobody knows. A ban that is stored is put into the kernel at the next start.
    /// False: the store does not take it.
    pub(super) fn enforce_command(&mut self, decided: Vec<Decided>, now: Time) -> bool {
        let (decided, bans) = self.allowed(decided);
        decided.into_iter().for_each(|decided| self.note_ban(decided));
        let stored = self.commit(Durability::Now);
        self.put_in_kernel(&bans, now);
        stored
    }

    /// Those that the keeper's own look lets pass; the others are forgotten.
    fn allowed(&mut self, decided: Vec<Decided>) -> (Vec<Decided>, Vec<Ban>) {
        let (decided, refused): (Vec<_>, Vec<_>) =
            decided.into_iter().partition(|decided| self.may_ban(decided));
        for Decided { ban, .. } in refused {
            self.jails.book.remove(ban.jail, ban.host);
        }
        let bans = decided.iter().map(|decided| decided.ban).collect();
        (decided, bans)
    }

    /// The keeper's own look at the never-ban list: whoever decided, this holds.
    fn may_ban(&self, decided: &Decided) -> bool {
        let Some(at) = self.jails.index(decided.ban.jail) else { return false };
        match self.jails.objection(at, decided.ban.host, None) {
            None => true,
            Some(why) => {
                let name = self.jails.book.name(decided.ban.jail);
                warn!("[{name}] {} is not banned: {why}", address(decided.ban.host));
                false
            }
        }
    }

    /// Bans in the kernel; what it does not take is tried again.
    pub(super) fn put_in_kernel(&mut self, bans: &[Ban], now: Time) {
        let rows: Vec<firewall::Ban> = bans.iter().filter_map(|ban| self.kernel_ban(ban, now)).collect();
        if rows.is_empty() {
            return;
        }
        if let Err(error) = self.firewall.ban(&rows) {
            self.kernel_trouble(Some(&error));
            self.restore.extend(bans);
        }
    }

    fn kernel_ban(&self, ban: &Ban, now: Time) -> Option<firewall::Ban> {
        let at = self.jails.index(ban.jail).filter(|at| self.plan.closes(*at))?;
        let left = ban.until.map(|until| until.since(now));
        if left.is_some_and(|left| left < Duration::from_millis(1)) {
            return None;
        }
        Some(firewall::Ban { jail: self.jails.spec(at)?.name.clone(), net: ban.host, left })
    }

    fn note_ban(&mut self, decided: Decided) {
        let Decided { ban, reason, source, prolonged, evidence } = decided;
        let jail: std::sync::Arc<str> = self.jails.book.name(ban.jail).into();
        let until = ban.until.map(Time::as_micros);
        if prolonged {
            self.act_on_ban(&ban, evidence, prolonged);
            self.pending.push(Change::Prolonged { jail, host: ban.host, until });
            return;
        }
        info!("[{jail}] Ban {}", address(ban.host));
        self.pending.count(&jail, 0, 1);
        self.act_on_ban(&ban, evidence, prolonged);
        self.pending.push(Change::Ban(store::Ban {
            jail,
            host: ban.host,
            start: ban.start.as_micros(),
            until,
            failures: ban.failures,
            count: ban.count,
            source,
            reason,
        }));
    }

    /// Bans whose time has come.
    pub(super) fn end_bans(&mut self, now: Time) {
        let ended: Vec<Ban> = self.jails.book.expire(now).collect();
        if !ended.is_empty() {
            self.lift(&ended, Ending::Expired, now);
            self.act_on_ends(&ended);
            self.commit(Durability::Soon);
        }
    }

    /// The book is full, and this ban would have ended first.
    pub(super) fn displace(&mut self, ban: Ban) {
        self.lift(&[ban], Ending::Displaced, now());
        self.act_on_ends(&[ban]);
        self.trouble("bans", Some("more bans than the bound: those that end first are lifted early".into()));
    }

    /// Out of the kernel, and out of the store with the next commit. The book has forgotten them already.
    pub(super) fn lift(&mut self, bans: &[Ban], ending: Ending, now: Time) {
        let named = |ban: &Ban| {
            let at = self.jails.index(ban.jail).filter(|at| self.plan.closes(*at))?;
            Some((self.jails.spec(at)?.name.clone(), ban.host))
        };
        let rows: Vec<_> = bans.iter().filter_map(named).collect();
        if let Err(error) = self.firewall.unban(&rows) {
            // Its element runs out by itself; one without an end is taken away when the table is made anew.
            self.kernel_trouble(Some(&error));
        }
        for ban in bans {
            let jail: std::sync::Arc<str> = self.jails.book.name(ban.jail).into();
            info!("[{jail}] Unban {}", address(ban.host));
            self.pending.push(Change::Ended { jail, host: ban.host, at: now.as_micros(), ending });
        }
    }

    pub(super) fn kernel_trouble(&mut self, error: Option<&FirewallError>) {
        self.trouble(KERNEL, error.map(|error| format!("the kernel does not take the bans: {error}")));
    }

    /// Stores what is pending in one transaction. What cannot be stored now stays pending.
    pub(super) fn commit(&mut self, durability: Durability) -> bool {
        match self.store.commit(&self.pending.batch(), durability) {
            Ok(()) => {
                self.pending.clear();
                self.trouble(STORE, None);
                true
            }
            Err(error) => {
                self.store_trouble(&error);
                false
            }
        }
    }

    fn store_trouble(&mut self, error: &StoreError) {
        let lost = self.pending.put_off(now() + RETRY);
        let then =
            if lost { "; too much waits for it, the oldest is lost" } else { "; it will be tried again" };
        self.trouble(
            STORE,
            Some(format!("the store cannot be written, bans hold in the kernel: {error}{then}")),
        );
    }

    /// Drops windows and history that have grown old.
    pub(super) fn forget_old(&mut self, now: Time) {
        for at in 0..self.jails.len() {
            if let Some(jail) = self.jails.jail_mut(at) {
                jail.windows_mut().expire(now, STEPS as usize);
            }
        }
        self.note_windows();
        if self.jails.refresh(now).is_err() {
            warn!("the host's own addresses could not be taken up");
        }
        if let Some(age) = self.plan.history {
            let prune = Prune { before: (now - age).as_micros(), keep: KEEP, steps: STEPS };
            if let Err(error) = self.store.prune(&prune) {
                self.store_trouble(&error);
            }
        }
    }
}
