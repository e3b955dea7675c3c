//! Logs whose dates do not fit this host's clock: a wrong time zone, or summer time that one of the two does not know of.
//! Failures with such dates are too old to count, or cannot be told from later ones; the owner ought to know.

use std::collections::BTreeMap;
use std::time::Duration;

use detect::Time;
use tracing::warn;

use crate::output::span;

/// Zones differ by quarters of an hour, in seconds.
const QUARTER: i64 = 900;
/// No two zones are further apart.
const FURTHEST: i64 = 26 * 3600;
/// A line is read so long after it was written at most, in seconds, unless it is an old one.
const SLACK: i64 = 60;
/// Old lines may be off by a whole number of quarters too. But they do not come for so long, so many…
const WHILE: Duration = Duration::from_secs(60);
const TIMES: u32 = 3;
/// The log says so once in this time: several hosts may write one log, with a clock each.
const SILENCE: Duration = Duration::from_secs(3600);

/// By the jail's name.
#[derive(Default)]
pub(super) struct Clocks(BTreeMap<String, (Clock, Option<Time>)>);

/// How the dates of a jail's failures stand to this host's clock.
#[derive(Default)]
struct Clock {
    /// So far behind, in seconds; negative is ahead.
    behind: i64,
    first: Time,
    last: Time,
    seen: u32,
}

impl Clocks {
    /// A failure of this time, read now.
    pub(super) fn note(&mut self, jail: &str, time: Time, now: Time) {
        if !self.0.contains_key(jail) {
            self.0.insert(jail.to_owned(), Default::default());
        }
        let Some((clock, said)) = self.0.get_mut(jail) else { return };
        clock.note(time, now);
        if said.is_none_or(|said| now.since(said) >= SILENCE)
            && let Some(what) = clock.complaint()
        {
            *said = Some(now);
            warn!("[{jail}] {what}");
        }
    }

    /// What is wrong with the dates of a jail's log.
    pub(super) fn complaint(&self, jail: &str) -> Option<String> {
        self.0.get(jail).and_then(|(clock, _)| clock.complaint())
    }

    /// Under a new configuration, old dates say nothing.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

impl Clock {
    fn note(&mut self, time: Time, now: Time) {
        let behind = (now.as_micros() - time.as_micros()).div_euclid(1_000_000);
        let quarters = (behind + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
        let behind = match (behind - quarters).abs() {
            0..=SLACK if quarters.abs() <= FURTHEST => quarters,
            // No line is written in the future; whatever the reason, the date is wrong.
            _ if behind < -SLACK => behind / SLACK * SLACK,
            // An old line.
            _ => return,
        };
        if behind != self.behind || self.seen == 0 {
            *self = Self { behind, first: now, last: now, seen: 0 };
        }
        self.last = now;
        self.seen = self.seen.saturating_add(1);
    }

    fn complaint(&self) -> Option<String> {
        let lasting = self.seen >= TIMES && self.last.since(self.first) >= WHILE;
        let (off, where_to) = match self.behind {
            0 => return None,
            behind if behind < 0 => (behind, "ahead of"),
            behind if lasting => (behind, "behind"),
            _ => return None,
        };
        let off = span(Duration::from_secs(off.unsigned_abs()));
        Some(format!(
            "the dates in its log are {off} {where_to} this host's clock: a wrong time zone, or summer time? Set \
             logtimezone in the jail"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    /// Failures, each read so many seconds after the first, and with a date so many seconds before that.
    fn complaint(failures: &[(i64, i64)]) -> Option<String> {
        let mut clocks = Clocks::default();
        let at = |seconds: i64| Time::from_micros(seconds * 1_000_000);
        for (read, behind) in failures {
            clocks.note("a", at(NOW + read - behind), at(NOW + read));
        }
        clocks.complaint("a")
    }

    #[test]
    fn dates_that_are_off_by_a_zone_for_a_while_are_noticed() {
        let hour = complaint(&[(0, 3601), (30, 3600), (61, 3602)]).unwrap();
        assert!(hour.contains("1h behind this host's clock"), "{hour}");
        assert!(complaint(&[(0, -1800)]).unwrap().contains("30m ahead of"));
        assert!(complaint(&[(0, -400)]).unwrap().contains("6m ahead of"));
    }

    #[test]
    fn right_dates_and_old_lines_are_not() {
        assert_eq!(complaint(&[(0, 0), (30, 59), (90, 1)]), None);
        assert_eq!(complaint(&[(0, 3600), (0, 3600), (1, 3600), (2, 3599)]), None, "old lines, read at once");
        assert_eq!(complaint(&[(0, 4000), (40, 4000), (80, 4000), (120, 4000)]), None, "no zone");
        assert_eq!(complaint(&[(0, 3600), (40, 3600), (80, 3600), (120, 2)]), None, "it is right again");
    }
}
