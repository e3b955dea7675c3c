//! One watcher takes another's place: at a start, after a reload, after a crash. Always the same way:
//!
//! `prepare the new one -> it is ready -> the old one finishes -> the new one begins where the old one ended`

use std::os::fd::BorrowedFd;
use std::time::Duration;

use detect::Time;
use sd_notify::NotifyState;
use store::Durability;
use tracing::{info, warn};

use super::child::Watcher;
use super::plan::Plan;
use super::respawn::Known;
use super::{Keeper, RETRY};
use crate::control::protocol::Reply;
use crate::control::server::{Call, refusal};
use crate::daemon::protocol::{FromWatcher, ToWatcher};
use crate::engine::clock::now;
use crate::exit::{CommandError, Exit};
use crate::output::count;

/// A watcher that takes longer to compile, or to finish, is given up.
const PATIENCE: Duration = Duration::from_secs(60);
const WATCHER: &str = "watcher";
/// After the second watcher in a row that achieved nothing; twice as long after each one more, up to [`RETRY`].
const REST: Duration = Duration::from_millis(50);

/// The watcher that is to be, and what for.
#[derive(Default)]
pub(super) enum Change {
    #[default]
    None,
    /// A watcher died: after this moment, another one.
    Due(Time),
    Preparing(Box<Next>),
    /// It is ready; the old one reports the rest of what it has read.
    Draining(Box<Next>),
}

pub(super) struct Next {
    watcher: Watcher,
    /// Of a reload: what comes into force with it, and who wants to know.
    plan: Option<Plan>,
    call: Option<Caller>,
    deadline: Time,
}

/// Who wants to know of a change, and what is to be answered when it is in force.
pub(super) struct Caller {
    pub(super) call: Call,
    /// `None`: what a reload answers.
    pub(super) done: Option<Reply>,
}

impl From<Call> for Caller {
    fn from(call: Call) -> Self {
        Self { call, done: None }
    }
}

impl Change {
    /// Another one has to wait.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self, Self::Preparing(_) | Self::Draining(_))
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Preparing(next) => Some(next.watcher.fd()),
            _ => None,
        }
    }

    pub(super) fn due(&self) -> Option<Time> {
        match self {
            Self::None => None,
            Self::Due(due) => Some(*due),
            Self::Preparing(next) | Self::Draining(next) => Some(next.deadline),
        }
    }
}

impl Keeper {
    /// Reads the configuration again. What is wrong with it is told, and the old one stays in force.
    pub(super) fn reload(&mut self, call: Option<Caller>) {
        if self.change.is_under_way() {
            answer(call, refusal(Exit::Nothing, "another reload is under way; try again".into()));
            return;
        }
        let _ = sd_notify::notify(&[NotifyState::Reloading]);
        self.take_rules();
        match Plan::load(&self.tree) {
            Ok(plan) => self.prepare(Some(plan), call),
            Err(error) => self.refuse_reload(call, &error),
        }
    }

    /// Takes in jails that run when there is something to read, when there is.
    pub(super) fn wake_jails(&mut self) {
        if self.change.is_under_way() {
            return;
        }
        let awoken = self.plan.idle.awoken(&self.tree);
        if !awoken.is_empty() {
            info!("now there is something to read for {}", awoken.join(", "));
            self.reload(None);
        }
    }

    /// Starts a watcher for a new plan, or for the one in force.
    pub(super) fn prepare(&mut self, plan: Option<Plan>, call: Option<Caller>) {
        let watched = plan.as_ref().unwrap_or(&self.plan).watched();
        let started = Watcher::spawn().and_then(|mut watcher| {
            watcher.tell(&ToWatcher::Prepare(watched))?;
            Ok(watcher)
        });
        match started {
            Ok(watcher) => {
                let deadline = now() + PATIENCE;
                self.change = Change::Preparing(Box::new(Next { watcher, plan, call, deadline }));
            }
            Err(error) => {
                answer(call, refusal(Exit::Io, format!("the watcher does not start: {error}")));
                self.trouble(WATCHER, Some(format!("the watcher does not start: {error}")));
                self.try_again();
            }
        }
    }

    /// Another watcher: at once, but later and later if one after the other achieves nothing.
    fn try_again(&mut self) {
        let rest = match self.fruitless {
            0 => Duration::ZERO,
            others => RETRY.min(REST * (1 << (others - 1).min(10))),
        };
        self.fruitless += 1;
        self.change = Change::Due(now() + rest);
    }

    /// Something from the watcher that reads.
    pub(super) fn hear_watcher(&mut self) {
        let Some(mut watcher) = self.watcher.take() else { return };
        let mut alive = watcher.listen().unwrap_or(false);
        loop {
            match watcher.next() {
                Ok(Some(FromWatcher::Progress(progress))) => {
                    self.take_in(progress);
                    self.fruitless = 0;
                    self.trouble(WATCHER, None);
                }
                Ok(Some(FromWatcher::Failed(why))) => warn!("the watcher: {why}"),
                Ok(Some(FromWatcher::Watching)) => self.note_watching(watcher.pid()),
                Ok(Some(FromWatcher::Ready)) => {}
                Ok(None) => break,
                Err(error) => {
                    warn!("the watcher sends what nobody understands, and is ended: {error}");
                    alive = false;
                    break;
                }
            }
        }
        if alive {
            self.watcher = Some(watcher);
            return;
        }
        drop(watcher);
        match std::mem::take(&mut self.change) {
            Change::Draining(next) => self.promote(*next),
            Change::None => {
                warn!("the watcher has died; another one goes on where it stopped");
                if self.fruitless > 1 {
                    self.trouble(WATCHER, Some("one watcher after the other dies".into()));
                }
                self.try_again();
            }
            // Another one is coming already.
            change => self.change = change,
        }
    }

    /// Something from the one that is to be.
    pub(super) fn hear_next(&mut self) {
        let Change::Preparing(mut next) = std::mem::take(&mut self.change) else { return };
        let alive = next.watcher.listen().unwrap_or(false);
        match next.watcher.next() {
            Ok(Some(FromWatcher::Ready)) => self.let_old_finish(*next),
            Ok(Some(FromWatcher::Failed(why))) => self.give_up(*next, &why),
            Ok(None) if alive => self.change = Change::Preparing(next),
            _ => self.give_up(*next, "it ended before it was ready"),
        }
    }

    fn let_old_finish(&mut self, next: Next) {
        if self.watcher.as_mut().is_some_and(|old| old.tell(&ToWatcher::Finish).is_ok()) {
            let deadline = now() + PATIENCE;
            self.change = Change::Draining(Box::new(Next { deadline, ..next }));
        } else {
            self.watcher = None;
            self.promote(next);
        }
    }

    /// The new one begins, and with it what it was made for comes into force.
    fn promote(&mut self, next: Next) {
        let Next { mut watcher, plan, call, .. } = next;
        self.sum_counters();
        if let Some(plan) = plan {
            if let Err(error) = self.put_in_force(plan) {
                self.refuse_reload(call, &error);
                // The old one has ended; another one goes on with the old plan.
                return self.try_again();
            }
            info!("reloaded: {}", count(self.plan.len(), "jail"));
            if let Some(Caller { call, done }) = call {
                let (jails, notes) = (self.plan.len(), self.plan.notes.clone());
                call.answer(done.unwrap_or(Reply::Reloaded { jails, notes }));
            }
        }
        let positions = self
            .positions
            .iter()
            .filter(|(source, _)| !self.plan.rests(source))
            .map(|(source, position)| (source.clone(), position.clone()));
        match watcher.tell(&ToWatcher::Begin(positions.collect())) {
            Ok(()) => {
                self.watcher = Some(watcher);
            }
            Err(error) => {
                self.trouble(WATCHER, Some(format!("the watcher ended before it began: {error}")));
                self.try_again();
            }
        }
    }

    /// The watcher has its sources open.
    fn note_watching(&mut self, pid: u32) {
        info!("watching, process {pid}");
        if self.fruitless < 2 {
            self.trouble(WATCHER, None);
        }
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        self.code.release();
    }

    /// With an error in it, nothing has changed.
    pub(super) fn put_in_force(&mut self, plan: Plan) -> Result<(), CommandError> {
        let known: Vec<String> = self.names().into_iter().map(|(_, name)| name).collect();
        let configured = self.jails.configure(plan.specs(), now());
        configured.map_err(|error| CommandError::new(Exit::Config, error))?;
        let acted = self.plan.acting();
        self.plan = plan;
        self.clocks.forget();
        self.commit(Durability::Soon);
        if let Err(error) = self.remember_jails(&known, now()) {
            warn!("what the store knows of the new jails cannot be read: {error}");
        }
        self.note_changes();
        self.apply_policy();
        self.configure_actions(&acted, &Known::new());
        Ok(())
    }

    /// A new watcher begins to count at nothing; what the last one counted stays.
    fn sum_counters(&mut self) {
        let counters = std::mem::take(&mut self.counters);
        for (jail, counters) in self.plan.jails.iter().zip(counters) {
            *self.counted.entry(jail.spec.name.clone()).or_default() += counters;
        }
    }

    /// Every jail remembers which windows change, for the store.
    pub(super) fn note_changes(&mut self) {
        for at in 0..self.jails.len() {
            if let Some(jail) = self.jails.jail_mut(at) {
                jail.windows_mut().note_changes();
            }
        }
    }

    fn give_up(&mut self, next: Next, why: &str) {
        if next.plan.is_some() {
            let no_fault = || CommandError::new(Exit::Io, format_args!("the watcher: {why}; try again"));
            let error = Plan::faults(&self.tree).unwrap_or_else(no_fault);
            self.refuse_reload(next.call, &error);
            if self.watcher.is_none() {
                // The old one has died meanwhile.
                self.try_again();
            }
        } else {
            self.trouble(WATCHER, Some(format!("the watcher does not start: {why}")));
            self.try_again();
        }
    }

    fn refuse_reload(&mut self, call: Option<Caller>, error: &CommandError) {
        warn!("not reloaded, the old configuration stays in force: {error}");
        answer(call, refusal(error.exit, format!("not reloaded: {error}")));
        let _ = sd_notify::notify(&[NotifyState::Ready]);
    }

    /// What is due of a change.
    pub(super) fn go_on_with_change(&mut self) {
        if self.change.due().is_none_or(|due| due > now()) {
            return;
        }
        match std::mem::take(&mut self.change) {
            Change::None => {}
            Change::Due(_) => self.prepare(None, None),
            Change::Preparing(next) => self.give_up(*next, "it took too long to get ready"),
            Change::Draining(next) => {
                warn!("the old watcher does not finish, and is ended");
                self.watcher = None;
                self.promote(*next);
            }
        }
    }

    /// At the end: the watcher reports what it has read.
    pub(super) fn finish_watcher(&mut self) {
        self.change = Change::None;
        if let Some(watcher) = &mut self.watcher
            && watcher.tell(&ToWatcher::Finish).is_ok()
        {
            watcher.hear_out();
        }
        while let Some(watcher) = &mut self.watcher {
            match watcher.next() {
                Ok(Some(FromWatcher::Progress(progress))) => self.take_in(progress),
                Ok(Some(_)) => {}
                _ => self.watcher = None,
            }
        }
    }
}

fn answer(call: Option<Caller>, reply: Reply) {
    if let Some(caller) = call {
        caller.call.answer(reply);
    }
}
