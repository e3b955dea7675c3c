//! Which filters of a set a line can concern at all: one pass over the line for all of them.
//!
//! A pass looks at every other place for a piece of three bytes, in a bitmap; each text is asked for by two pieces, one at
//! an even and one at an odd place. That is quicker than an automaton for the same texts, since no look-up waits for the
//! one before.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::index::Index;

use super::compile::Filter;
use super::literals::required_by;
use super::members::Members;

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
        let asked: Vec<_> = filters.iter().map(|filter| asked(filter)).collect();
        Some(Gate::of(&asked))
    }

    /// For the texts that each filter asks for, if it does.
    fn of(asked: &[Option<Vec<String>>]) -> Gate {
        let mut always = Members::default();
        let mut texts: BTreeMap<&[u8], Members> = BTreeMap::new();
        for (index, asked) in asked.iter().enumerate() {
            match asked {
                Some(all) => {
                    all.iter().for_each(|text| texts.entry(text.as_bytes()).or_default().insert(index))
                }
                None => always.insert(index),
            }
        }
        let (bitmap, by_piece) = (Box::new([0; 1024]), Index::default());
        let mut gate = Gate { bitmap, texts: Vec::new(), by_piece, always, seam: Vec::new() };
        let pieces = Pieces::of(texts.keys().copied());
        texts.into_iter().for_each(|(text, asked_by)| gate.ask(text, pieces.rarest_pair(text), asked_by));
        gate
    }

    /// Asks for a text by the pieces at `pair` and one place after it.
    fn ask(&mut self, text: &[u8], pair: usize, asked_by: Members) {
        let from = pair.min(text.len().saturating_sub(LONGEST));
        let part = &text[from..text.len().min(from + LONGEST)];
        for at in pair - from..pair - from + SHORTEST - PIECE + 1 {
            let key = key(&part[at..at + PIECE]);
            let bit = bit(hash(key));
            self.bitmap[bit >> 6] |= 1 << (bit & 63);
            self.by_piece.insert(hash(key), self.texts.len() as u32);
            self.texts.push(Text::new(part, key, at, asked_by));
        }
    }

    /// The filters that can match `line` as it stands.
    pub(super) fn pass(&self, line: &[u8]) -> Members {
        let mut members = self.always;
        self.find(line, &mut members);
        members
    }

    /// The filters that can match only because a date was cut out of the line, between the halves of a text.
    pub(super) fn pass_seam(&mut self, [before, after]: [&[u8]; 2]) -> Members {
        let mut seam = std::mem::take(&mut self.seam);
        seam.clear();
        seam.extend_from_slice(&before[before.len().saturating_sub(LONGEST)..]);
        seam.extend_from_slice(&after[..after.len().min(LONGEST)]);
        let mut members = Members::default();
        self.find(&seam, &mut members);
        self.seam = seam;
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
                if !members.hold(text.asked_by) && text.key == key && text.stands_in(line, at + 2 * piece) {
                    members.add(text.asked_by);
                }
            }
        }
    }
}

impl Text {
    fn new(text: &[u8], key: u32, at: usize, asked_by: Members) -> Text {
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

/// In how many of the texts each piece is: what many daemons say stands in many lines.
struct Pieces(HashMap<u32, usize>);

impl Pieces {
    fn of<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Pieces {
        let mut counts = HashMap::new();
        texts
            .flat_map(|text| text.windows(PIECE))
            .for_each(|piece| *counts.entry(key(piece)).or_default() += 1);
        Pieces(counts)
    }

    /// Where two pieces stand side by side that are in the fewest lines, as far as the texts and their letters tell.
    fn rarest_pair(&self, text: &[u8]) -> usize {
        let rank = |pair: &&[u8]| {
            let texts: usize = pair.windows(PIECE).filter_map(|piece| self.0.get(&key(piece))).sum();
            (texts, pair.iter().filter(|byte| b" etaoinsrhl".contains(byte)).count())
        };
        let pairs = text.windows(SHORTEST).enumerate();
        pairs.min_by_key(|(_, pair)| rank(pair)).map_or(0, |(at, _)| at)
    }
}

/// Texts of which a line that matches the filter holds one, without its date, or one of the lines that match together;
/// `None` if there are no such texts.
fn asked(filter: &Filter) -> Option<Vec<String>> {
    let texts = required_by(filter.prefix.as_ref(), &filter.rules)?;
    texts.iter().all(|text| text.len() >= SHORTEST).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(asked: &[&str], line: &str) -> Vec<usize> {
        let asked: Vec<_> = asked.iter().map(|text| Some(vec![(*text).to_owned()])).collect();
        let gate = Gate::of(&asked);
        gate.pass(line.as_bytes()).iter().collect()
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
        let text = "authentication failure";
        let mut gate = Gate::of(&[Some(vec![text.to_owned()])]);
        for at in 1..text.len() {
            let (before, after) = text.as_bytes().split_at(at);
            let mut members = gate.pass(&[before, b"2024-06-01", after].concat());
            members.add(gate.pass_seam([before, after]));
            assert_eq!(members.iter().collect::<Vec<_>>(), [0], "{at}");
        }
    }
}
