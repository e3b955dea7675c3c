//! Where entries stand in a vector, by their hashes.

use crate::processor::{equal, fetch};

/// A hash table of numbers. The cells in which a hash is looked for are a bucket, which is a line of the processor's
/// cache: a look fetches memory once, and compares all cells at once. To go on cell by cell until a free one comes would
/// be to guess each time whether it has come, and to guess wrong is dear. What finds its bucket full goes to the next one.
/// A cell keeps enough of the hash to be moved without asking anybody.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// None, or a power of two.
    buckets: Vec<Bucket>,
    len: usize,
}

const CELLS: usize = 8;

/// Its cells are filled from the first one on.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Bucket {
    /// [`tag`] of the hash, or [`FREE`].
    tags: [[u32; CELLS / 2]; 2],
    numbers: [u32; CELLS],
}

/// No hash has this tag.
const FREE: u32 = 0;

/// The upper half of a hash. Its first bits say which bucket is its own.
#[inline]
fn tag(hash: u64) -> u32 {
    ((hash >> 32) as u32).max(FREE + 1)
}

impl Bucket {
    const EMPTY: Bucket = Bucket { tags: [[FREE; CELLS / 2]; 2], numbers: [0; CELLS] };

    /// The cells with this tag.
    #[inline]
    fn with(&self, tag: u32) -> Cells {
        let [low, high] = self.tags;
        Cells(equal(low, tag) | equal(high, tag) << (CELLS / 2))
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.tag(CELLS - 1) != FREE
    }

    fn used(&self) -> usize {
        self.with(FREE).next().unwrap_or(CELLS)
    }

    /// Of a bucket that is not full.
    fn push(&mut self, tag: u32, number: u32) {
        let cell = self.used();
        self.set(cell, tag, number);
    }

    /// Empties a cell; the last takes its place.
    fn pull(&mut self, cell: usize) -> (u32, u32) {
        let pulled = self.get(cell);
        let last = self.used() - 1;
        let (tag, number) = self.get(last);
        self.set(cell, tag, number);
        self.set(last, FREE, 0);
        pulled
    }

    #[inline]
    fn tag(&self, cell: usize) -> u32 {
        self.tags.as_flattened()[cell]
    }

    fn get(&self, cell: usize) -> (u32, u32) {
        (self.tag(cell), self.numbers[cell])
    }

    fn set(&mut self, cell: usize, tag: u32, number: u32) {
        (self.tags.as_flattened_mut()[cell], self.numbers[cell]) = (tag, number);
    }
}

/// Some cells of a bucket, as bits.
#[derive(Clone, Copy)]
struct Cells(u32);

impl Iterator for Cells {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let first = (self.0 != 0).then(|| self.0.trailing_zeros() as usize);
        self.0 &= self.0.wrapping_sub(1);
        first
    }
}

impl Index {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }

    /// A hash is going to be looked for: has its bucket fetched.
    #[inline]
    pub(crate) fn look_ahead(&self, hash: u64) {
        if let Some(bucket) = self.buckets.get(self.home(tag(hash))) {
            fetch(bucket);
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
        self.all(hash).find(|number| is_it(*number))
    }

    /// The numbers of all entries with this hash, and perhaps of others.
    #[inline]
    pub(crate) fn all(&self, hash: u64) -> impl Iterator<Item = u32> {
        self.cells(tag(hash)).map(|(at, cell)| self.buckets[at].numbers[cell])
    }

    /// Every number, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.buckets.iter().flat_map(|bucket| &bucket.numbers[..bucket.used()]).copied()
    }

    /// Room for so many more, without growing step by step.
    pub(crate) fn reserve(&mut self, more: usize) {
        let buckets = (self.len + more).saturating_mul(4).div_ceil(3 * CELLS).next_power_of_two();
        if buckets > self.buckets.len() {
            let old = std::mem::replace(&mut self.buckets, vec![Bucket::EMPTY; buckets]);
            for bucket in &old {
                (0..bucket.used())
                    .map(|cell| bucket.get(cell))
                    .for_each(|(tag, number)| self.put(tag, number));
            }
        }
    }

    /// Puts in the number of an entry.
    pub(crate) fn insert(&mut self, hash: u64, number: u32) {
        if (self.len + 1) * 4 > self.buckets.len() * CELLS * 3 {
            self.reserve(1);
        }
        self.put(tag(hash), number);
        self.len += 1;
    }

    /// Takes out the number of an entry, if it is there.
    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        let found = self.cells(tag(hash)).find(|&(at, cell)| self.buckets[at].numbers[cell] == number);
        let Some((mut at, cell)) = found else { return };
        self.len -= 1;
        let mut was_full = self.buckets[at].is_full();
        self.buckets[at].pull(cell);
        // What had to go on from a full bucket comes back, and so makes room where it was.
        while was_full && let Some((from, cell)) = self.next_for(at) {
            was_full = self.buckets[from].is_full();
            let (tag, number) = self.buckets[from].pull(cell);
            self.buckets[at].push(tag, number);
            at = from;
        }
    }

    /// The next cell behind a bucket of what would be found in that, too.
    fn next_for(&self, at: usize) -> Option<(usize, usize)> {
        let mut from = at;
        loop {
            from = self.wrap(from + 1);
            let bucket = &self.buckets[from];
            let comes =
                |tag: u32| self.wrap(from.wrapping_sub(self.home(tag))) >= self.wrap(from.wrapping_sub(at));
            if let Some(cell) = (0..bucket.used()).find(|cell| comes(bucket.tag(*cell))) {
                return Some((from, cell));
            }
            if !bucket.is_full() {
                return None;
            }
        }
    }

    /// Into the first bucket with a free cell; there is always one.
    fn put(&mut self, tag: u32, number: u32) {
        let mut at = self.home(tag);
        while self.buckets[at].is_full() {
            at = self.wrap(at + 1);
        }
        self.buckets[at].push(tag, number);
    }

    /// The cells with a tag, by bucket.
    #[inline]
    fn cells(&self, tag: u32) -> impl Iterator<Item = (usize, usize)> {
        let mut at = self.home(tag);
        let mut left = self.buckets.get(at).map_or(Cells(0), |bucket| bucket.with(tag));
        std::iter::from_fn(move || {
            loop {
                if let Some(cell) = left.next() {
                    return Some((at, cell));
                }
                if !self.buckets.get(at)?.is_full() {
                    return None;
                }
                at = self.wrap(at + 1);
                left = self.buckets[at].with(tag);
            }
        })
    }

    /// The bucket in which the search for a tag begins.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.buckets.len() as u64) >> 32) as usize
    }

    #[inline]
    fn wrap(&self, at: usize) -> usize {
        at & (self.buckets.len() - 1)
    }
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
                // Of hashes with one tag it does not tell which was meant.
                let pair = (tag(hash), at);
                if put && model.insert(pair) {
                    index.insert(hash, at);
                } else if !put {
                    model.remove(&pair);
                    index.remove(hash, at);
                }
                prop_assert_eq!(index.len(), model.len());
                for (tag, at) in &model {
                    prop_assert_eq!(index.find(u64::from(*tag) << 32, |other| other == *at), Some(*at));
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
