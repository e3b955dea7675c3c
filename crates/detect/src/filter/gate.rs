//! Which filters of a set a line can concern at all: one pass over the line for all of them.

use std::sync::Arc;

use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind};

use super::compile::Filter;
use super::literals::{halves, required};
use super::rule::Rule;

/// Filters by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Members(Vec<u64>);

impl Members {
    fn none(count: usize) -> Members {
        Members(vec![0; count.div_ceil(64)])
    }

    fn insert(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.0[index / 64] >> (index % 64) & 1 == 1
    }

    fn join(&mut self, other: &Members) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }
}

/// Finds the texts that matches of the filters must hold.
#[derive(Debug)]
pub(super) struct Gate {
    automaton: DFA,
    /// For each text, the filters that ask for it.
    asked_by: Vec<Members>,
    /// Filters that every line may concern.
    always: Members,
}

impl Gate {
    /// `None` if a pass for all would spare nothing.
    pub(super) fn new(filters: &[Arc<Filter>]) -> Option<Gate> {
        if filters.len() < 2 {
            return None;
        }
        let mut texts: Vec<String> = Vec::new();
        let mut asked_by: Vec<Members> = Vec::new();
        let mut always = Members::none(filters.len());
        for (index, filter) in filters.iter().enumerate() {
            let Some(asked) = asked(filter) else {
                always.insert(index);
                continue;
            };
            for text in asked {
                let at = texts.iter().position(|known| *known == text).unwrap_or_else(|| {
                    texts.push(text);
                    asked_by.push(Members::none(filters.len()));
                    texts.len() - 1
                });
                asked_by[at].insert(index);
            }
        }
        let automaton = DFA::builder()
            .match_kind(MatchKind::Standard)
            .start_kind(aho_corasick::StartKind::Unanchored)
            .ascii_case_insensitive(true)
            .build(&texts)
            .ok()?;
        Some(Gate { automaton, asked_by, always })
    }

    /// The filters that can match `line`, dates and all, into `members`.
    pub(super) fn pass(&self, line: &[u8], members: &mut Members) {
        members.0.clone_from(&self.always.0);
        let Ok(mut state) = self.automaton.start_state(Anchored::No) else { return };
        for &byte in line {
            state = self.automaton.next_state(Anchored::No, state, byte);
            if self.automaton.is_special(state) && self.automaton.is_match(state) {
                for at in 0..self.automaton.match_len(state) {
                    members.join(&self.asked_by[self.automaton.match_pattern(state, at).as_usize()]);
                }
            }
        }
    }
}

/// Texts of which a line that matches the filter holds one; `None` if there are no such texts.
fn asked(filter: &Filter) -> Option<Vec<String>> {
    if filter.maxlines > 1 {
        return None;
    }
    let split = |texts: Vec<String>| -> Option<Vec<String>> {
        let halves: Option<Vec<_>> = texts.iter().map(|text| halves(text)).collect();
        halves.map(|halves| halves.concat().into_iter().map(str::to_owned).collect())
    };
    let of = |rule: &Rule| required(&rule.pattern.ast().root).and_then(split);
    let rules: Option<Vec<_>> = filter.rules.iter().map(of).collect();
    let rules = rules.map(|rules| rules.concat());
    let shortest = |texts: &Vec<String>| texts.iter().map(String::len).min().unwrap_or(0);
    let prefix = filter.prefix.as_ref().and_then(of);
    prefix.into_iter().chain(rules).max_by_key(shortest)
}
