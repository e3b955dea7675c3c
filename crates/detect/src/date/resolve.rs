use super::civil::{self, DAY};
use super::fields::{Fields, Offset};
use super::zone::{Clock, Zone};
use crate::Time;

/// Puts fields together to a moment.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    clock: Clock,
    /// The year that the last year-less date fell in: first day and length decide whether `now` still is in it.
    year: Year,
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

/// Which parts of the day were taken from `now`.
struct Assumed {
    year: bool,
    day: bool,
}

impl Resolver {
    pub(super) fn new(zone: Zone) -> Self {
        Self { clock: Clock::new(zone), year: Year::new(1970) }
    }

    /// The moment, in whole seconds as Fail2Ban takes it (a count since 1970 keeps its fraction). `None` if there is no
    /// such day, hour or zone.
    pub(super) fn time(&mut self, fields: &Fields, now: Time) -> Option<Time> {
        if let Some(micros) = fields.epoch {
            return Some(Time::from_micros(micros));
        }
        let clock = time_of_day(fields)?;
        let (year, month, day, assumed) = self.date(fields, now)?;
        let mut seconds = at(year, month, day)? * DAY + clock;
        let shift = match fields.offset {
            Offset::Unsaid => None,
            Offset::Minutes(minutes) => Some(i64::from(minutes) * 60),
            Offset::Unknown => return None,
        };
        seconds -= shift.unwrap_or(0);
        // Fail2Ban compares with the local clock even where the line names another zone.
        if assumed.day && seconds > self.local(now) {
            seconds -= DAY;
        }
        if assumed.year && seconds > self.local(now) + DAY {
            let last_year = Year::new(year.number - 1);
            seconds = at(last_year, month, day)? * DAY + seconds.rem_euclid(DAY);
        }
        Some(Time::from_secs(if shift.is_some() { seconds } else { self.clock.to_utc(seconds) }))
    }

    fn date(&mut self, fields: &Fields, now: Time) -> Option<(Year, i8, i8, Assumed)> {
        let mut year = match fields.year {
            -1 => self.this_year(now),
            0 => return None,
            said => self.year(said),
        };
        let (mut month, mut day) = (fields.month, fields.day);
        if (month < 0 || day < 0)
            && let Some(since) = yearday(fields, year)
        {
            let days = year.start + since;
            year = self.year(civil::year_of(days));
            (month, day) = civil::month_day(year.leap, days - year.start);
        }
        let assumed = Assumed { year: fields.year < 0, day: month < 0 && day < 0 };
        if assumed.day {
            let today = self.local(now).div_euclid(DAY);
            let this = Year::new(civil::year_of(today));
            (month, day) = civil::month_day(this.leap, today - this.start);
        }
        Some((year, month, day, assumed))
    }

    fn local(&mut self, now: Time) -> i64 {
        self.clock.to_local(now.as_secs())
    }

    fn this_year(&mut self, now: Time) -> Year {
        let today = self.local(now).div_euclid(DAY);
        if !self.year.holds(today) {
            self.year = Year::new(civil::year_of(today));
        }
        self.year
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
    let hour = fields.hour24();
    let valid = hour < 24 && fields.minute < 60 && fields.second < 60;
    valid.then(|| i64::from(hour) * 3600 + i64::from(fields.minute) * 60 + i64::from(fields.second))
}

/// Days since January 1st, from `%j`, or from week and weekday.
fn yearday(fields: &Fields, year: Year) -> Option<i64> {
    if fields.yearday >= 0 {
        return Some(i64::from(fields.yearday) - 1);
    }
    if fields.week < 0 || fields.weekday < 0 {
        return None;
    }
    // Weeks before the year's first Monday or Sunday are week 0.
    let shift = i64::from(!fields.week_from_monday);
    let first = (civil::weekday(year.start) + shift) % 7;
    let weekday = (i64::from(fields.weekday) + shift) % 7;
    Some(match i64::from(fields.week) {
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

    fn day(month: i8, day: i8) -> Fields {
        Fields { month, day, ..Fields::NONE }
    }

    #[test]
    fn a_date_without_a_year_is_at_most_a_day_ahead() {
        assert_eq!(utc(day(6, 15), NOON).unwrap(), "2024-06-15T00:00:00Z");
        assert_eq!(utc(Fields { hour: 12, ..day(6, 16) }, NOON).unwrap(), "2024-06-16T12:00:00Z");
        assert_eq!(utc(Fields { hour: 12, second: 1, ..day(6, 16) }, NOON).unwrap(), "2023-06-16T12:00:01Z");
        assert_eq!(utc(day(12, 31), NOON).unwrap(), "2023-12-31T00:00:00Z");
        let new_year = Time::from_secs(1_704_067_200);
        assert_eq!(utc(Fields { hour: 23, ..day(12, 31) }, new_year).unwrap(), "2023-12-31T23:00:00Z");
    }

    #[test]
    fn a_time_without_a_day_is_the_last_one() {
        let clock = |hour| Fields { hour, ..Fields::NONE };
        assert_eq!(utc(clock(11), NOON).unwrap(), "2024-06-15T11:00:00Z");
        assert_eq!(utc(clock(12), NOON).unwrap(), "2024-06-15T12:00:00Z");
        assert_eq!(utc(clock(13), NOON).unwrap(), "2024-06-14T13:00:00Z");
    }

    #[test]
    fn what_is_no_moment_is_none() {
        let said = |year, month, day| Fields { year, month, day, ..Fields::NONE };
        assert_eq!(utc(said(2023, 2, 29), NOON), None);
        assert_eq!(utc(said(0, 2, 2), NOON), None);
        assert_eq!(utc(said(2024, 2, -1), NOON), None);
        assert_eq!(utc(Fields { second: 60, ..said(2024, 6, 30) }, NOON), None);
        assert_eq!(utc(Fields { hour: 24, ..said(2024, 6, 30) }, NOON), None);
        assert_eq!(utc(Fields { offset: Offset::Unknown, ..said(2024, 6, 30) }, NOON), None);
        // February 29th, read a year later.
        assert_eq!(utc(day(2, 29), Time::from_secs(1_740_787_200)), None);
    }

    #[test]
    fn days_by_number_and_by_week() {
        let numbered = Fields { year: 2024, yearday: 60, ..Fields::NONE };
        assert_eq!(utc(numbered, NOON).unwrap(), "2024-02-29T00:00:00Z");
        let week = Fields { year: 2024, week: 23, weekday: 5, week_from_monday: true, ..Fields::NONE };
        assert_eq!(utc(week, NOON).unwrap(), "2024-06-08T00:00:00Z");
        let sunday = Fields { week_from_monday: false, weekday: 6, ..week };
        assert_eq!(utc(sunday, NOON).unwrap(), "2024-06-09T00:00:00Z");
    }

    #[test]
    fn a_zone_in_the_line_counts() {
        let fields = Fields { year: 2024, offset: Offset::Minutes(150), ..day(6, 1) };
        assert_eq!(utc(fields, NOON).unwrap(), "2024-05-31T21:30:00Z");
    }
}
