//! Where entries stand in a vector, by their hashes.

use crate::fetch::fetch;

/// A hash table of numbers, with open addressing: the cells that a hash can be in lie side by side, so that a look costs one
/// fetch from memory where a general table takes two. A cell keeps enough of the hash to be moved without asking anybody.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// None, or a power of two.
    cells: Vec<Cell>,
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    /// The upper half of the hash. Its first bits say where the search for the cell begins.
    tag: u32,
    at: u32,
}

/// No entry has this number.
const FREE: Cell = Cell { tag: 0, at: u32::MAX };

impl Cell {
    #[inline]
    fn is_free(self) -> bool {
        self.at == FREE.at
    }
}

/// The fewest cells that are allotted.
const FEWEST: usize = 16;

impl Index {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
    }

    /// A hash is going to be looked for: has its cells fetched.
    #[inline]
    pub(crate) fn look_ahead(&self, hash: u64) {
        if let Some(cell) = self.cells.get(self.home(tag(hash))) {
            fetch(cell);
        }
    }

    /// The number of an entry that has this hash, which is then to be fetched. Who asked it whether it is the one would
    /// wait for it; so it may be another's.
    #[inline]
    pub(crate) fn look_at(&self, hash: u64) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// The number of an entry with this hash that is the one.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.all(hash).find(|at| is_it(*at))
    }

    /// The numbers of all entries with this hash, and perhaps of others.
    #[inline]
    pub(crate) fn all(&self, hash: u64) -> impl Iterator<Item = u32> {
        let tag = tag(hash);
        let run = self.run(tag).filter(move |cell| cell.tag == tag);
        run.map(|cell| cell.at)
    }

    /// Every number, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.cells.iter().filter(|cell| !cell.is_free()).map(|cell| cell.at)
    }

    /// Room for so many more, without growing step by step.
    pub(crate) fn reserve(&mut self, more: usize) {
        let cells = (self.len + more).div_ceil(3).saturating_mul(4).next_power_of_two().max(FEWEST);
        if cells > self.cells.len() {
            let old = std::mem::replace(&mut self.cells, vec![FREE; cells]);
            old.into_iter().filter(|cell| !cell.is_free()).for_each(|cell| self.put(cell));
        }
    }

    /// Puts in the number of an entry, below the greatest that there is.
    pub(crate) fn insert(&mut self, hash: u64, at: u32) {
        debug_assert!(at != FREE.at);
        if (self.len + 1) * 4 > self.cells.len() * 3 {
            self.reserve(1);
        }
        self.put(Cell { tag: tag(hash), at });
        self.len += 1;
    }

    /// Takes out the number of an entry, if it is there.
    pub(crate) fn remove(&mut self, hash: u64, at: u32) {
        let wanted = Cell { tag: tag(hash), at };
        let Some(offset) = self.run(wanted.tag).position(|cell| cell == wanted) else { return };
        self.len -= 1;
        let mut hole = self.wrap(self.home(wanted.tag) + offset);
        let mut from = hole;
        // Those behind it move up, but none before the place where the search for it begins.
        loop {
            from = self.wrap(from + 1);
            let cell = self.cells[from];
            if cell.is_free() {
                break;
            }
            let come = self.wrap(from.wrapping_sub(self.home(cell.tag)));
            if come >= self.wrap(from.wrapping_sub(hole)) {
                self.cells[hole] = cell;
                hole = from;
            }
        }
        self.cells[hole] = FREE;
    }

    /// Into the first free cell; there is always one.
    fn put(&mut self, cell: Cell) {
        let mut at = self.home(cell.tag);
        while !self.cells[at].is_free() {
            at = self.wrap(at + 1);
        }
        self.cells[at] = cell;
    }

    /// The cells in which a search for a tag looks.
    #[inline]
    fn run(&self, tag: u32) -> impl Iterator<Item = Cell> {
        let mut next = self.home(tag);
        std::iter::from_fn(move || {
            let cell = *self.cells.get(next)?;
            next = self.wrap(next + 1);
            (!cell.is_free()).then_some(cell)
        })
    }

    /// Where the search for a tag begins.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.cells.len() as u64) >> 32) as usize
    }

    #[inline]
    fn wrap(&self, at: usize) -> usize {
        at & (self.cells.len() - 1)
    }
}

#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_set_of_pairs(
            steps in prop::collection::vec((any::<bool>(), 0u64..12, 0u32..40), 0..300),
            spread in prop::sample::select(&[1u64 << 32, 1 << 61, 0x9e37_79b9_7f4a_7c15]),
        ) {
            let (mut index, mut model) = (Index::default(), BTreeSet::new());
            for (put, hash, at) in steps {
                let hash = hash.wrapping_mul(spread);
                if put && model.insert((hash, at)) {
                    index.insert(hash, at);
                } else if !put {
                    model.remove(&(hash, at));
                    index.remove(hash, at);
                }
                prop_assert_eq!(index.len(), model.len());
                for (hash, at) in &model {
                    prop_assert_eq!(index.find(*hash, |other| other == *at), Some(*at));
                }
                let mut all: Vec<u32> = index.iter().collect();
                all.sort_unstable();
                let mut expected: Vec<u32> = model.iter().map(|(_, at)| *at).collect();
                expected.sort_unstable();
                prop_assert_eq!(all, expected);
            }
        }
    }

    #[test]
    fn nothing_is_found_in_an_empty_one() {
        let mut index = Index::default();
        index.remove(7, 1);
        index.look_ahead(7);
        assert_eq!((index.find(7, |_| true), index.memory()), (None, 0));
    }
}
