//! Which choices have been made before, and led nowhere.

/// Most bits that one search may use.
const MAX_BITS: usize = 1 << 22;

/// A bit for each choice and place; off until a search has gone on for long.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    bits: Vec<u64>,
    columns: usize,
    on: bool,
    /// Bits set within scopes that are not finished.
    trail: Vec<u32>,
}

impl Memo {
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    pub(super) fn turn_off(&mut self) {
        self.on = false;
        self.trail.clear();
        if self.bits.capacity() > 1 << 10 {
            self.bits = Vec::new();
        }
    }

    /// Room for so many rows and columns, unless that is too much.
    pub(super) fn turn_on(&mut self, rows: usize, columns: usize) {
        let count = rows.saturating_mul(columns);
        if count == 0 || count > MAX_BITS {
            return;
        }
        self.bits.clear();
        self.bits.resize(count.div_ceil(64), 0);
        self.columns = columns;
        self.on = true;
    }

    /// Note that a choice is made; whether it was before. Within a scope (`scoped`) it can be taken back.
    pub(super) fn visit(&mut self, row: usize, column: usize, scoped: bool) -> bool {
        let index = row * self.columns + column;
        let (word, bit) = (&mut self.bits[index / 64], 1 << (index % 64));
        if *word & bit != 0 {
            return true;
        }
        *word |= bit;
        if scoped {
            self.trail.push(index as u32);
        }
        false
    }

    /// The length of the trail now.
    pub(super) fn mark(&self) -> u32 {
        self.trail.len() as u32
    }

    /// A scope has failed: what was tried in it fails wherever it is tried again.
    pub(super) fn keep(&mut self, mark: u32) {
        self.trail.truncate(mark as usize);
    }

    /// A scope has matched, and what was tried in it may lead to a match from elsewhere, too.
    pub(super) fn take_back(&mut self, mark: u32) {
        for index in self.trail.drain(mark as usize..) {
            self.bits[index as usize / 64] &= !(1 << (index % 64));
        }
    }
}
