//! Words to rules, with ufw's own message for each mistake.
//!
//! Which of several mistakes is reported, and what counts as one, is as `ufw` 0.36.2 was seen to do it;
//! `crates/palisade/tests/ufw` compares both.

mod ends;
mod error;
mod extra;
mod full;
mod options;
pub(super) mod ports;
mod simple;
mod words;

pub(super) use ends::has_host_bits;
pub use error::{Mistake, Wrong};
pub(super) use words::split;

use super::{Action, Direction, Families, Rule, Vocabulary};

/// A word and which of the given words it was.
type Word<'a> = (usize, &'a str);

impl Rule {
    /// Reads the words of a rule, from the action on.
    ///
    /// # Errors
    /// The first mistake, as ufw names it.
    pub fn parse(words: &[&str], routed: bool, vocabulary: &Vocabulary) -> Result<Self, Mistake> {
        let mut words: Vec<Word<'_>> = words.iter().copied().enumerate().collect();
        let Some(&(_, action)) = words.first() else { return Wrong::Syntax.anywhere() };
        let Some(action) = Action::named(action) else { return Wrong::Syntax.at(0) };
        if words.len() < 2 {
            return Wrong::Syntax.at(0);
        }
        let mut rule = Self {
            action,
            direction: if routed { Direction::Route } else { Direction::In },
            families: Families::Both,
            input: None,
            output: None,
            log: None,
            protocol: super::Protocol::Any,
            from: super::Endpoint::default(),
            to: super::Endpoint::default(),
            comment: String::new(),
        };
        rule.take_direction(&mut words)?;
        rule.check_ways(&words)?;
        rule.take_log(&mut words)?;
        rule.take_comment(&mut words)?;
        rule.take_limit(&mut words)?;
        match words.as_slice() {
            [] | [_] => return Wrong::Syntax.anywhere(),
            [_, port] => rule.read_simple(*port, vocabulary)?,
            // As ufw says it.
            [_, direction @ (_, "in" | "out"), (_, "on")] if !routed => {
                return Wrong::Profile(direction.1.to_owned()).at(direction.0);
            }
            all => rule.read_full(all, vocabulary)?,
        }
        Ok(rule)
    }

    /// Reads one line: the words of a rule, `route` before it perhaps, quoted as for a shell.
    ///
    /// # Errors
    /// The first mistake, with the bytes of the line that it is about.
    pub fn read(line: &str, vocabulary: &Vocabulary) -> Result<Self, (Wrong, std::ops::Range<usize>)> {
        let whole = 0..line.len();
        let Some(pieces) = split(line) else { return Err((Wrong::Quotes, whole)) };
        let words: Vec<&str> = pieces.iter().map(|piece| piece.text.as_ref()).collect();
        let skip = usize::from(words.first() == Some(&"route"));
        Self::parse(&words[skip..], skip == 1, vocabulary).map_err(|mistake| {
            let piece = mistake.word.and_then(|word| pieces.get(word + skip));
            (mistake.wrong, piece.map_or(whole, |piece| piece.place.clone()))
        })
    }
}

impl Action {
    fn named(word: &str) -> Option<Self> {
        match word {
            "allow" => Some(Self::Allow),
            "deny" => Some(Self::Deny),
            "reject" => Some(Self::Reject),
            "limit" => Some(Self::Limit(super::Limit::default())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
