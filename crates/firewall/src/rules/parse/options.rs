//! What can stand between the action and the clauses, and the comment.

use super::error::Found;
use super::{Word, Wrong};
use crate::rules::{Direction, Log, Rule};

impl Rule {
    /// `in` and `out` that stand alone, without an interface.
    pub(super) fn take_direction(&mut self, words: &mut Vec<Word<'_>>) -> Found<()> {
        let Some(&(at, word)) = words.get(1) else { return Ok(()) };
        let ways = [("in", Direction::In), ("out", Direction::Out)];
        let way = ways.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
        let Some((_, direction)) = way else { return Ok(()) };
        match words.get(2) {
            None => return Wrong::Interface.at(at),
            _ if self.direction == Direction::Route => {}
            Some((_, "on")) => {
                if word == "out" {
                    self.direction = direction;
                }
            }
            Some(_) => {
                self.direction = direction;
                words.remove(1);
            }
        }
        Ok(())
    }

    /// Interfaces stand first, and only there.
    pub(super) fn check_ways(&self, words: &[Word<'_>]) -> Found<()> {
        let Some((at, _)) = words.iter().find(|(_, word)| matches!(*word, "in" | "out")) else {
            return Ok(());
        };
        let on = |word: Option<&Word<'_>>| word.is_some_and(|(_, word)| *word == "on");
        if self.direction == Direction::Route
            && (words.len() == 3 || !words.iter().any(|word| on(Some(word))))
        {
            return Wrong::RouteInterface.at(*at);
        }
        let first = words.get(1).is_some_and(|(_, word)| matches!(*word, "in" | "out"));
        if first && on(words.get(2)) { Ok(()) } else { Wrong::Interface.at(*at) }
    }

    /// `log` stands behind the action, or behind one or two interfaces.
    pub(super) fn take_log(&mut self, words: &mut Vec<Word<'_>>) -> Found<()> {
        let has = |wanted: &str| words.iter().any(|(_, word)| *word == wanted);
        let may_stand = |at| match at {
            1 | 4 => words.len() > 2,
            7 => has("in") && has("out"),
            _ => false,
        };
        // In its place it may be written in capitals.
        let is_log = |at, word: &str| log(word).is_some() && (may_stand(at) || word.to_lowercase() == word);
        let found = words.iter().enumerate().position(|(at, (_, word))| is_log(at, word));
        let Some(at) = found else { return Ok(()) };
        let may_stand = may_stand(at);
        let (place, word) = if may_stand { words.remove(at) } else { words[at] };
        let second = words.iter().find(|(_, word)| may_stand && log(word).is_some());
        if let Some(&(place, word)) = second.or((!may_stand).then_some(&(place, word))) {
            return Wrong::OptionPlace(word.to_owned()).at(place);
        }
        self.log = log(word);
        Ok(())
    }

    pub(super) fn take_comment(&mut self, words: &mut Vec<Word<'_>>) -> Found<()> {
        let Some(at) = words.iter().position(|(_, word)| *word == "comment") else { return Ok(()) };
        let Some(&(place, comment)) = words.get(at + 1) else {
            return Wrong::OptionArgument("comment".to_owned()).at(words[at].0);
        };
        // Nothing that a line of a file or a terminal could take for something else.
        if comment.contains(|c: char| c == '\'' || c.is_control()) {
            return Wrong::Syntax.at(place);
        }
        self.comment = comment.to_owned();
        words.drain(at..at + 2);
        Ok(())
    }
}

fn log(word: &str) -> Option<Log> {
    [Log::New, Log::All].into_iter().find(|log| word.eq_ignore_ascii_case(log.name()))
}
