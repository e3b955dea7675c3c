//! What `limit` can say more than in ufw: `rate N/UNIT burst M`, `connections N`, behind everything else.

use super::error::Found;
use super::{Word, Wrong};
use crate::rules::{Action, Rate, Rule, Unit};

/// More than this is no limit; it also bounds what the kernel has to remember.
const MOST: u32 = 1_000_000;

impl Rule {
    /// Takes the options from the end.
    pub(super) fn take_limit(&mut self, words: &mut Vec<Word<'_>>) -> Found<()> {
        let Action::Limit(mut limit) = self.action else { return Ok(()) };
        let mut burst = None;
        while let [.., (_, "rate" | "burst" | "connections"), _] = words.as_slice()
            && words.len() > 3
        {
            let (at, value) = words[words.len() - 1];
            match words[words.len() - 2].1 {
                "rate" if limit.rate.is_none() => limit.rate = Some(rate(value, burst.take(), at)?),
                "burst" if burst.is_none() => burst = Some((at, number(value, "burst", at)?)),
                "connections" if limit.connections.is_none() => {
                    limit.connections = Some(number(value, "connections", at)?);
                }
                _ => return Wrong::Improper.at(at - 1),
            }
            words.truncate(words.len() - 2);
        }
        self.action = Action::Limit(limit);
        match burst {
            Some((at, _)) => Wrong::OptionPlace("burst".to_owned()).at(at - 1),
            None => Ok(()),
        }
    }
}

fn rate(text: &str, burst: Option<(usize, u32)>, at: usize) -> Found<Rate> {
    let bad = || Wrong::Rate(text.to_owned()).at(at);
    let Some((count, unit)) = text.split_once('/') else { return bad() };
    let Some(unit) = Unit::ALL.into_iter().find(|known| known.name() == unit) else { return bad() };
    Ok(Rate { count: number(count, "rate", at)?, unit, burst: burst.map(|(_, burst)| burst) })
}

fn number(text: &str, option: &'static str, at: usize) -> Found<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number @ 1..=MOST) if digits => Ok(number),
        _ => Wrong::Number(text.to_owned(), option, MOST).at(at),
    }
}
