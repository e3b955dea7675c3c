//! Which filters of a set a line can concern at all: one pass over the line for all of them.
//!
//! A pass looks at every other place for a piece of three bytes, in a bitmap; each text is asked for by two pieces, one at
//! an even and one at an odd place. That is quicker than an automaton for the same texts, since no look-up waits for the
//! one before.

use std::ops::Range;
use std::sync::Arc;

use crate::index::Index;

use super::compile::Filter;
use super::literals::required_by;

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

    /// Those of both.
    pub(super) fn and(self, other: Members) -> Members {
        Members(self.0 | other.0)
    }

    /// Those that are among others too; `None` if that cannot be told, for there are some after the 128th.
    pub(super) fn among(self, others: &Others) -> Option<Members> {
        (!others.beyond).then_some(Members(self.0 & others.members.0))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In order.
    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        let next = |rest: &u128| Some(rest & (rest - 1)).filter(|rest| *rest != 0);
        std::iter::successors(Some(self.0).filter(|all| *all != 0), next)
            .map(|rest| rest.trailing_zeros() as usize)
    }

    pub(super) fn contains(self, index: usize) -> bool {
        index >= Members::ALL || self.0 >> index & 1 == 1
    }
}

/// Filters that go together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Others {
    members: Members,
    /// There are some after the 128th.
    beyond: bool,
}

impl Others {
    pub(super) fn insert(&mut self, index: usize) {
        self.members.insert(index);
        self.beyond |= index >= Members::ALL;
    }
}

/// A piece's bytes.
const PIECE: usize = 3;
/// The shortest text in which two pieces stand side by side.
const SHORTEST: usize = PIECE + 1;
/// No more of a text is asked for.
const LONGEST: usize = 16;

/// Finds the texts that matches of the filters must hold.
#[derive(Debug)]
pub(super) struct Gate {
    /// For each hash of a piece that is asked for.
    bitmap: Box<[u64; 1024]>,
    texts: Vec<Text>,
    /// The texts by their pieces.
    by_piece: Index,
    /// Filters that every line may concern.
    always: Members,
    /// What stands around a date that was cut out.
    seam: Vec<u8>,
}

#[derive(Debug)]
struct Text {
    /// In lower case.
    bytes: Box<[u8]>,
    /// The same as [`lower`] has it, and which bytes there are.
    lower: u128,
    mask: u128,
    /// A piece of it, and where that stands in it.
    key: u32,
    at: usize,
    asked_by: Members,
}

impl Gate {
    /// `None` if a pass for all would spare nothing.
    pub(super) fn new(filters: &[Arc<Filter>]) -> Option<Gate> {
        if filters.len() < 2 {
            return None;
        }
        let mut gate = Gate::empty();
        for (index, filter) in filters.iter().enumerate() {
            match asked(filter) {
                Some(texts) => texts.iter().for_each(|text| gate.ask(text.as_bytes(), index)),
                None => gate.always.insert(index),
            }
        }
        Some(gate)
    }

    fn empty() -> Gate {
        Gate {
            bitmap: Box::new([0; 1024]),
            texts: Vec::new(),
            by_piece: Index::default(),
            always: Members::default(),
            seam: Vec::new(),
        }
    }

    fn ask(&mut self, text: &[u8], index: usize) {
        let text = rarest(text, LONGEST.min(text.len()));
        let pair = rarest(text, SHORTEST);
        let from = text.windows(SHORTEST).position(|window| window == pair).unwrap_or(0);
        for at in from..from + SHORTEST - PIECE + 1 {
            let key = key(&text[at..at + PIECE]);
            let hash = hash(key);
            let bit = bit(hash);
            self.bitmap[bit >> 6] |= 1 << (bit & 63);
            let Gate { texts, by_piece, .. } = self;
            let is_it = |known: &Text| known.key == key && known.at == at && *known.bytes == *text;
            match by_piece.find(hash, |known| is_it(&texts[known as usize])) {
                Some(known) => texts[known as usize].asked_by.insert(index),
                None => {
                    by_piece.insert(hash, texts.len() as u32);
                    texts.push(Text::new(text, key, at, index));
                }
            }
        }
    }

    /// The filters that can match `line` as it stands.
    pub(super) fn pass(&self, line: &[u8]) -> Members {
        let mut members = self.always;
        self.find(line, &mut members);
        members
    }

    /// The filters that can match only because a date was `cut` out of the line, between the halves of a text.
    pub(super) fn pass_seam(&mut self, line: &[u8], cut: Range<usize>) -> Members {
        let mut members = Members::default();
        if cut.start > 0 && !cut.is_empty() {
            let mut seam = std::mem::take(&mut self.seam);
            seam.clear();
            seam.extend_from_slice(&line[cut.start.saturating_sub(LONGEST)..cut.start]);
            seam.extend_from_slice(&line[cut.end..line.len().min(cut.end + LONGEST)]);
            self.find(&seam, &mut members);
            self.seam = seam;
        }
        members
    }

    /// Eight bytes at a time, of which three pieces are looked at.
    fn find(&self, line: &[u8], members: &mut Members) {
        let mut at = 0;
        while let Some(word) = line.get(at..).and_then(<[u8]>::first_chunk) {
            let keys = keys(*word);
            if self.may_hold_one(keys) {
                self.confirm(line, at, keys, members);
            }
            at += 6;
        }
        let mut last = [0xff; 8];
        let rest = &line[at.min(line.len())..];
        last[..rest.len()].copy_from_slice(rest);
        let keys = keys(last);
        if self.may_hold_one(keys) {
            self.confirm(line, at, keys, members);
        }
    }

    #[inline]
    fn may_hold_one(&self, keys: [u32; 3]) -> bool {
        keys.iter().fold(false, |any, key| any | self.may_hold(*key))
    }

    #[inline]
    fn may_hold(&self, key: u32) -> bool {
        let bit = bit(hash(key));
        self.bitmap[bit >> 6] >> (bit & 63) & 1 == 1
    }

    #[cold]
    #[inline(never)]
    fn confirm(&self, line: &[u8], at: usize, keys: [u32; 3], members: &mut Members) {
        for (piece, key) in keys.into_iter().enumerate() {
            if !self.may_hold(key) {
                continue;
            }
            for text in self.by_piece.all(hash(key)) {
                let text = &self.texts[text as usize];
                let news = text.asked_by.0 & !members.0 != 0;
                if news && text.key == key && text.stands_in(line, at + 2 * piece) {
                    members.0 |= text.asked_by.0;
                }
            }
        }
    }
}

impl Text {
    fn new(text: &[u8], key: u32, at: usize, index: usize) -> Text {
        let mut asked_by = Members::default();
        asked_by.insert(index);
        let (mut head, mut mask) = ([0; LONGEST], [0; LONGEST]);
        head[..text.len()].copy_from_slice(text);
        mask[..text.len()].fill(0xff);
        let (lower, mask) = (lower(head), u128::from_le_bytes(mask));
        Text { bytes: text.into(), lower, mask, key, at, asked_by }
    }

    /// Whether it stands where its piece is at `at`, or something much like it.
    fn stands_in(&self, line: &[u8], at: usize) -> bool {
        let Some(there) = at.checked_sub(self.at).and_then(|start| line.get(start..)) else { return false };
        match there.first_chunk() {
            Some(there) => (lower(*there) ^ self.lower) & self.mask == 0,
            None => {
                there.get(..self.bytes.len()).is_some_and(|there| there.eq_ignore_ascii_case(&self.bytes))
            }
        }
    }
}

/// Letters in lower case; of other bytes, some become one.
#[inline]
fn lower(text: [u8; LONGEST]) -> u128 {
    u128::from_le_bytes(text) | 0x2020_2020_2020_2020_2020_2020_2020_2020
}

/// The keys of the pieces in eight bytes.
#[inline]
fn keys(word: [u8; 8]) -> [u32; 3] {
    let lower = u64::from_le_bytes(word) | 0x2020_2020_2020_2020;
    [0, 2, 4].map(|from| (lower >> (from * 8)) as u32 & 0xff_ffff)
}

/// The same for letters of either case.
fn key(piece: &[u8]) -> u32 {
    piece.iter().rev().fold(0, |key, &byte| key << 8 | u32::from(byte | 0x20))
}

#[inline]
fn hash(key: u32) -> u64 {
    u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Its bit in the bitmap.
#[inline]
fn bit(hash: u64) -> usize {
    (hash >> 48) as usize
}

/// The part of so many bytes that is in the fewest lines, as far as letters tell.
fn rarest(text: &[u8], length: usize) -> &[u8] {
    let common = |part: &&[u8]| part.iter().filter(|byte| b" etaoinsrhl".contains(byte)).count();
    text.windows(length).min_by_key(common).unwrap_or(text)
}

/// Texts of which a line that matches the filter holds one, without its date, or one of the lines that match together; `None` if there are no such texts.
fn asked(filter: &Filter) -> Option<Vec<String>> {
    let texts = required_by(filter.prefix.as_ref(), &filter.rules)?;
    texts.iter().all(|text| text.len() >= SHORTEST).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(asked: &[&str], line: &str) -> Vec<usize> {
        let mut gate = Gate::empty();
        for (index, text) in asked.iter().enumerate() {
            gate.ask(text.as_bytes(), index);
        }
        let members = gate.pass(line.as_bytes());
        (0..asked.len()).filter(|&index| members.contains(index)).collect()
    }

    #[test]
    fn texts_are_found_wherever_they_stand_and_in_any_case() {
        assert_eq!(found(&["failed ", "user", "abcd", "zzzz", "lines"], "FAILED xuserABCD"), [0, 1, 2]);
        assert_eq!(found(&["same", "same"], "the same"), [0, 1]);
        assert!(found(&["long text"], "long tex").is_empty());
        assert!(found(&["[xz]y"], "{xz}y").is_empty());
        assert_eq!(found(&["[xz]y", "[xz]z"], "a [xz]y and more of this line"), [0]);
        for before in 0..20 {
            for after in 0..20 {
                let line = format!("{}user{}", "x".repeat(before), "x".repeat(after));
                assert_eq!(found(&["user", "a long text of many words"], &line), [0]);
            }
        }
        assert_eq!(found(&["a long text of many words"], "here is A Long Text of many words."), [0]);
    }

    #[test]
    fn a_text_that_a_date_tears_is_found_around_the_date() {
        let mut gate = Gate::empty();
        gate.ask(b"authentication failure", 0);
        let text = "authentication failure";
        for at in 1..text.len() {
            let line = format!("{}2024-06-01{}", &text[..at], &text[at..]);
            let members = gate.pass(line.as_bytes()).0 | gate.pass_seam(line.as_bytes(), at..at + 10).0;
            assert_eq!(members, 1, "{line}");
        }
    }

    #[test]
    fn filters_beyond_the_bound_are_always_concerned() {
        assert!(Members::default().contains(128));
        assert!(!Members::default().contains(127));
    }
}
