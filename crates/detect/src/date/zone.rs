use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::fields::Offset;
use super::offsets;

/// The zone of dates that name none.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(Arc<TimeZone>);

/// A zone's name that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no time zone: write a name as Europe/Zurich, or UTC, UTC+0200")]
pub struct ZoneError {
    name: String,
}

impl Zone {
    /// An IANA name, `UTC`, `UTC+0200`, `+02:00`, or one of Fail2Ban's abbreviations (`CET`, `PDT`: fixed offsets).
    /// `None`, or an empty name, is the host's own zone.
    pub fn parse(name: Option<&str>) -> Result<Self, ZoneError> {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Ok(Self::of(of_host()));
        };
        if let Offset::Minutes(minutes) = offsets::parse(name.as_bytes())
            && let Ok(offset) = jiff::tz::Offset::from_seconds(i32::from(minutes) * 60)
        {
            return Ok(Self::of(TimeZone::fixed(offset)));
        }
        TimeZone::get(name).map(Self::of).map_err(|_| ZoneError { name: name.to_owned() })
    }

    fn of(zone: TimeZone) -> Self {
        Self(Arc::new(zone))
    }

    /// The same for its clones.
    pub(super) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

/// What `/etc/localtime` holds, unless `TZ` says otherwise. The library, which wants to know the zone's name as well, reads
/// the folders of all zones for it: a tenth of what a short command takes.
fn of_host() -> TimeZone {
    let told = std::env::var_os("TZ").is_some();
    let data = if told { None } else { std::fs::read("/etc/localtime").ok() };
    let zone = data.and_then(|data| TimeZone::tzif("localtime", &data).ok());
    zone.unwrap_or_else(TimeZone::system)
}

/// Turns local seconds into UTC and back, mostly from what it found last time.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    zone: TimeZone,
    last: Stretch,
}

/// Between two changes of the clock.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// UTC seconds, from and before.
    utc: (i64, i64),
    /// Local seconds that belong to this stretch and to no other, from and before.
    local: (i64, i64),
    offset: i64,
}

impl Clock {
    pub(super) fn new(zone: Zone) -> Self {
        Self { zone: (*zone.0).clone(), last: Stretch { utc: (0, 0), local: (0, 0), offset: 0 } }
    }

    /// UTC seconds of a local time, both since 1970-01-01 00:00. A time that the clock skips counts from before the gap;
    /// one that it shows twice is the first.
    pub(super) fn utc(&mut self, local: i64) -> i64 {
        if !within(local, self.last.local) {
            self.last = self.stretch(self.guess(local));
        }
        local - self.last.offset
    }

    /// The local time at `utc`, both in seconds since 1970-01-01 00:00.
    pub(super) fn local(&mut self, utc: i64) -> i64 {
        if !within(utc, self.last.utc) {
            self.last = self.stretch(utc);
        }
        utc + self.last.offset
    }

    /// A moment in the stretch that `local` counts in.
    fn guess(&self, local: i64) -> i64 {
        let civil = jiff::tz::Offset::UTC.to_datetime(timestamp(local));
        let offset = match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { after, .. } => after,
            AmbiguousOffset::Fold { before, .. } => before,
        };
        local - i64::from(offset.seconds())
    }

    fn stretch(&self, utc: i64) -> Stretch {
        let at = timestamp(utc);
        let offset = i64::from(self.zone.to_offset(at).seconds());
        let before = self.zone.preceding(timestamp(utc + 1)).next().map(|change| change.timestamp());
        let after = self.zone.following(at).next();
        let from = before.map_or(i64::MIN / 2, Timestamp::as_second);
        let till = after.as_ref().map_or(i64::MAX / 2, |change| change.timestamp().as_second());
        let offset_before =
            before.map_or(offset, |_| i64::from(self.zone.to_offset(timestamp(from - 1)).seconds()));
        let offset_after = after.map_or(offset, |change| i64::from(change.offset().seconds()));
        Stretch {
            utc: (from, till),
            local: (from + offset.max(offset_before), till + offset.max(offset_after)),
            offset,
        }
    }
}

fn within(value: i64, (from, till): (i64, i64)) -> bool {
    from <= value && value < till
}

fn timestamp(seconds: i64) -> Timestamp {
    // jiff ends at the years -9999 and 9999.
    Timestamp::from_second(seconds.clamp(-377_000_000_000, 253_000_000_000)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(clock: &mut Clock, local: jiff::civil::DateTime) -> String {
        let seconds = TimeZone::UTC.to_timestamp(local).unwrap().as_second();
        timestamp(clock.utc(seconds)).to_string()
    }

    #[test]
    fn names_of_zones() {
        for name in ["UTC", "GMT", "Z", "UTC+0200", "+02:00", "CET", "Europe/Zurich", "Australia/Lord_Howe"] {
            assert!(Zone::parse(Some(name)).is_ok(), "{name}");
        }
        for name in [" ", "Nowhere/Here", "UTC+99", "../etc/passwd"] {
            assert!(Zone::parse(Some(name)).is_err(), "{name}");
        }
        assert_eq!(Zone::parse(None), Zone::parse(Some("")));
    }

    #[test]
    fn gaps_count_from_before_and_folds_are_the_first() {
        let mut zurich = Clock::new(Zone::parse(Some("Europe/Zurich")).unwrap());
        let at = |month, day, hour| jiff::civil::date(2024, month, day).at(hour, 30, 0, 0);
        assert_eq!(text(&mut zurich, at(3, 31, 1)), "2024-03-31T00:30:00Z");
        assert_eq!(text(&mut zurich, at(3, 31, 2)), "2024-03-31T01:30:00Z");
        assert_eq!(text(&mut zurich, at(3, 31, 3)), "2024-03-31T01:30:00Z");
        assert_eq!(text(&mut zurich, at(10, 27, 2)), "2024-10-27T00:30:00Z");
        assert_eq!(text(&mut zurich, at(10, 27, 3)), "2024-10-27T02:30:00Z");
        assert_eq!(text(&mut zurich, at(10, 27, 2)), "2024-10-27T00:30:00Z");
    }

    #[test]
    fn agrees_with_the_time_zone_library_every_half_hour() {
        for name in ["Europe/Zurich", "Australia/Lord_Howe", "America/New_York", "UTC", "Africa/Casablanca"] {
            let zone = TimeZone::get(name).unwrap();
            let mut clock = Clock::new(Zone::of(zone.clone()));
            let start = timestamp(1_700_000_000).as_second();
            for utc in (start..start + 2 * 366 * 86_400).step_by(1_800) {
                let civil = zone.to_datetime(timestamp(utc));
                let local = TimeZone::UTC.to_timestamp(civil).unwrap().as_second();
                assert_eq!(clock.local(utc), local, "{name} {civil}");
                let naive = TimeZone::UTC.to_datetime(timestamp(utc));
                let expected = zone.to_ambiguous_timestamp(naive).compatible().unwrap().as_second();
                assert_eq!(clock.utc(utc), expected, "{name} local {naive}");
            }
        }
    }
}
