//! What a search works with, kept for the next one.

use super::memo::Memo;
use super::program::Pc;

/// No position.
pub(in crate::pattern) const NONE: u32 = u32::MAX;
/// Most entries on the stack.
const MAX_FRAMES: usize = 1 << 16;
/// Larger stacks are given back after the search.
const KEPT_FRAMES: usize = 1 << 10;

/// What to do when there is no way on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frame {
    /// Go on here.
    Branch { pc: Pc, pos: u32 },
    /// A greedy span ends at one of the places from `low` up to but not including `high`.
    Greedy { pc: Pc, low: u32, high: u32 },
    /// A lazy span takes one more at `pos`, of `left` at most.
    Lazy { pc: Pc, pos: u32, left: u32 },
    /// The slot had another value.
    Restore { slot: u32, old: u32 },
    /// A scope began at `pos`.
    Scope { pc: Pc, pos: u32, mark: u32 },
}

/// Slots, stack and memo.
#[derive(Clone, Debug, Default)]
pub(in crate::pattern) struct Scratch {
    /// Start and end of each group, then positions of loops.
    pub(in crate::pattern) slots: Vec<u32>,
    pub(super) stack: Vec<Frame>,
    /// Where on the stack the open scopes begin.
    pub(super) scopes: Vec<u32>,
    pub(super) memo: Memo,
}

impl Scratch {
    pub(super) fn begin(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, NONE);
    }

    /// Back to the state before an attempt that failed.
    pub(super) fn clear(&mut self) {
        self.slots.fill(NONE);
        self.stack.clear();
        self.scopes.clear();
    }

    /// Keep the first slots as the result, and no more memory than a usual line needs.
    pub(super) fn end(&mut self, slots: usize) {
        self.slots.truncate(slots);
        self.stack.clear();
        self.scopes.clear();
        self.memo.turn_off();
        if self.stack.capacity() > KEPT_FRAMES {
            self.stack = Vec::new();
        }
    }

    /// Whether there is still room.
    #[inline]
    pub(super) fn push(&mut self, frame: Frame) -> bool {
        let room = self.stack.len() < MAX_FRAMES;
        if room {
            self.stack.push(frame);
        }
        room
    }

    /// Set a slot so that going back sets it back.
    pub(super) fn set(&mut self, slot: u32, value: u32) -> bool {
        let old = std::mem::replace(&mut self.slots[slot as usize], value);
        // With nothing to go back to, nobody will look at it before it is cleared.
        self.stack.is_empty() || self.push(Frame::Restore { slot, old })
    }

    /// Forget the choices from `start` of the stack on, but not how to set slots back.
    pub(super) fn commit(&mut self, start: usize) {
        let mut kept = start;
        for index in start..self.stack.len() {
            if let Frame::Restore { .. } = self.stack[index] {
                self.stack[kept] = self.stack[index];
                kept += 1;
            }
        }
        self.stack.truncate(kept);
    }

    /// Forget the choices from `start` of the stack on, and set slots back to what they were there.
    pub(super) fn undo(&mut self, start: usize) {
        for frame in self.stack.drain(start..).rev() {
            if let Frame::Restore { slot, old } = frame {
                self.slots[slot as usize] = old;
            }
        }
    }

    /// The group has matched.
    pub(super) fn is_set(&self, group: u32) -> bool {
        let slot = 2 * group as usize;
        let (start, end) = (self.slots[slot], self.slots[slot + 1]);
        start != NONE && end != NONE && start <= end
    }
}
