use std::time::Duration;

use super::offences::Offence;
use crate::Time;

/// When a jail's failures are enough, and how many addresses it may watch at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowRule {
    /// So much weight is enough.
    pub maxretry: u32,
    /// Failures count together as long as this.
    pub findtime: Duration,
    /// So many addresses are tracked; what is over this drops one that has not failed for long.
    pub capacity: usize,
}

impl WindowRule {
    /// How much one failure counts: more after earlier bans, if it came after them.
    pub(super) fn weight(&self, offence: Offence, time: Time) -> u32 {
        match offence {
            Offence { bans: bans @ 1.., last } if time > last => {
                ((1 << bans.min(20)) / 2 + 1).min(self.maxretry)
            }
            _ => 1,
        }
    }
}

/// What one jail has counted for one address.
///
/// As in Fail2Ban this is no list of times but a count over `first..=last`: when that gets longer than `findtime`, it is
/// cut to `findtime`, and the count is scaled as if the failures had been spread evenly. So `maxretry` does not cost
/// memory, and the same log bans the same addresses as Fail2Ban does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The start of what is counted.
    pub first: Time,
    /// The newest failure.
    pub last: Time,
    /// What is compared with `maxretry`.
    pub count: u32,
    /// Lines that were counted since the window began, none scaled away.
    pub failures: u32,
}

impl Window {
    /// Of a first failure that is not counted yet.
    pub(super) fn empty(time: Time) -> Self {
        Self { first: time, last: time, count: 0, failures: 0 }
    }

    /// Whether nothing is counted.
    pub(super) fn is_empty(&self) -> bool {
        self.failures == 0
    }

    /// One more failure, not `findtime` or more after the last; `start` is `findtime` before it.
    pub(super) fn add(&mut self, time: Time, start: Time, weight: u32, findtime: Duration) {
        if time > self.last {
            self.last = time;
            if self.first < start {
                let rate = f64::from(self.count) / time.since(self.first).as_secs_f64();
                self.count = (rate * findtime.as_secs_f64()).round_ties_even() as u32;
                self.first = start;
            }
        }
        self.count = self.count.saturating_add(weight);
        self.failures = self.failures.saturating_add(1);
    }

    /// For a store.
    pub fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.first.as_micros().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.last.as_micros().to_le_bytes());
        bytes[16..20].copy_from_slice(&self.count.to_le_bytes());
        bytes[20..].copy_from_slice(&self.failures.to_le_bytes());
        bytes
    }

    /// What [`Self::to_bytes`] wrote; `None` if it did not write this.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        let (last, rest) = rest.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let failures = rest.try_into().ok()?;
        Some(Self {
            first: Time::from_micros(i64::from_le_bytes(*first)),
            last: Time::from_micros(i64::from_le_bytes(*last)),
            count: u32::from_le_bytes(*count),
            failures: u32::from_le_bytes(failures),
        })
    }
}
