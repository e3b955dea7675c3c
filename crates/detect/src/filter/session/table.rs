//! The sessions that are open.

use std::hash::BuildHasher;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::Time;
use crate::index::Index;

use super::super::plain::Scratch;
use super::super::span::Span;
use super::super::text::Text;
use super::merge::{Line, Session};

/// More open sessions push out the oldest. Fail2Ban forgets after 100, and sshd lets so many wait for their login
/// (`MaxStartups`). Not many more, for those that nobody ends go around in the processor's cache.
const SESSIONS: usize = 256;
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
    /// Its part of [`Sessions::bytes`].
    bytes: usize,
    older: u32,
    newer: u32,
}

/// What tells a line's session from others.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Key {
    /// Where it stands in the line.
    span: Span,
    hash: u64,
    /// The session, if it is open.
    slot: Option<u32>,
}

impl Key {
    /// Whether the session is yet to begin.
    pub(in super::super) fn is_new(self) -> bool {
        self.slot.is_none()
    }
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
    /// Looks for the session of a line, by what stands at `span` in it.
    pub(in super::super) fn find(&mut self, line: Text<'_>, span: Span, at: Time) -> Key {
        let key = &line.bytes()[span.range()];
        let hash = self.hasher.hash_one(key);
        let slots = &self.slots;
        let mut slot = self.by_key.find(hash, |slot| slots[slot as usize].session.key() == key);
        if let Some(old) = slot.take_if(|slot| at > slots[*slot as usize].session.created + LIFE) {
            self.close(old);
        }
        Key { span, hash, slot }
    }

    /// Joins a line to the session that was just found. The session is returned if the line completes a failure.
    pub(in super::super) fn add(
        &mut self,
        key: Key,
        at: Time,
        line: Line<'_>,
        scratch: &mut Scratch,
    ) -> Option<&Session> {
        let index = key.slot.unwrap_or_else(|| self.allot(key.hash));
        let slot = &mut self.slots[index as usize];
        if key.is_new() {
            slot.session.begin(key.span, at);
        }
        let failed = slot.session.add(line, scratch);
        let bytes = slot.session.size();
        self.bytes = self.bytes - slot.bytes + bytes;
        slot.bytes = bytes;
        if line.hit.marks.forget {
            self.close(index);
        }
        self.shrink(index);
        failed.then(|| &self.slots[index as usize].session)
    }

    /// A slot for a new session, in which that is still to begin.
    fn allot(&mut self, hash: u64) -> u32 {
        if self.by_key.len() == SESSIONS {
            self.close(self.oldest);
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { hash, session: Session::default(), bytes: 0, older: NONE, newer: NONE });
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
            let holds = |slot: u32| slot != keep && self.slots[slot as usize].bytes > 0;
            let victim = match self.free.iter().find(|&&slot| holds(slot)) {
                Some(&free) => free,
                None if self.oldest != NONE && self.oldest != keep => {
                    let oldest = self.oldest;
                    self.close(oldest);
                    oldest
                }
                None => return,
            };
            let slot = &mut self.slots[victim as usize];
            self.bytes -= std::mem::take(&mut slot.bytes);
            slot.session = Session::default();
        }
    }
}
