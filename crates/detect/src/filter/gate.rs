//! Which filters of a set a line can concern at all: one pass over the line for all of them.
//!
//! A pass is over pieces of four bytes (of fewer, for short texts) that are looked up in a bitmap. That is quicker than an
//! automaton for the same texts, since no look-up waits for the one before.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::compile::Filter;
use super::literals::{halves, required_by};

/// Filters by index. Those after the 128th are in every set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Members(u128);

impl Members {
    const ALL: usize = u128::BITS as usize;

    fn insert(&mut self, index: usize) {
        if index < Members::ALL {
            self.0 |= 1 << index;
        }
    }

    pub(super) fn contains(self, index: usize) -> bool {
        index >= Members::ALL || self.0 >> index & 1 == 1
    }
}

/// Finds the texts that matches of the filters must hold.
#[derive(Debug, Default)]
pub(super) struct Gate {
    long: Pieces<4>,
    short: Pieces<3>,
    tiny: Pieces<2>,
    /// Filters that every line may concern.
    always: Members,
}

impl Gate {
    /// `None` if a pass for all would spare nothing.
    pub(super) fn new(filters: &[Arc<Filter>]) -> Option<Gate> {
        if filters.len() < 2 {
            return None;
        }
        let mut gate = Gate::default();
        for (index, filter) in filters.iter().enumerate() {
            let Some(asked) = asked(filter) else {
                gate.always.insert(index);
                continue;
            };
            for text in asked {
                gate.ask(&text, index);
            }
        }
        Some(gate)
    }

    fn ask(&mut self, text: &str, index: usize) {
        match text.len() {
            0..3 => self.tiny.ask(text, index),
            3 => self.short.ask(text, index),
            _ => self.long.ask(text, index),
        }
    }

    /// The filters that can match `line`, dates and all.
    pub(super) fn pass(&self, line: &[u8]) -> Members {
        let mut members = self.always;
        if self.short.texts.is_empty() && self.tiny.texts.is_empty() {
            self.long.find(line, 0, &mut members);
            return members;
        }
        // All three in one go, as long as there are four bytes to look at.
        for (at, piece) in line.windows(4).enumerate() {
            let Some(piece) = piece.first_chunk::<4>() else { break };
            let key = key(piece);
            let (long, short, tiny) = (key, key & 0xff_ffff, key & 0xffff);
            if self.long.may_hold(long) | self.short.may_hold(short) | self.tiny.may_hold(tiny) {
                self.long.confirm(line, at, long, &mut members);
                self.short.confirm(line, at, short, &mut members);
                self.tiny.confirm(line, at, tiny, &mut members);
            }
        }
        let rest = line.len().saturating_sub(3);
        self.short.find(line, rest, &mut members);
        self.tiny.find(line, rest, &mut members);
        members
    }
}

/// Texts of at least `N` bytes, each by a piece of `N` bytes.
#[derive(Debug)]
struct Pieces<const N: usize> {
    /// For each hash of a piece that is asked for.
    bitmap: Box<[u64; 1024]>,
    texts: HashMap<u32, Vec<Text>>,
}

#[derive(Debug)]
struct Text {
    /// In lower case.
    bytes: Box<[u8]>,
    /// Where the piece stands in it.
    at: usize,
    asked_by: Members,
}

impl<const N: usize> Default for Pieces<N> {
    fn default() -> Pieces<N> {
        Pieces { bitmap: Box::new([0; 1024]), texts: HashMap::new() }
    }
}

impl<const N: usize> Pieces<N> {
    fn ask(&mut self, text: &str, index: usize) {
        let bytes = text.as_bytes();
        let at = rarest::<N>(bytes);
        let Some(piece) = bytes[at..].first_chunk::<N>() else { return };
        let key = key(piece);
        let hash = hash(key);
        self.bitmap[hash >> 6] |= 1 << (hash & 63);
        let texts = self.texts.entry(key).or_default();
        match texts.iter_mut().find(|text| *text.bytes == *bytes) {
            Some(text) => text.asked_by.insert(index),
            None => {
                let mut asked_by = Members::default();
                asked_by.insert(index);
                texts.push(Text { bytes: bytes.into(), at, asked_by });
            }
        }
    }

    /// Looks at all places from `from` on.
    fn find(&self, line: &[u8], from: usize, members: &mut Members) {
        for (at, piece) in line.windows(N).enumerate().skip(from) {
            let Some(piece) = piece.first_chunk::<N>() else { return };
            let key = key(piece);
            if self.may_hold(key) {
                self.confirm(line, at, key, members);
            }
        }
    }

    #[inline]
    fn may_hold(&self, key: u32) -> bool {
        let hash = hash(key);
        self.bitmap[hash >> 6] >> (hash & 63) & 1 == 1
    }

    fn confirm(&self, line: &[u8], at: usize, key: u32, members: &mut Members) {
        for text in self.texts.get(&key).into_iter().flatten() {
            let news = text.asked_by.0 & !members.0 != 0;
            if news && text.stands_in(line, at) {
                members.0 |= text.asked_by.0;
            }
        }
    }
}

impl Text {
    /// Whether it stands where its piece is at `at`.
    fn stands_in(&self, line: &[u8], at: usize) -> bool {
        let start = at.checked_sub(self.at);
        let there = start.and_then(|start| line.get(start..start + self.bytes.len()));
        there.is_some_and(|there| there.eq_ignore_ascii_case(&self.bytes))
    }
}

/// The same for letters of either case.
#[inline]
fn key<const N: usize>(piece: &[u8; N]) -> u32 {
    piece.iter().rev().fold(0, |key, &byte| key << 8 | u32::from(byte | 0x20))
}

#[inline]
fn hash(key: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

/// Where in a text the piece stands that is in the fewest lines, as far as letters tell.
fn rarest<const N: usize>(text: &[u8]) -> usize {
    let common = |at: &usize| text[*at..at + N].iter().filter(|byte| b" etaoinsrhl".contains(byte)).count();
    (0..=text.len() - N).min_by_key(common).unwrap_or(0)
}

/// Texts of which a line that matches the filter holds one, its date still in it; `None` if there are no such texts.
fn asked(filter: &Filter) -> Option<Vec<String>> {
    if filter.maxlines > 1 {
        return None;
    }
    let texts = required_by(filter.prefix.as_ref(), &filter.rules)?;
    let halves: Option<Vec<_>> = texts.iter().map(|text| halves(text)).collect();
    halves.map(|halves| halves.concat().into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(asked: &[&str], line: &str) -> Vec<usize> {
        let mut gate = Gate::default();
        for (index, text) in asked.iter().enumerate() {
            gate.ask(text, index);
        }
        let members = gate.pass(line.as_bytes());
        (0..asked.len()).filter(|&index| members.contains(index)).collect()
    }

    #[test]
    fn texts_are_found_wherever_they_stand_and_in_any_case() {
        assert_eq!(found(&["failed ", "user", "ab", "zz", "lines"], "FAILED xuserAB"), [0, 1, 2]);
        assert_eq!(found(&["same", "same"], "the same"), [0, 1]);
        assert!(found(&["long text"], "long tex").is_empty());
        assert!(found(&["[x]y"], "{x}y").is_empty());
    }

    #[test]
    fn filters_beyond_the_bound_are_always_concerned() {
        assert!(Members::default().contains(128));
        assert!(!Members::default().contains(127));
    }
}
