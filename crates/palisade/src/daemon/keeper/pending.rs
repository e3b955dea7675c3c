//! What the next commit will hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use detect::Time;
use store::{Batch, Change, Counter};

use super::IDLE_COMMIT;

/// After so many changes that could not be stored, positions are held back no longer: memory has a bound, and what is
/// lost then is said.
const BOUND: usize = 1 << 20;

/// Changes in their order, counters, and positions, of which only the last matters.
#[derive(Default)]
pub(super) struct Pending {
    changes: Vec<Change>,
    counters: BTreeMap<Arc<str>, (u64, u64)>,
    positions: BTreeMap<String, Option<Vec<u8>>>,
    due: Option<Time>,
}

impl Pending {
    pub(super) fn push(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(super) fn count(&mut self, jail: &Arc<str>, failures: u64, bans: u64) {
        let counter = self.counters.entry(Arc::clone(jail)).or_default();
        counter.0 += failures;
        counter.1 += bans;
    }

    /// What waits to be counted for a jail: failures and bans.
    pub(super) fn counted(&self, jail: &str) -> (u64, u64) {
        self.counters.get(jail).copied().unwrap_or_default()
    }

    pub(super) fn position(&mut self, source: String, position: Option<Vec<u8>>, now: Time) {
        self.positions.insert(source, position);
        self.due.get_or_insert(now + IDLE_COMMIT);
    }

    /// Whether there is something that must not wait.
    pub(super) fn is_urgent(&self) -> bool {
        !self.changes.is_empty() || !self.counters.is_empty()
    }

    /// When it is to be stored at the latest.
    pub(super) fn due(&self) -> Option<Time> {
        self.due
    }

    /// Everything, as one transaction.
    pub(super) fn batch(&self) -> Batch {
        let counted = self.counters.iter().map(|(jail, (failures, bans))| {
            Change::Counted(Counter { jail: Arc::clone(jail), failures: *failures, bans: *bans })
        });
        let positions = self.positions.iter().map(|(source, position)| Change::Position {
            source: source.clone().into_bytes(),
            position: position.clone(),
        });
        Batch { changes: self.changes.iter().cloned().chain(counted).chain(positions).collect() }
    }

    /// It is stored.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// It could not be stored: again at `then`. True when the bound was reached and all of it is dropped.
    pub(super) fn put_off(&mut self, then: Time) -> bool {
        let full = self.changes.len() > BOUND;
        if full {
            self.clear();
        } else {
            self.due = Some(then);
        }
        full
    }
}
