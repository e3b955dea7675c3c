//! Which ways can match at all, by the first bytes of a text.

use crate::pattern::ast::Kind;

use super::ascii::Ascii;
use super::check::{Progress, Reading};
use super::follow::first;
use super::sequence::Item;

/// So many bytes are looked at.
const LENGTH: usize = 32;
/// So many heads are remembered: sets by their first eight bytes, each of so many.
const SETS: usize = 64;
const DEPTH: usize = 4;
/// Of the 128 bytes.
const MANY: usize = 64;
/// More ways than these are not listed.
const LISTED: usize = 12;

/// What the first bytes of an anchored sequence can be.
pub(super) fn of(items: &[Item<'_>]) -> Vec<Ascii> {
    let mut head = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Item::Leaf(node) = item else {
            if matches!(item, Item::Host) {
                break;
            }
            continue;
        };
        match Ascii::of(&node.kind) {
            Some(set) => head.push(set),
            None if matches!(node.kind, Kind::Anchor(_)) && head.is_empty() => {}
            None => {
                head.push(first(&items[at..]));
                break;
            }
        }
    }
    head.truncate(LENGTH);
    // What takes nearly all bytes decides nothing.
    head.truncate(head.iter().rposition(|set| set.len() <= MANY).map_or(0, |last| last + 1));
    head
}

/// The ways of a filter by head.
#[derive(Debug)]
pub(super) struct Heads {
    heads: Vec<Vec<Ascii>>,
}

/// The ways that can match, for the heads met last.
#[derive(Debug)]
pub(super) struct Memory {
    slots: Box<[[Slot; DEPTH]]>,
    /// Which slot of a set is given up next.
    next: [u8; SETS],
}

/// The first bytes of a text. A short one is told from longer ones by its newline.
type Head = [u64; LENGTH / 8];

#[derive(Clone, Copy, Debug)]
struct Slot {
    head: Head,
    /// The bytes of it that decide.
    mask: Head,
    candidates: Candidates,
}

/// A way that a text's head allows, and how far that leads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Candidate {
    pub(super) way: u16,
    pub(super) progress: Progress,
}

/// Ways that a text's head allows, in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidates {
    ways: [Candidate; LISTED],
    /// More than are listed if too large.
    count: u16,
}

impl Candidates {
    const NONE: Candidates =
        Candidates { ways: [Candidate { way: 0, progress: Progress::START }; LISTED], count: 0 };

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// `None` if there are too many.
    pub(super) fn list(&self) -> Option<&[Candidate]> {
        self.ways.get(..usize::from(self.count))
    }
}

impl Memory {
    /// Nothing is remembered: no ASCII text has such a head.
    pub(super) fn new() -> Memory {
        let nothing = Slot { head: [u64::MAX; _], mask: [u64::MAX; _], candidates: Candidates::NONE };
        Memory { slots: vec![[nothing; DEPTH]; SETS].into(), next: [0; SETS] }
    }
}

impl Heads {
    pub(super) fn new(heads: Vec<Vec<Ascii>>) -> Heads {
        Heads { heads }
    }

    /// The ways that can match `text`, which is ASCII and ends in its only newline; `reading` reads a head as one of them.
    #[inline]
    pub(super) fn candidates<'m>(
        &self,
        text: &[u8],
        memory: &'m mut Memory,
        reading: impl Fn(usize, &[u8]) -> Reading,
    ) -> &'m Candidates {
        let head = head_of(text);
        let hash = head[0].wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let set = (hash >> 32) as usize % SETS;
        let same = |slot: &Slot| {
            let differs = |at: usize| (slot.head[at] ^ head[at]) & slot.mask[at];
            (0..head.len()).fold(0, |all, at| all | differs(at)) == 0
        };
        let slot = memory.slots[set].iter().position(same).unwrap_or_else(|| {
            let slot = usize::from(memory.next[set]) % DEPTH;
            memory.next[set] = slot as u8 + 1;
            memory.slots[set][slot] = self.find(text, reading);
            slot
        });
        &memory.slots[set][slot].candidates
    }

    #[cold]
    fn find(&self, text: &[u8], reading: impl Fn(usize, &[u8]) -> Reading) -> Slot {
        let differs = |head: &Vec<Ascii>| head.iter().zip(text).position(|(set, &byte)| !set.contains(byte));
        let differ: Vec<Option<usize>> = self.heads.iter().map(differs).collect();
        let decide = differ.iter().zip(&self.heads).map(|(at, head)| at.map_or(head.len(), |at| at + 1));
        let mut decisive = decide.max().unwrap_or(0).min(text.len());
        let head = &text[..text.len().min(LENGTH)];
        let allowed = differ.iter().enumerate().filter(|(_, at)| at.is_none());
        let mut readings: Vec<_> = allowed.map(|(way, _)| (way, reading(way, head))).collect();
        // One way that fails is not worth a longer head than those need that do not: it may reach into a name.
        let lasting = readings.iter().filter(|(_, reading)| reading.fails.is_none());
        let failing = readings.iter().filter_map(|(_, reading)| reading.fails);
        decisive = match lasting.map(|(_, reading)| reading.read).max() {
            Some(read) => decisive.max(read),
            None => failing.max().map_or(decisive, |read| decisive.max(read)),
        };
        readings.retain(|(_, reading)| reading.fails.is_none_or(|read| read > decisive));
        let mut candidates = Candidates { count: readings.len() as u16, ..Candidates::NONE };
        for (place, &(way, Reading { progress, read, .. })) in candidates.ways.iter_mut().zip(&readings) {
            *place = Candidate { way: way as u16, progress };
            decisive = decisive.max(read);
        }
        let mut mask = [0; LENGTH];
        mask[..decisive].fill(u8::MAX);
        Slot { head: head_of(text), mask: words(&mask), candidates }
    }
}

#[inline]
fn head_of(text: &[u8]) -> Head {
    match text.first_chunk() {
        Some(head) => words(head),
        None => {
            let mut head = [0; LENGTH];
            head[..text.len()].copy_from_slice(text);
            words(&head)
        }
    }
}

#[inline]
fn words(bytes: &[u8; LENGTH]) -> Head {
    let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[8 * at + byte]));
    std::array::from_fn(word)
}
