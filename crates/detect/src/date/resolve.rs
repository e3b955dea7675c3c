use super::civil::{self, DAY};
use super::fields::{Fields, Offset, Slot};
use super::zone::{Clock, Zone};
use crate::Time;

/// Puts fields together to a moment.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    clock: Clock,
    /// The year that was asked for last.
    year: Year,
    /// The last `now`: the local clock's seconds and year.
    now: (Time, i64, Year),
}

#[derive(Clone, Copy, Debug)]
struct Year {
    number: i16,
    /// Days since 1970-01-01.
    start: i64,
    leap: bool,
}

impl Year {
    fn new(number: i16) -> Self {
        Self { number, start: civil::year_start(number), leap: civil::is_leap(number) }
    }

    fn holds(self, day: i64) -> bool {
        (0..365 + i64::from(self.leap)).contains(&(day - self.start))
    }
}

impl Resolver {
    pub(super) fn new(zone: Zone) -> Self {
        let mut clock = Clock::new(zone);
        let (now, year) = (Time::default(), Year::new(1970));
        let local = clock.local(now.as_secs());
        Self { clock, year, now: (now, local, Year::new(civil::year_of(local.div_euclid(DAY)))) }
    }

    /// The moment, in whole seconds as Fail2Ban takes it (a count since 1970 keeps its fraction). `None` if there is no
    /// such day, hour or zone.
    pub(super) fn time(&mut self, fields: &Fields, now: Time) -> Option<Time> {
        if let Some(micros) = fields.epoch {
            return Some(Time::from_micros(micros));
        }
        let clock = time_of_day(fields)?;
        let shift = match fields.offset {
            Offset::Unsaid => None,
            Offset::Minutes(minutes) => Some(i64::from(minutes) * 60),
            Offset::Unknown => return None,
        };
        let (month, day) = (fields.get(Slot::Month), fields.get(Slot::Day));
        let seconds = if fields.say_the_day() {
            at(self.year(fields.year), month, day)? * DAY + clock - shift.unwrap_or(0)
        } else {
            self.assume(fields, clock - shift.unwrap_or(0), now)?
        };
        Some(Time::from_secs(if shift.is_some() { seconds } else { self.clock.utc(seconds) }))
    }

    /// The seconds of a date of which a part is not said. `clock` is its time of day, less its zone's offset.
    fn assume(&mut self, fields: &Fields, clock: i64, now: Time) -> Option<i64> {
        let (local_now, this_year) = self.look_at(now);
        let (mut month, mut day) = (fields.get(Slot::Month), fields.get(Slot::Day));
        let mut year = match fields.year {
            -1 => this_year,
            0 => return None,
            said => self.year(said),
        };
        if (month < 0 || day < 0)
            && let Some(since) = yearday(fields, year)
        {
            let days = year.start + since;
            year = self.year(civil::year_of(days));
            (month, day) = civil::month_day(year.leap, days - year.start);
        }
        let no_day = month < 0 && day < 0;
        if no_day {
            (month, day) = civil::month_day(this_year.leap, local_now.div_euclid(DAY) - this_year.start);
        }
        let mut seconds = at(year, month, day)? * DAY + clock;
        // Fail2Ban compares with the local clock even where the line names another zone.
        if no_day && seconds > local_now {
            seconds -= DAY;
        }
        if fields.year < 0 && seconds > local_now + DAY {
            let last_year = Year::new(year.number - 1);
            seconds = at(last_year, month, day)? * DAY + seconds.rem_euclid(DAY);
        }
        Some(seconds)
    }

    /// The local clock's seconds and year.
    #[inline]
    fn look_at(&mut self, now: Time) -> (i64, Year) {
        if self.now.0 != now {
            let local = self.clock.local(now.as_secs());
            let today = local.div_euclid(DAY);
            let year = if self.now.2.holds(today) { self.now.2 } else { Year::new(civil::year_of(today)) };
            self.now = (now, local, year);
        }
        (self.now.1, self.now.2)
    }

    fn year(&mut self, number: i16) -> Year {
        if self.year.number != number {
            self.year = Year::new(number);
        }
        self.year
    }
}

fn at(year: Year, month: i8, day: i8) -> Option<i64> {
    civil::day_of_year(year.leap, month, day).map(|days| year.start + days)
}

fn time_of_day(fields: &Fields) -> Option<i64> {
    let (hour, minute, second) = (fields.hour24(), fields.get(Slot::Minute), fields.get(Slot::Second));
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    valid.then(|| i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
}

/// Days since January 1st, from `%j`, or from week and weekday.
fn yearday(fields: &Fields, year: Year) -> Option<i64> {
    if fields.yearday >= 0 {
        return Some(i64::from(fields.yearday) - 1);
    }
    let (week, weekday) = (i64::from(fields.get(Slot::Week)), i64::from(fields.get(Slot::Weekday)));
    if week < 0 || weekday < 0 {
        return None;
    }
    // Days before the year's first Monday or Sunday are in week 0.
    let shift = i64::from(fields.get(Slot::WeekFromMonday) == 0);
    let first = (civil::weekday(year.start) + shift) % 7;
    let weekday = (weekday + shift) % 7;
    Some(match week {
        0 => weekday - first,
        week => (7 - first) % 7 + 7 * (week - 1) + weekday,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-06-15 12:00 UTC.
    const NOON: Time = Time::from_secs(1_718_452_800);

    fn utc(fields: Fields, now: Time) -> Option<String> {
        let mut resolver = Resolver::new(Zone::parse(Some("UTC")).unwrap());
        let time = resolver.time(&fields, now)?;
        Some(jiff::Timestamp::from_microsecond(time.as_micros()).unwrap().to_string())
    }

    fn fields(year: i16, slots: &[(Slot, i8)]) -> Fields {
        let mut fields = Fields { year, ..Fields::NONE };
        slots.iter().for_each(|(slot, value)| fields.set(*slot, *value));
        fields
    }

    fn day(month: i8, day: i8, hour: i8) -> Fields {
        fields(-1, &[(Slot::Month, month), (Slot::Day, day), (Slot::Hour, hour)])
    }

    #[test]
    fn a_date_without_a_year_is_at_most_a_day_ahead() {
        assert_eq!(utc(day(6, 15, 0), NOON).unwrap(), "2024-06-15T00:00:00Z");
        assert_eq!(utc(day(6, 16, 12), NOON).unwrap(), "2024-06-16T12:00:00Z");
        assert_eq!(utc(day(6, 16, 13), NOON).unwrap(), "2023-06-16T13:00:00Z");
        assert_eq!(utc(day(12, 31, 0), NOON).unwrap(), "2023-12-31T00:00:00Z");
        let new_year = Time::from_secs(1_704_067_200);
        assert_eq!(utc(day(12, 31, 23), new_year).unwrap(), "2023-12-31T23:00:00Z");
    }

    #[test]
    fn a_time_without_a_day_is_the_last_one() {
        let clock = |hour| fields(-1, &[(Slot::Hour, hour)]);
        assert_eq!(utc(clock(11), NOON).unwrap(), "2024-06-15T11:00:00Z");
        assert_eq!(utc(clock(12), NOON).unwrap(), "2024-06-15T12:00:00Z");
        assert_eq!(utc(clock(13), NOON).unwrap(), "2024-06-14T13:00:00Z");
    }

    #[test]
    fn what_is_no_moment_is_none() {
        let said = |year, month, day| fields(year, &[(Slot::Month, month), (Slot::Day, day)]);
        assert!(utc(said(2023, 2, 28), NOON).is_some());
        assert_eq!(utc(said(2023, 2, 29), NOON), None);
        assert_eq!(utc(said(0, 2, 2), NOON), None);
        assert_eq!(utc(said(2024, 2, -1), NOON), None);
        assert_eq!(utc(day(6, 30, 24), NOON), None);
        assert_eq!(utc(Fields { offset: Offset::Unknown, ..said(2024, 6, 30) }, NOON), None);
        let mut leap_second = said(2016, 12, 31);
        leap_second.set(Slot::Second, 60);
        assert_eq!(utc(leap_second, NOON), None);
        // February 29th, read a year later.
        assert_eq!(utc(day(2, 29, 0), Time::from_secs(1_740_787_200)), None);
    }

    #[test]
    fn days_by_number_and_by_week() {
        let numbered = Fields { yearday: 60, ..fields(2024, &[]) };
        assert_eq!(utc(numbered, NOON).unwrap(), "2024-02-29T00:00:00Z");
        let week = [(Slot::Week, 23), (Slot::Weekday, 5), (Slot::WeekFromMonday, 1)];
        assert_eq!(utc(fields(2024, &week), NOON).unwrap(), "2024-06-08T00:00:00Z");
        let week = [(Slot::Week, 23), (Slot::Weekday, 6), (Slot::WeekFromMonday, 0)];
        assert_eq!(utc(fields(2024, &week), NOON).unwrap(), "2024-06-09T00:00:00Z");
    }

    #[test]
    fn a_zone_in_the_line_counts() {
        let fields = Fields { year: 2024, offset: Offset::Minutes(150), ..day(6, 1, 0) };
        assert_eq!(utc(fields, NOON).unwrap(), "2024-05-31T21:30:00Z");
    }
}
