use std::time::Duration;

const UNITS: [(u64, &str); 5] = [(7 * 86_400, "w"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];

/// A length of time in its two largest units, as `1d 12h`; what `--for` and jail.conf take, but for the space.
pub(crate) fn span(length: Duration) -> String {
    let secs = length.as_secs();
    let Some(first) = UNITS.iter().position(|(unit, _)| secs >= *unit) else { return "0s".into() };
    let (unit, name) = UNITS[first];
    let mut text = format!("{}{name}", secs / unit);
    if let Some((next, next_name)) = UNITS.get(first + 1)
        && secs % unit / next > 0
    {
        text += &format!(" {}{next_name}", secs % unit / next);
    }
    text
}

/// How long a ban has still to run at `now`, both in seconds since 1970.
pub(crate) fn left(until: Option<i64>, now: i64) -> String {
    match until {
        None => "for ever".into(),
        Some(until) => span(Duration::from_secs(u64::try_from(until - now).unwrap_or(0))),
    }
}

/// How long ago `then` was at `now`, both in seconds since 1970.
pub(crate) fn ago(then: i64, now: i64) -> String {
    format!("{} ago", span(Duration::from_secs(u64::try_from(now - then).unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_its_two_largest_units() {
        let said = |secs| span(Duration::from_secs(secs));
        assert_eq!(said(0), "0s");
        assert_eq!(said(59), "59s");
        assert_eq!(said(600), "10m");
        assert_eq!(said(5400), "1h 30m");
        assert_eq!(said(129_600), "1d 12h");
        assert_eq!(said(7 * 86_400 + 61), "1w");
    }

    #[test]
    fn a_ban_that_has_run_out_has_nothing_left() {
        assert_eq!(left(Some(10), 20), "0s");
        assert_eq!(left(None, 20), "for ever");
    }
}
