//! What values mean: yes and no, numbers, spans of time.

use std::borrow::Cow;
use std::time::Duration;

use crate::text::lower_case;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
const WEEK: f64 = 7.0 * DAY;
/// Leap years count: the mean of four.
const YEAR: f64 = (365.0 * 3.0 + 366.0) * DAY / 4.0;
const MONTH: f64 = YEAR / 12.0;

/// Each unit with the shortest and the longest way to write it; every prefix of the longest that begins with the
/// shortest is one too.
const UNITS: [(&str, &str, f64); 7] = [
    ("d", "days", DAY),
    ("w", "weeks", WEEK),
    ("mo", "months", MONTH),
    ("y", "years", YEAR),
    ("s", "seconds", 1.0),
    ("m", "minutes", MINUTE),
    ("h", "hours", HOUR),
];

/// `1`, `on`, `true`, `yes` in any case are yes; whatever else is no.
pub fn is_yes(value: &str) -> bool {
    ["1", "on", "true", "yes"].iter().any(|yes| yes.eq_ignore_ascii_case(value))
}

/// Whether somebody who writes this means no.
pub(crate) fn is_no(value: &str) -> bool {
    ["", "0", "off", "false", "no", "none"].iter().any(|no| no.eq_ignore_ascii_case(value))
}

/// A whole number as Python's `int` reads it.
pub fn integer(value: &str) -> Option<i64> {
    without_underscores(value.trim()).parse().ok()
}

/// As Python has them in numbers.
fn without_underscores(number: &str) -> Cow<'_, str> {
    match number.contains('_') {
        true => number.replace('_', "").into(),
        false => number.into(),
    }
}

/// A span of time that is not negative.
pub(crate) fn duration(value: &str) -> Result<Duration, String> {
    let seconds = seconds(value)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{seconds} seconds is no span of time"))
}

/// A span of time as `bantime` has it; negative means for ever, `None`.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn duration_or_ever(value: &str) -> Result<Option<Duration>, String> {
    match seconds(value)? {
        negative if negative < 0.0 => Ok(None),
        seconds => Ok(Some(
            Duration::try_from_secs_f64(seconds)
                .map_err(|_| format!("{seconds} seconds is no span of time"))?,
        )),
    }
}

/// Seconds from `90`, `1h30m`, `1d 12h`, `1y - 6mo`, `2 * (1h + 5min)`. Groups side by side are added.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn seconds(value: &str) -> Result<f64, String> {
    let mut parser = Parser { tokens: tokens(value)?, at: 0, depth: 0 };
    let seconds = parser.sum()?;
    match parser.tokens.get(parser.at) {
        None if seconds.is_finite() => Ok(seconds),
        None => Err("the result is not a number".to_owned()),
        Some(token) => Err(format!("{token:?} does not belong here")),
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Number(f64),
    Sign(char),
    /// `**`
    Power,
    /// `//`
    Floor,
}

/// A unit becomes a multiplication, a gap between numbers an addition.
fn tokens(value: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = value.trim();
    while let Some(c) = rest.chars().next() {
        let len = if c.is_ascii_digit() || c == '.' {
            let len = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len());
            let number = without_underscores(&rest[..len]).parse();
            if matches!(tokens.last(), Some(Token::Number(_))) {
                tokens.push(Token::Sign('+'));
            }
            tokens.push(Token::Number(number.map_err(|_| format!("{} is not a number", &rest[..len]))?));
            len
        } else if c.is_alphabetic() {
            let len = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            let unit = unit(&rest[..len]).ok_or_else(|| format!("{} is not a unit of time", &rest[..len]))?;
            if !matches!(tokens.last(), Some(Token::Number(_))) {
                return Err(format!("a number is missing before {}", &rest[..len]));
            }
            tokens.extend([Token::Sign('*'), Token::Number(unit)]);
            len
        } else {
            operator(rest, &mut tokens)?
        };
        rest = rest[len..].trim_start();
    }
    Ok(tokens)
}

fn operator(rest: &str, tokens: &mut Vec<Token>) -> Result<usize, String> {
    let (token, len) = match rest.as_bytes() {
        [b'*', b'*', ..] => (Token::Power, 2),
        [b'/', b'/', ..] => (Token::Floor, 2),
        [sign @ (b'+' | b'-' | b'*' | b'/' | b'%' | b'(' | b')'), ..] => (Token::Sign(*sign as char), 1),
        _ => return Err(format!("{} does not belong here", rest.chars().next().unwrap_or(' '))),
    };
    tokens.push(token);
    Ok(len)
}

fn unit(name: &str) -> Option<f64> {
    let name = &*lower_case(name);
    // `dd`, `ww`, `yy`, `ss`, `mm` and `hh` are units too.
    let doubled = |short: &str| short.len() == 1 && name.strip_prefix(short) == Some(short);
    let (_, _, seconds) = UNITS.iter().find(|(short, long, _)| {
        doubled(short) || (name.starts_with(short) && long.starts_with(name) && unit_prefix(name, long))
    })?;
    Some(*seconds)
}

/// Short forms have at most three letters; longer ones are the whole word, with or without its s.
fn unit_prefix(name: &str, long: &str) -> bool {
    name.len() <= 3 || name.len() + 1 >= long.len()
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn eat(&mut self, token: Token) -> bool {
        let found = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(found);
        found
    }

    fn sum(&mut self) -> Result<f64, String> {
        let mut left = self.product()?;
        loop {
            if self.eat(Token::Sign('+')) {
                left += self.product()?;
            } else if self.eat(Token::Sign('-')) {
                left -= self.product()?;
            } else {
                return Ok(left);
            }
        }
    }

    fn product(&mut self) -> Result<f64, String> {
        let mut left = self.factor()?;
        loop {
            if self.eat(Token::Sign('*')) {
                left *= self.factor()?;
            } else if self.eat(Token::Sign('/')) {
                left /= self.factor()?;
            } else if self.eat(Token::Floor) {
                left = (left / self.factor()?).floor();
            } else if self.eat(Token::Sign('%')) {
                let right = self.factor()?;
                left -= right * (left / right).floor();
            } else {
                return Ok(left);
            }
        }
    }

    /// Signs and brackets nest only so deep.
    fn factor(&mut self) -> Result<f64, String> {
        self.depth += 1;
        if self.depth > 50 {
            return Err("too many brackets".to_owned());
        }
        let value = if self.eat(Token::Sign('-')) {
            -self.factor()?
        } else if self.eat(Token::Sign('+')) {
            self.factor()?
        } else {
            let base = self.atom()?;
            if self.eat(Token::Power) { base.powf(self.factor()?) } else { base }
        };
        self.depth -= 1;
        Ok(value)
    }

    fn atom(&mut self) -> Result<f64, String> {
        if self.eat(Token::Sign('(')) {
            let value = self.sum()?;
            return match self.eat(Token::Sign(')')) {
                true => Ok(value),
                false => Err("a closing bracket is missing".to_owned()),
            };
        }
        match self.tokens.get(self.at) {
            Some(Token::Number(number)) => {
                self.at += 1;
                Ok(*number)
            }
            _ => Err("a number is missing".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, expected) in [
            ("600", 600.0),
            ("1.5", 1.5),
            ("-1", -1.0),
            ("10m", 600.0),
            ("1h", 3600.0),
            ("1d12h", 129_600.0),
            ("1d 12h", 129_600.0),
            ("5w", 3_024_000.0),
            ("1mo", 2_629_800.0),
            ("1y", 31_557_600.0),
            ("1year-6mo", 15_778_800.0),
            ("1hour+30min", 5400.0),
            ("0d 1h 30m", 5400.0),
            ("1 day", 86400.0),
            ("2 Weeks", 1_209_600.0),
            ("2*(1h+5m)", 7800.0),
            ("60*60*24", 86400.0),
            ("-1h", -3600.0),
            ("2**3", 8.0),
            ("7//2%2", 1.0),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn impossible_times_are_errors() {
        for text in ["", "h", "1x", "1h-", "(1h", "1)", "ten", "1..2", "1/0", "1 hourly", "1;2"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert!(seconds(&"(".repeat(100_000)).is_err());
        assert!(duration("-1").is_err());
        assert_eq!(duration_or_ever("-1"), Ok(None));
    }
}
