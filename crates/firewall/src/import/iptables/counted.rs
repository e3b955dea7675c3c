//! What iptables counts for each source: connections that stand, and tries in a time.

use crate::rules::{Limit, Rate, Unit};

/// What a line counts, and from when on it fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// `recent --set`: the try is remembered in this list.
    Remembered(String),
    /// `recent --update`: there were so many tries in so many seconds.
    Tried { list: String, hits: u32, seconds: u32 },
    /// More than this.
    Over(Limit),
    /// At most this.
    Within(Limit),
    /// So many packets of all sources together.
    Together,
}

/// The options that say so, as they come.
#[derive(Debug, Default)]
pub(super) struct Options {
    remember: bool,
    check: bool,
    list: String,
    seconds: Option<u32>,
    hits: Option<u32>,
    /// Whether it is exceeded, and what.
    connections: Option<(bool, u32)>,
    rate: Option<(bool, u32, Unit)>,
    burst: Option<u32>,
    by_source: bool,
    together: bool,
}

/// hashlimit's own, where none is given.
const BURST: u32 = 5;

impl Options {
    pub(super) fn flag(&mut self, option: &str) {
        match option {
            "--set" => self.remember = true,
            "--update" | "--rcheck" => self.check = true,
            _ => {}
        }
    }

    /// Takes an option with a value.
    pub(super) fn option(&mut self, option: &str, value: &str) -> Result<(), String> {
        let number = || value.parse::<u32>().map_err(|_| format!("{option} {value} is no number"));
        match option {
            "--name" => value.clone_into(&mut self.list),
            "--seconds" => self.seconds = Some(number()?),
            "--hitcount" => self.hits = Some(number()?),
            "--connlimit-above" => self.connections = Some((true, number()?)),
            "--connlimit-upto" => self.connections = Some((false, number()?)),
            "--hashlimit-above" => self.rate = rate(value).map(|(count, unit)| (true, count, unit)),
            "--hashlimit-upto" => self.rate = rate(value).map(|(count, unit)| (false, count, unit)),
            "--hashlimit-burst" => self.burst = Some(number()?),
            "--hashlimit-mode" => self.by_source = value == "srcip" || value == "srcip,dstport",
            "--hashlimit-name" => {}
            // One source is one address, or an IPv6 network of this length.
            "--connlimit-mask" | "--hashlimit-srcmask" | "--mask" => {
                const WHOLE: [&str; 5] =
                    ["32", "128", "64", "255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"];
                if !WHOLE.contains(&value) {
                    return Err("networks are not counted as one source, but for an IPv6 /64".to_owned());
                }
            }
            "--limit" | "--limit-burst" => self.together = true,
            _ => return Err(format!("{option} has no counterpart")),
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Option<Counted>, String> {
        let over = |(over, limit)| if over { Counted::Over(limit) } else { Counted::Within(limit) };
        match self {
            Self { remember: true, list, .. } => Ok(Some(Counted::Remembered(list))),
            Self { check: true, seconds: Some(seconds), hits, list, .. } if seconds > 0 => {
                Ok(Some(Counted::Tried { list, hits: hits.unwrap_or(1), seconds }))
            }
            Self { check: true, .. } => Err("it does not say in how many seconds".to_owned()),
            Self { connections: Some((above, connections)), .. } => {
                Ok(Some(over((above, Limit { rate: None, connections: Some(connections) }))))
            }
            Self { rate: Some(_), by_source: false, .. } => Err("it does not count by source".to_owned()),
            Self { rate: Some((above, count, unit)), burst, .. } => {
                let rate = Rate { count, unit, burst: Some(burst.unwrap_or(BURST)) };
                Ok(Some(over((above, Limit { rate: Some(rate), connections: None }))))
            }
            Self { together, .. } => Ok(together.then_some(Counted::Together)),
        }
    }
}

/// `10/min`; of bytes there is none.
fn rate(text: &str) -> Option<(u32, Unit)> {
    let (count, unit) = text.split_once('/')?;
    let unit = Unit::ALL.into_iter().find(|known| !unit.is_empty() && known.name().starts_with(unit))?;
    count.parse().ok().filter(|count| *count > 0).map(|count| (count, unit))
}

/// The limit that allows so many tries in so many seconds, and whether it means the same.
pub(super) fn window(allowed: u32, seconds: u32) -> (Limit, bool) {
    if (allowed, seconds) == (5, 30) {
        return (Limit::default(), true);
    }
    (Limit { rate: Some(bucket(allowed, seconds)), connections: None }, false)
}

/// As many, in the least unit in which it is a whole number; in the longest unit, at least one.
fn bucket(allowed: u32, seconds: u32) -> Rate {
    let allowed = allowed.max(1);
    let of = |unit: Unit| u64::from(allowed) * unit.seconds() / u64::from(seconds);
    let whole = |unit: &Unit| {
        let all = u64::from(allowed) * unit.seconds();
        all >= u64::from(seconds) && all.is_multiple_of(u64::from(seconds))
    };
    let unit = Unit::ALL.into_iter().find(whole).unwrap_or(Unit::Day);
    let count = u32::try_from(of(unit)).unwrap_or(u32::MAX).max(1);
    Rate { count, unit, burst: Some(allowed) }
}

/// Both limits at once, and whether that says all of both.
pub(super) fn and(one: Limit, other: Limit) -> (Limit, bool) {
    if one == other {
        return (one, true);
    }
    let connections = match (one.connections, other.connections) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let window = Limit::default();
    // Beside others, what ufw means has to be said.
    let rate_of = |limit: Limit| if limit == window { Some(bucket(5, 30)) } else { limit.rate };
    let (first, second) = (rate_of(one), rate_of(other));
    let lost = [one, other].contains(&window) || (first.is_some() && second.is_some() && first != second);
    (Limit { rate: first.or(second), connections }, !lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_bucket_of_as_many() {
        for (allowed, seconds, text) in [
            (3, 60, "rate 3/minute burst 3"),
            (3, 30, "rate 6/minute burst 3"),
            (9, 600, "rate 54/hour burst 9"),
            (4, 86_400, "rate 4/day burst 4"),
            (1, 1_000_000, "rate 1/day burst 1"),
            (7, 1, "rate 7/second burst 7"),
        ] {
            assert_eq!(window(allowed, seconds).0.to_string(), text);
        }
        assert_eq!(window(5, 30), (Limit::default(), true));
    }

    #[test]
    fn two_limits_become_one() {
        let connections = |count| Limit { rate: None, connections: Some(count) };
        assert_eq!(and(connections(3), connections(2)), (connections(2), true));
        let three = window(3, 60).0;
        assert_eq!(and(three, connections(2)).0.to_string(), "rate 3/minute burst 3 connections 2");
        assert!(!and(Limit::default(), connections(2)).1);
        assert!(!and(three, window(4, 60).0).1);
        assert_eq!(and(three, three), (three, true));
    }
}
