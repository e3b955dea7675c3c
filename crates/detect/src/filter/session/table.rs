//! The sessions that are open.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::Time;
use crate::index::Index;

use super::super::plain::Scratch;
use super::merge::{Line, Session};

/// More open sessions push out the oldest. Fail2Ban forgets after 100.
const SESSIONS: usize = 1024;
/// So do more bytes of their text.
const BYTES: usize = 4 << 20;
/// A session is forgotten so long after its first line, as in Fail2Ban.
const LIFE: Duration = Duration::from_secs(300);

/// The open sessions of one filter on one source.
///
/// An attacker can open as many as he likes, so there is a bound: the oldest is dropped for the newest, and what it
/// held back (failures still without an address) is lost with it.
#[derive(Debug)]
pub(in super::super) struct Sessions {
    hasher: RandomState,
    by_key: Index,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// The ends of the list through [`Slot::newer`], in order of age.
    oldest: u32,
    newest: u32,
    bytes: usize,
}

#[derive(Debug)]
struct Slot {
    hash: u64,
    session: Session,
    older: u32,
    newer: u32,
}

const NONE: u32 = u32::MAX;

impl Default for Sessions {
    fn default() -> Self {
        Sessions {
            hasher: RandomState::default(),
            by_key: Index::default(),
            slots: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
            bytes: 0,
        }
    }
}

impl Sessions {
    /// Joins a line to its session. The session is returned if the line completes a failure.
    pub(in super::super) fn add(
        &mut self,
        key: &[u8],
        at: Time,
        line: Line<'_>,
        scratch: &mut Scratch,
    ) -> Option<&Session> {
        let hash = self.hasher.hash_one(key);
        let known = self.find(hash, key, at);
        let forget = line.hit.marks.forget;
        let slot = known.unwrap_or_else(|| self.allot(hash));
        let session = &mut self.slots[slot as usize].session;
        let before = session.size();
        if known.is_none() {
            session.begin(key, at);
        }
        let failed = if known.is_none() && forget {
            session.add_last(line, scratch)
        } else {
            session.add(line, scratch)
        };
        self.bytes = self.bytes + session.size() - before;
        if forget {
            self.close(slot);
        }
        self.shrink(slot);
        failed.then(|| &self.slots[slot as usize].session)
    }

    /// Whether a session is open.
    pub(in super::super) fn knows(&mut self, key: &[u8], at: Time) -> bool {
        self.by_key.len() > 0 && self.find(self.hasher.hash_one(key), key, at).is_some()
    }

    fn find(&mut self, hash: u64, key: &[u8], at: Time) -> Option<u32> {
        let slots = &self.slots;
        let slot = self.by_key.find(hash, |slot| slots[slot as usize].session.key() == key)?;
        if at > self.slots[slot as usize].session.created + LIFE {
            self.close(slot);
            return None;
        }
        Some(slot)
    }

    /// A slot for a new session, in which that is still to begin.
    fn allot(&mut self, hash: u64) -> u32 {
        if self.by_key.len() == SESSIONS {
            self.close(self.oldest);
            // The next one to go has long not been used: it is fetched from memory before somebody waits for it.
            black_box(self.slots[self.oldest as usize].session.key().first().copied());
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { hash, session: Session::default(), older: NONE, newer: NONE });
            self.slots.len() as u32 - 1
        });
        let entry = &mut self.slots[slot as usize];
        (entry.hash, entry.older, entry.newer) = (hash, self.newest, NONE);
        match self.newest {
            NONE => self.oldest = slot,
            newest => self.slots[newest as usize].newer = slot,
        }
        self.newest = slot;
        self.by_key.insert(hash, slot);
        slot
    }

    /// Takes a session out of the table; its slot is used again, and holds its text until then.
    fn close(&mut self, slot: u32) {
        let Slot { hash, older, newer, .. } = self.slots[slot as usize];
        self.by_key.remove(hash, slot);
        match older {
            NONE => self.oldest = newer,
            older => self.slots[older as usize].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.slots[newer as usize].older = older,
        }
        self.free.push(slot);
    }

    /// Drops the oldest, but not `keep`, while there is too much text.
    fn shrink(&mut self, keep: u32) {
        while self.bytes > BYTES {
            let victim = match self.free.iter().position(|&slot| slot != keep && self.held(slot) > 0) {
                Some(at) => self.free[at],
                None if self.oldest != NONE && self.oldest != keep => {
                    let oldest = self.oldest;
                    self.close(oldest);
                    oldest
                }
                None => return,
            };
            self.bytes -= self.held(victim);
            self.slots[victim as usize].session = Session::default();
        }
    }

    fn held(&self, slot: u32) -> usize {
        self.slots[slot as usize].session.size()
    }
}
