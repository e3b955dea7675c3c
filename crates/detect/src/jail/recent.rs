use super::room::make_room;
use crate::index::Index;
use crate::processor::fetch;

/// A map with a bound: when it is full, an entry that has long been idle makes room. Every operation is O(1), taken
/// over many.
///
/// Which entry makes room is decided by a hand that goes around: it passes an entry that was used since it came by last,
/// and takes the first that was not. A list in order of use would be exact, but each use would touch two neighbours, and
/// to fetch them is most of what a failure costs. Callers know a key's hash already.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    nodes: Vec<Node<K, V>>,
    index: Index,
    capacity: usize,
    free: Vec<u32>,
    /// The next node that may have to make room.
    hand: usize,
    /// The next node that is asked whether it is stale.
    broom: usize,
}

/// What entries are found by.
pub(super) trait Keyed: Copy + Eq {
    /// The same for equal keys.
    fn hash(self) -> u64;
}

/// In one line of a processor's cache, if it is small enough: they are used in no order.
#[derive(Debug)]
#[repr(align(64))]
struct Node<K, V> {
    key: K,
    value: V,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    /// Not used since the hand came by.
    Idle,
    Used,
}

impl<K: Keyed, V: Copy> Recent<K, V> {
    /// At most `capacity` entries, at least one.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            nodes: Vec::new(),
            index: Index::default(),
            capacity: capacity.clamp(1, u32::MAX as usize),
            free: Vec::new(),
            hand: 0,
            broom: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Bytes on the heap, as far as they were written to.
    pub(super) fn memory(&self) -> usize {
        self.nodes.len() * size_of::<Node<K, V>>()
            + self.free.capacity() * size_of::<u32>()
            + self.index.memory()
    }

    /// A key is going to be looked up: first where it stands,
    #[inline]
    pub(super) fn look_ahead(&self, hash: u64) {
        self.index.look_ahead(hash);
    }

    /// then what stands there. Where that is, most probably.
    #[inline]
    pub(super) fn look_at(&self, hash: u64) -> Option<Place> {
        let at = self.index.look_at(hash)?;
        fetch(self.nodes.get(at as usize)?);
        Some(Place(at))
    }

    pub(super) fn get(&self, hash: u64, key: K) -> Option<&V> {
        self.find(hash, key).map(|at| &self.nodes[at as usize].value)
    }

    /// The value, without counting as a use.
    pub(super) fn get_mut(&mut self, hash: u64, key: K) -> Option<&mut V> {
        self.find(hash, key).map(|at| &mut self.nodes[at as usize].value)
    }

    /// The place of an entry, to be used until another is put in or removed.
    pub(super) fn touch(&mut self, hash: u64, key: K) -> Option<Place> {
        let at = self.find(hash, key)?;
        self.nodes[at as usize].state = State::Used;
        Some(Place(at))
    }

    /// As [`Recent::touch`], of an entry that may stand at `place`.
    pub(super) fn touch_at(&mut self, place: Option<Place>, hash: u64, key: K) -> Option<Place> {
        let node = place.and_then(|place| self.nodes.get_mut(place.0 as usize));
        match node.filter(|node| node.key == key && node.state != State::Free) {
            Some(node) => {
                node.state = State::Used;
                place
            }
            None => self.touch(hash, key),
        }
    }

    /// The value at a place, without counting as a use.
    pub(super) fn peek(&self, place: Place) -> &V {
        &self.nodes[place.0 as usize].value
    }

    /// The value at a place.
    pub(super) fn at(&mut self, place: Place) -> &mut V {
        &mut self.nodes[place.0 as usize].value
    }

    /// Puts in a key that is not there; gives its place, and the entry that had to make room.
    pub(super) fn insert(&mut self, hash: u64, key: K, value: V) -> (Place, Option<(K, V)>) {
        debug_assert!(self.find(hash, key).is_none());
        let evicted = (self.len() >= self.capacity).then(|| self.evict());
        let at = self.allot(Node { key, value, state: State::Used });
        self.index.insert(hash, at);
        (Place(at), evicted)
    }

    pub(super) fn remove(&mut self, hash: u64, key: K) -> Option<V> {
        self.find(hash, key).map(|at| self.remove_at(Place(at)))
    }

    /// The entry at a place.
    pub(super) fn remove_at(&mut self, Place(at): Place) -> V {
        let Node { key, value, .. } = self.nodes[at as usize];
        self.index.remove(key.hash(), at);
        self.nodes[at as usize].state = State::Free;
        self.free.push(at);
        value
    }

    /// Goes on through all entries in turn and removes one that is stale; gives up after `steps` that are not.
    pub(super) fn sweep(&mut self, steps: &mut usize, stale: impl Fn(&V) -> bool) -> Option<(K, V)> {
        while *steps > 0 {
            *steps -= 1;
            let at = next(&mut self.broom, self.nodes.len())?;
            let Node { key, value, state } = &self.nodes[at];
            if *state != State::Free && stale(value) {
                let key = *key;
                return Some((key, self.remove_at(Place(at as u32))));
            }
        }
        None
    }

    /// Every entry, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.index.iter().map(|at| &self.nodes[at as usize]).map(|node| (node.key, &node.value))
    }

    fn find(&self, hash: u64, key: K) -> Option<u32> {
        self.index.find(hash, |at| self.nodes[at as usize].key == key)
    }

    /// Of a full map.
    fn evict(&mut self) -> (K, V) {
        loop {
            let at = next(&mut self.hand, self.nodes.len()).expect("a full map has nodes");
            let node = &mut self.nodes[at];
            match node.state {
                State::Free => {}
                State::Used => node.state = State::Idle,
                State::Idle => {
                    let key = node.key;
                    return (key, self.remove_at(Place(at as u32)));
                }
            }
        }
    }

    fn allot(&mut self, node: Node<K, V>) -> u32 {
        if let Some(at) = self.free.pop() {
            self.nodes[at as usize] = node;
            return at;
        }
        make_room(&mut self.nodes, self.capacity);
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(u32);

/// The number at `at`, which goes around below `len`.
fn next(at: &mut usize, len: usize) -> Option<usize> {
    let now = if *at < len { *at } else { 0 };
    *at = now + 1;
    (len > 0).then_some(now)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    impl Keyed for u8 {
        fn hash(self) -> u64 {
            u32::from(self).hash()
        }
    }

    impl Keyed for u32 {
        fn hash(self) -> u64 {
            u64::from(self).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_map_but_for_what_had_to_make_room(
            capacity in 1usize..6,
            steps in proptest::collection::vec((0u8..5, 0u8..8, any::<u32>()), 0..200),
        ) {
            let mut map = Recent::new(capacity);
            let mut model: HashMap<u8, u32> = HashMap::new();
            let mut place = None;
            for (what, key, value) in steps {
                match what {
                    0 => prop_assert_eq!(map.remove(key.hash(), key), model.remove(&key)),
                    1 => while let Some((key, value)) = map.sweep(&mut 20, |value| value % 2 == 0) {
                        prop_assert_eq!(model.remove(&key), Some(value));
                        prop_assert!(value % 2 == 0);
                    },
                    _ => match map.touch_at(place, key.hash(), key) {
                        Some(place) => {
                            *map.at(place) = value;
                            prop_assert!(model.insert(key, value).is_some());
                        }
                        None => {
                            let (place, evicted) = map.insert(key.hash(), key, value);
                            prop_assert_eq!(*map.at(place), value);
                            prop_assert_eq!(evicted.is_some(), model.len() == capacity);
                            if let Some((key, value)) = evicted {
                                prop_assert_eq!(model.remove(&key), Some(value));
                            }
                            prop_assert!(model.insert(key, value).is_none());
                        }
                    },
                }
                // Of this key or of another, there still or not.
                place = if value % 3 > 0 { map.look_at(key.hash()) } else { place };
                prop_assert_eq!(map.len(), model.len());
                prop_assert_eq!(map.iter().map(|(key, value)| (key, *value)).collect::<HashMap<_, _>>(), model.clone());
                for key in 0..8 {
                    prop_assert_eq!(map.get(key.hash(), key), model.get(&key));
                }
            }
        }
    }

    #[test]
    fn who_is_used_between_two_rounds_of_the_hand_stays() {
        let mut map = Recent::new(10);
        for key in 0..1000u32 {
            if map.touch(0u32.hash(), 0).is_none() {
                map.insert(0u32.hash(), 0, ());
            }
            map.insert((key + 1).hash(), key + 1, ());
        }
        assert!(map.get(0u32.hash(), 0).is_some());
    }

    #[test]
    fn memory_stays_within_the_bound_however_many_keys_come() {
        let mut map = Recent::new(1000);
        for key in 0..100_000u32 {
            map.insert(key.hash(), key, ());
        }
        assert_eq!(map.len(), 1000);
        assert!(map.memory() < 1000 * (64 + 24), "{}", map.memory());
    }
}
