use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

/// A map with a bound: when it is full, the entry that has been idle longest makes room. Every operation is O(1).
///
/// Nodes stand in one vector and are chained by index from the longest idle to the latest; the table holds indices only.
/// Hashes are seeded at random, since attackers choose the keys.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    nodes: Vec<Node<K, V>>,
    table: HashTable<u32>,
    hasher: RandomState,
    capacity: usize,
    oldest: u32,
    latest: u32,
    /// Unused nodes, chained by `newer`.
    free: u32,
}

#[derive(Debug)]
struct Node<K, V> {
    key: K,
    value: V,
    older: u32,
    newer: u32,
}

const NONE: u32 = u32::MAX;

impl<K: Copy + Eq + Hash, V: Copy> Recent<K, V> {
    /// At most `capacity` entries, at least one.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            nodes: Vec::new(),
            table: HashTable::new(),
            hasher: RandomState::default(),
            capacity: capacity.clamp(1, NONE as usize),
            oldest: NONE,
            latest: NONE,
            free: NONE,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes on the heap.
    pub(super) fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Node<K, V>>() + self.table.allocation_size()
    }

    pub(super) fn get(&self, key: K) -> Option<&V> {
        self.find(key).map(|at| &self.nodes[at as usize].value)
    }

    /// The value, without making its entry the latest.
    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.find(key).map(|at| &mut self.nodes[at as usize].value)
    }

    /// Makes the entry the latest and gives its value.
    pub(super) fn touch(&mut self, key: K) -> Option<&mut V> {
        let at = self.find(key)?;
        if at != self.latest {
            self.unlink(at);
            self.link_latest(at);
        }
        Some(&mut self.nodes[at as usize].value)
    }

    /// Puts in a key that is not there, as the latest; gives the entry that had to make room.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        debug_assert!(self.find(key).is_none());
        let evicted = if self.len() >= self.capacity { self.pop_oldest() } else { None };
        let at = self.allot(Node { key, value, older: NONE, newer: NONE });
        self.link_latest(at);
        let Self { nodes, table, hasher, .. } = self;
        let hash_of = |at: &u32| hasher.hash_one(nodes[*at as usize].key);
        table.insert_unique(hasher.hash_one(key), at, hash_of);
        evicted
    }

    pub(super) fn remove(&mut self, key: K) -> Option<V> {
        let nodes = &self.nodes;
        let same = |at: &u32| nodes[*at as usize].key == key;
        let (at, _) = self.table.find_entry(self.hasher.hash_one(key), same).ok()?.remove();
        self.unlink(at);
        self.nodes[at as usize].newer = self.free;
        self.free = at;
        Some(self.nodes[at as usize].value)
    }

    /// The entry that has been idle longest.
    pub(super) fn oldest(&self) -> Option<(K, &V)> {
        self.nodes.get(self.oldest as usize).map(|node| (node.key, &node.value))
    }

    pub(super) fn pop_oldest(&mut self) -> Option<(K, V)> {
        let (key, _) = self.oldest()?;
        self.remove(key).map(|value| (key, value))
    }

    /// Every entry, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.table.iter().map(|at| &self.nodes[*at as usize]).map(|node| (node.key, &node.value))
    }

    fn find(&self, key: K) -> Option<u32> {
        self.table.find(self.hasher.hash_one(key), |at| self.nodes[*at as usize].key == key).copied()
    }

    fn allot(&mut self, node: Node<K, V>) -> u32 {
        if let Some(slot) = self.nodes.get_mut(self.free as usize) {
            let at = self.free;
            self.free = slot.newer;
            *slot = node;
            return at;
        }
        if self.nodes.len() == self.nodes.capacity() {
            // Doubling as a vector does, but never past the bound.
            let room = self.capacity.saturating_sub(self.nodes.len()).max(1);
            self.nodes.reserve_exact(self.nodes.len().clamp(16, room.max(16)));
        }
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    fn unlink(&mut self, at: u32) {
        let Node { older, newer, .. } = self.nodes[at as usize];
        match self.nodes.get_mut(older as usize) {
            Some(node) => node.newer = newer,
            None => self.oldest = newer,
        }
        match self.nodes.get_mut(newer as usize) {
            Some(node) => node.older = older,
            None => self.latest = older,
        }
    }

    fn link_latest(&mut self, at: u32) {
        let older = self.latest;
        match self.nodes.get_mut(older as usize) {
            Some(node) => node.newer = at,
            None => self.oldest = at,
        }
        let node = &mut self.nodes[at as usize];
        (node.older, node.newer) = (older, NONE);
        self.latest = at;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    /// The same map as a queue that is searched from end to end.
    #[derive(Default)]
    struct Model(VecDeque<(u8, u32)>);

    impl Model {
        fn take(&mut self, key: u8) -> Option<(u8, u32)> {
            let at = self.0.iter().position(|(have, _)| *have == key)?;
            self.0.remove(at)
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_queue_that_is_searched(
            capacity in 1usize..6,
            steps in proptest::collection::vec((0u8..4, 0u8..8, any::<u32>()), 0..200),
        ) {
            let mut map = Recent::new(capacity);
            let mut model = Model::default();
            for (what, key, value) in steps {
                match what {
                    0 => prop_assert_eq!(map.remove(key), model.take(key).map(|(_, value)| value)),
                    1 => prop_assert_eq!(map.pop_oldest(), model.0.pop_front()),
                    _ => match map.touch(key) {
                        Some(have) => {
                            *have = value;
                            model.take(key).unwrap();
                            model.0.push_back((key, value));
                        }
                        None => {
                            let full = model.0.len() == capacity;
                            let evicted = if full { model.0.pop_front() } else { None };
                            prop_assert_eq!(map.insert(key, value), evicted);
                            model.0.push_back((key, value));
                        }
                    },
                }
                prop_assert_eq!(map.len(), model.0.len());
                prop_assert_eq!(map.oldest(), model.0.front().map(|(key, value)| (*key, value)));
                for key in 0..8 {
                    let expected = model.0.iter().find(|(have, _)| *have == key).map(|(_, value)| value);
                    prop_assert_eq!(map.get(key), expected);
                }
            }
        }
    }

    #[test]
    fn memory_stays_within_the_bound_however_many_keys_come() {
        let mut map = Recent::new(1000);
        for key in 0..100_000u32 {
            map.insert(key, ());
        }
        assert_eq!(map.len(), 1000);
        assert!(map.memory() < 1000 * 40, "{}", map.memory());
    }
}
