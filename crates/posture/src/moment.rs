use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A moment of one run of the host, by a clock that nobody sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Which run.
    pub boot: String,
    /// Milliseconds since it began.
    pub uptime_ms: u64,
}

impl Moment {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        let time = clock_gettime(ClockId::Boottime);
        let (seconds, nanos) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
        // Without it, every moment is of the same run.
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self { boot: boot.trim().to_owned(), uptime_ms: seconds * 1000 + nanos / 1_000_000 }
    }

    /// So much later.
    #[must_use]
    pub fn after(&self, length: Duration) -> Self {
        let length = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        Self { boot: self.boot.clone(), uptime_ms: self.uptime_ms.saturating_add(length) }
    }

    /// How long until then, at `now`. Nothing if it is over; and it is over when the host has started anew.
    #[must_use]
    pub fn left(&self, now: &Self) -> Duration {
        let left = if self.boot == now.boot { self.uptime_ms.saturating_sub(now.uptime_ms) } else { 0 };
        Duration::from_millis(left)
    }

    /// Whether the host has started anew since.
    #[must_use]
    pub fn is_of_another_run(&self, now: &Self) -> bool {
        self.boot != now.boot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_runs_out_and_is_nothing_after_the_host_has_started_anew() {
        let at = |boot: &str, uptime_ms| Moment { boot: boot.into(), uptime_ms };
        let due = at("a", 1000).after(Duration::from_secs(60));
        assert_eq!(due.left(&at("a", 31_000)), Duration::from_secs(30));
        assert_eq!(due.left(&at("a", 61_000)), Duration::ZERO);
        assert_eq!(due.left(&at("a", 90_000)), Duration::ZERO);
        assert_eq!(due.left(&at("b", 5)), Duration::ZERO);
        assert!(Moment::now().uptime_ms > 0 && !Moment::now().boot.is_empty());
    }
}
