//! The lists of addresses: asked for anew once a day, taken if they are believed, told to the rules and the jails.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

use ::lists::{Keeping, Origin, Terms};
use config::{ListSettings, Refresh};
use detect::Time;
use firewall::rules::Policy;
use ipnet::IpNet;
use tracing::{info, warn};

use super::Keeper;
use crate::engine::clock::now;
use crate::engine::lists::{KeptLists, uses};
use crate::fetcher::Fetch;
use crate::transaction::lockout::Ways;

const LISTS: &str = "lists";
const KEPT: &str = "kept lists";
/// After an answer; up to a twelfth of it earlier or later, so that not all hosts ask at once.
const DAY: Duration = Duration::from_secs(86_400);
/// After a start, for one that is old.
const SOON: Duration = Duration::from_secs(5);
/// After a failure; twice as long after each one more, up to the other.
const RETRY: Duration = Duration::from_secs(60);
const RETRY_MOST: Duration = Duration::from_secs(6 * 3600);

/// The lists in force, and what is done to keep them fresh.
pub(super) struct Refreshing {
    pub(super) kept: KeptLists,
    pub(super) settings: ListSettings,
    /// Those that rules in force name.
    used: Vec<String>,
    /// By name.
    attempts: BTreeMap<String, Attempts>,
    under_way: Option<Request>,
}

struct Attempts {
    due: Time,
    failures: u32,
}

struct Request {
    list: String,
    fetch: Fetch,
}

impl Refreshing {
    pub(super) fn new(state: &Path) -> Self {
        let settings = ListSettings::default();
        let kept = KeptLists::load(state, &settings);
        let attempts = attempts(&kept);
        Self { kept, settings, used: Vec::new(), attempts, under_way: None }
    }

    /// These rules are in force from now on.
    pub(super) fn note_use(&mut self, policy: &Policy) {
        self.used = self.attempts.keys().filter(|list| uses(policy, list)).cloned().collect();
    }

    fn wants(&self, list: &str) -> bool {
        match self.settings.refresh {
            Refresh::Off => false,
            Refresh::All => true,
            Refresh::Used => self.used.iter().any(|used| used == list),
        }
    }

    /// Readable when there is more of an answer.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.under_way.as_ref().map(|request| request.fetch.fd())
    }
}

/// Those that were asked for a day ago are due, and all that never were.
fn attempts(kept: &KeptLists) -> BTreeMap<String, Attempts> {
    let due = |kept: &Keeping| match kept.list.origin {
        Origin::BuiltIn | Origin::Nowhere => now() + SOON,
        // A clock that was wrong does not keep it from being asked for.
        Origin::Fetched { at, .. } => {
            (Time::from_secs(at.min(now().as_secs())) + about(DAY)).max(now() + SOON)
        }
    };
    kept.iter().map(|kept| (kept.name().to_owned(), Attempts { due: due(kept), failures: 0 })).collect()
}

/// A twelfth more or less.
fn about(time: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() as u32;
    time.mul_f64(1.0 + (f64::from(random) / f64::from(u32::MAX) - 0.5) / 6.0)
}

impl Keeper {
    /// Reads what is kept, which another process may have refreshed, and tells the jails if it is not what they know.
    pub(super) fn take_lists(&mut self) {
        let kept = KeptLists::load(&self.state, &self.lists.settings);
        let damage = kept.iter().find_map(|kept| kept.damage.as_ref()).map(ToString::to_string);
        self.trouble(KEPT, damage);
        let content = |kept: &Keeping| (kept.named().clone(), kept.list.clone());
        let are_new = kept.iter().map(content).ne(self.lists.kept.iter().map(content));
        self.lists.kept = kept;
        if are_new {
            self.lists.attempts = attempts(&self.lists.kept);
            self.trouble(LISTS, None);
            if let Err(error) = self.jails.take_lists(&self.lists.kept) {
                warn!("the jails do not take the lists: {error}");
            }
        }
    }

    /// What `palisade.toml` says of them.
    pub(super) fn configure_lists(&mut self, settings: &ListSettings) {
        if self.lists.settings != *settings {
            self.lists.settings = settings.clone();
            self.take_lists();
        }
    }

    /// When there is something to do about the lists.
    pub(super) fn lists_due(&self) -> Option<Time> {
        match &self.lists.under_way {
            Some(request) => Some(now() + request.fetch.patience()),
            None => {
                let wanted = self.lists.attempts.iter().filter(|(list, _)| self.lists.wants(list));
                wanted.map(|(_, attempts)| attempts.due).min()
            }
        }
    }

    /// Asks for a list that is due, if none is being asked for; goes on with one that is.
    pub(super) fn look_after_lists(&mut self, now: Time) {
        if self.troubles.contains_key(LISTS) && !self.lists.attempts.keys().any(|list| self.lists.wants(list))
        {
            self.trouble(LISTS, None);
        }
        if self.lists.under_way.is_some() {
            return self.go_on_with_list();
        }
        let mut due = self
            .lists
            .attempts
            .iter()
            .filter(|(list, attempts)| attempts.due <= now && self.lists.wants(list));
        let Some(list) = due.next().map(|(list, _)| list.clone()) else { return };
        let Some(named) = self.lists.settings.named(&list) else { return };
        match Fetch::start(&named.source) {
            Ok(fetch) => self.lists.under_way = Some(Request { list, fetch }),
            Err(error) => self.take_answer(&list, Err(error.to_string())),
        }
    }

    fn go_on_with_list(&mut self) {
        let Some(mut request) = self.lists.under_way.take() else { return };
        match request.fetch.step() {
            None => self.lists.under_way = Some(request),
            Some(fetched) => self.take_answer(&request.list, fetched),
        }
    }

    fn take_answer(&mut self, list: &str, fetched: Result<Vec<u8>, String>) {
        let own = sys::interface::addresses().map_err(|error| format!("this host's addresses: {error}"));
        let (seen, lists) = (self.ssh(), self.lists.kept.in_force());
        let policy = self.rules.as_ref();
        let objection = |networks: &[IpNet]| Ways::of_host(&seen).closed_by(policy?, &lists, list, networks);
        let Some(kept) = self.lists.kept.iter_mut().find(|kept| kept.name() == list) else { return };
        let (own, fetched) = match own {
            Ok(own) => (own, fetched),
            Err(error) => (Vec::new(), Err(error)),
        };
        let source = kept.named().source.clone();
        let terms = Terms { own: &own, any_change: false, objection: &objection };
        let taken = kept.take(fetched, &terms, now().as_secs());
        match taken {
            Ok(change) => {
                self.schedule(list, 0);
                self.trouble(LISTS, None);
                if change.is_nothing() {
                    return info!("list {list}: as it was, {source} says");
                }
                info!(
                    "list {list}: {} networks new, {} gone, {source} says",
                    change.came.len(),
                    change.gone.len()
                );
                if let Err(error) = self.jails.take_lists(&self.lists.kept) {
                    warn!("the jails do not take the lists: {error}");
                }
                self.renew_rules();
            }
            Err(why) => {
                let failures = self.lists.attempts.get(list).map_or(0, |attempts| attempts.failures);
                self.schedule(list, failures.saturating_add(1));
                self.trouble(
                    LISTS,
                    Some(format!("the list {list} is not refreshed, and stays as it is: {source}: {why}")),
                );
            }
        }
    }

    fn schedule(&mut self, list: &str, failures: u32) {
        let rest = match failures {
            0 => DAY,
            failures => RETRY_MOST.min(RETRY * (1 << (failures - 1).min(10))),
        };
        self.lists.attempts.insert(list.to_owned(), Attempts { due: now() + about(rest), failures });
    }
}
