//! Which slots of a table are in use, by hash and by age.

/// So many slots there are. More open sessions push out the oldest. Fail2Ban forgets after 100, and sshd lets so many wait
/// for their login (`MaxStartups`). Not many more, for those that nobody ends go around in the processor's cache.
pub(super) const MOST: usize = 256;
/// So many chains: most looks find an empty one, and whether one is empty is seldom guessed wrong.
const CHAINS: usize = 16 * MOST;
/// No slot.
const NONE: u16 = u16::MAX;

/// A hash table with lists in it. All of it is eleven kilobytes, which stay in the processor's first cache, and nothing
/// moves when a slot is given up, as it would among open addresses.
#[derive(Debug)]
pub(super) struct Slots {
    /// The first slot of each chain of those whose hashes are alike; empty before the first is taken.
    chains: Vec<u16>,
    links: Vec<Link>,
    free: Vec<u16>,
    oldest: u16,
    newest: u16,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    /// Half of the hash.
    hash: u32,
    /// The next one of its chain.
    next: u16,
    older: u16,
    newer: u16,
}

impl Default for Slots {
    fn default() -> Slots {
        Slots { chains: Vec::new(), links: Vec::new(), free: Vec::new(), oldest: NONE, newest: NONE }
    }
}

impl Slots {
    /// The slot in use with this hash that is the one.
    #[inline]
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(u16) -> bool) -> Option<u16> {
        let mut slot = *self.chains.get(chain(hash))?;
        while let Some(link) = self.links.get(usize::from(slot)) {
            if link.hash == hash && is_it(slot) {
                return Some(slot);
            }
            slot = link.next;
        }
        None
    }

    /// A slot for a hash: one that is not in use, a new one, or that of the oldest.
    pub(super) fn take(&mut self, hash: u32) -> u16 {
        if self.chains.is_empty() {
            self.chains = vec![NONE; CHAINS];
        }
        let free = self.free.pop().or_else(|| (self.links.len() == MOST).then(|| self.take_out(self.oldest)));
        let first = &mut self.chains[chain(hash)];
        let link = Link { hash, next: *first, older: self.newest, newer: NONE };
        let slot = match free {
            Some(slot) => {
                self.links[usize::from(slot)] = link;
                slot
            }
            None => {
                self.links.push(link);
                self.links.len() as u16 - 1
            }
        };
        *first = slot;
        match self.links.get_mut(usize::from(self.newest)) {
            Some(newest) => newest.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
        slot
    }

    /// A slot is no longer in use.
    pub(super) fn give_up(&mut self, slot: u16) {
        let slot = self.take_out(slot);
        self.free.push(slot);
    }

    /// Takes a slot in use out of its chain and its list.
    fn take_out(&mut self, slot: u16) -> u16 {
        let Link { hash, next, older, newer } = self.links[usize::from(slot)];
        let mut before = &mut self.chains[chain(hash)];
        while *before != slot {
            let at = usize::from(*before);
            before = &mut self.links[at].next;
        }
        *before = next;
        match self.links.get_mut(usize::from(older)) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
        match self.links.get_mut(usize::from(newer)) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
        slot
    }

    pub(super) fn oldest(&self) -> Option<u16> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    /// Those that were in use.
    pub(super) fn free(&self) -> impl Iterator<Item = u16> {
        self.free.iter().copied()
    }
}

#[inline]
fn chain(hash: u32) -> usize {
    hash as usize % CHAINS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Few hashes, so that chains have several slots; the model is a list in order of age.
        #[test]
        fn what_was_taken_is_found_until_it_is_given_up_or_the_oldest(
            deeds in prop::collection::vec((0u32..40, 0usize..4), 0..1200),
        ) {
            let mut slots = Slots::default();
            let mut model: Vec<(u32, u16)> = Vec::new();
            for (hash, deed) in deeds {
                let hash = hash % 20 + hash / 20 * CHAINS as u32;
                if deed > 0 {
                    let slot = slots.take(hash);
                    if model.len() == MOST {
                        prop_assert_eq!(model.remove(0).1, slot);
                    }
                    prop_assert!(!model.iter().any(|(_, other)| *other == slot));
                    model.push((hash, slot));
                } else if let Some(at) = model.iter().position(|(other, _)| *other == hash) {
                    slots.give_up(model.remove(at).1);
                }
                prop_assert_eq!(slots.oldest(), model.first().map(|(_, slot)| *slot));
                for slot in 0..MOST as u16 {
                    let taken = model.iter().find(|(_, other)| *other == slot);
                    for hash in [hash, taken.map_or(0, |(hash, _)| *hash)] {
                        let found = slots.find(hash, |other| other == slot);
                        prop_assert_eq!(found.is_some(), taken.is_some_and(|(own, _)| *own == hash));
                    }
                }
            }
        }
    }
}
