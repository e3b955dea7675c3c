//! What must follow a host, asked of one automaton for all ways, or of what was remembered of the line's end.

use super::automaton::{Automaton, Found};
use super::table::Table;
use super::tails::{Tail, Tails};

/// The automaton for what follows hosts, with its states.
pub(super) struct Rests<'a> {
    automaton: &'a Automaton,
    cache: &'a mut Table,
    found: &'a mut Found,
    tails: &'a mut Tails,
}

impl<'a> Rests<'a> {
    /// Of one text.
    pub(super) fn new(
        automaton: &'a Automaton,
        cache: &'a mut Table,
        found: &'a mut Found,
        tails: &'a mut Tails,
    ) -> Rests<'a> {
        Rests { automaton, cache, found, tails }
    }

    /// Whether a rest, by number, matches at `at`, if the automaton can say so.
    pub(super) fn matches(&mut self, rest: usize, text: &[u8], at: usize) -> Option<bool> {
        let tail = Tail::of(text, at);
        if let Some(found) = tail.and_then(|tail| self.tails.get(&tail)).filter(|_| rest < Found::BITS) {
            return Some(found >> rest & 1 == 1);
        }
        self.automaton.find_all(self.cache, text, at, self.found).ok()?;
        if let Some(tail) = tail.filter(|_| self.found.any())
            && self.automaton.takes_digits_alike(self.cache, text, at).ok()?
        {
            self.tails.put(tail, self.found.bits());
        }
        Some(self.found.contains(rest))
    }
}
