//! What the machine runs.

use crate::pattern::ast::{Anchor, Mode};
use crate::pattern::set::{Next, Set};

/// Index of an instruction.
pub(super) type Pc = u32;

/// No upper bound in [`Inst::Span`].
pub(super) const MANY: u32 = u32::MAX;

/// One instruction. The machine goes on with the next one unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inst {
    /// This byte.
    Byte(u8),
    /// These bytes of [`Program::bytes`].
    Text { start: u32, end: u32 },
    /// One character of a set.
    Set(u16),
    /// Characters of a set, one after another: an entry of [`Program::spans`].
    Span(u16),
    /// Go on at `first`, and if that fails at `second`; each has its entry in [`Program::guards`].
    Split { first: Pc, second: Pc, first_guard: u16, second_guard: u16 },
    /// Go on there.
    Jump(Pc),
    /// The position goes into a slot.
    Save(u32),
    /// Only at such a place.
    Anchor(Anchor),
    /// The [`Probe`] of this index holds.
    Probe(u16),
    /// What follows up to its [`Inst::ScopeEnd`] must match (or must not, where `negative`) here, or `behind`
    /// characters before; then go on at `after`, at this same place.
    Look { negative: bool, behind: Option<u32>, after: Pc },
    /// What follows up to its [`Inst::ScopeEnd`] has one chance; then go on at `after`.
    Atomic { after: Pc },
    /// The innermost scope has matched.
    ScopeEnd,
    /// The text of a group again.
    Backreference { group: u32, ignorecase: bool },
    /// Go on at `no` unless the group has matched.
    Conditional { group: u32, no: Pc },
    /// A loop begins: its slot has no position yet.
    LoopStart(u32),
    /// Go to `exit`, or fail without one, if the last turn of the loop took nothing.
    LoopCheck { slot: u32, exit: Option<Pc> },
    /// A turn begins: the slot gets the position.
    LoopTurn(u32),
    /// The whole pattern has matched.
    Match,
}

/// A quantifier over single characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) set: u16,
    pub(super) mode: Mode,
    /// No character of the set can come after it, so that only where the run ends it can go on.
    pub(super) runs_out: bool,
    /// Must hold before each character.
    pub(super) probe: Option<u16>,
    /// What can come after it.
    pub(super) guard: u16,
    /// The text that must come after it, in [`Program::bytes`], where there is one.
    pub(super) then: Option<(u32, u32)>,
    pub(super) min: u32,
    /// [`MANY`] is no bound.
    pub(super) max: u32,
}

/// Look-around for a plain sequence of characters, the common case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) negative: bool,
    /// So many characters back.
    pub(super) behind: usize,
    /// A set for each character.
    pub(super) sets: Box<[u16]>,
}

/// Something that is or is not so when a choice is made, and can decide where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// This group has matched.
    Group(u32),
    /// The turn of the loop with this slot has taken nothing yet. How much it has taken if not does not matter.
    Turn(u32),
}

/// A compiled pattern.
#[derive(Debug, Default)]
pub(in crate::pattern) struct Program {
    pub(super) insts: Box<[Inst]>,
    pub(super) bytes: Box<[u8]>,
    pub(super) sets: Box<[Set]>,
    pub(super) spans: Box<[Span]>,
    pub(super) probes: Box<[Probe]>,
    /// What can come next, shared by the instructions that ask.
    pub(super) guards: Box<[Next]>,
    /// The row in the memo of an instruction that chooses, where the memo is sound; by instruction.
    pub(super) rows: Box<[Option<u16>]>,
    /// How many rows there are.
    pub(super) row_count: usize,
    /// What the memo tells apart beside the place.
    pub(super) keys: Box<[Key]>,
    /// Group slots first, then those of loops.
    pub(super) slot_count: usize,
    pub(super) group_count: usize,
    /// Matches only at the start of the text.
    pub(super) anchored: bool,
    /// How the text begins, if it is to match; empty where that is not known.
    pub(super) prefix: Box<str>,
    /// What a match begins with.
    pub(super) first: Next,
    /// The one byte that a match begins with, where there is only one.
    pub(super) first_byte: Option<u8>,
}
