//! Days and the proleptic Gregorian calendar.

pub(super) const DAY: i64 = 86_400;

const BEFORE_MONTH: [i16; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const MONTH_DAYS: [i8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

pub(super) fn is_leap(year: i16) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970-01-01 to January 1st of `year`.
pub(super) fn year_start(year: i16) -> i64 {
    let before = i64::from(year) - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

/// Days from January 1st, if there is such a day: `month` from 1, `day` from 1.
pub(super) fn day_of_year(leap: bool, month: i8, day: i8) -> Option<i64> {
    let index = usize::try_from(month - 1).ok().filter(|&index| index < 12)?;
    let longest = MONTH_DAYS[index] + i8::from(leap && month == 2);
    (1..=longest)
        .contains(&day)
        .then(|| i64::from(BEFORE_MONTH[index]) + i64::from(leap && month > 2) + i64::from(day) - 1)
}

/// The year that holds the day so many days after 1970-01-01.
pub(super) fn year_of(days: i64) -> i16 {
    let mut year = i16::try_from(1970 + days.div_euclid(366)).unwrap_or(if days < 0 { 1 } else { 9999 });
    while year < i16::MAX && year_start(year + 1) <= days {
        year += 1;
    }
    while year > i16::MIN + 1 && year_start(year) > days {
        year -= 1;
    }
    year
}

/// Month and day, both from 1, of the day `days` after January 1st.
pub(super) fn month_day(leap: bool, days: i64) -> (i8, i8) {
    let mut left = days.clamp(0, 365);
    for (month, &length) in (1..).zip(&MONTH_DAYS) {
        let length = i64::from(length) + i64::from(leap && month == 2);
        if left < length {
            return (month, i8::try_from(left + 1).unwrap_or(1));
        }
        left -= length;
    }
    (12, 31)
}

/// Monday is 0.
pub(super) fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_calendar() {
        let mut date = jiff::civil::date(1890, 1, 1);
        while date.year() < 2110 {
            let since = i64::from(jiff::civil::date(1970, 1, 1).until(date).unwrap().get_days());
            let in_year = day_of_year(is_leap(date.year()), date.month(), date.day()).unwrap();
            assert_eq!(year_start(date.year()) + in_year, since, "{date}");
            assert_eq!(year_of(since), date.year());
            assert_eq!(month_day(is_leap(date.year()), in_year), (date.month(), date.day()));
            assert_eq!(weekday(since), i64::from(date.weekday().to_monday_zero_offset()));
            date = date.tomorrow().unwrap();
        }
    }

    #[test]
    fn days_that_are_not() {
        assert_eq!(day_of_year(false, 2, 29), None);
        assert_eq!(day_of_year(true, 2, 30), None);
        assert_eq!(day_of_year(false, 13, 1), None);
        assert_eq!(day_of_year(false, 0, 1), None);
        assert_eq!(day_of_year(false, 4, 0), None);
    }
}
