//! The sessions that are open.

use std::hash::BuildHasher;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::Time;

use super::super::plain::Scratch;
use super::super::span::Span;
use super::super::text::Text;
use super::merge::{Line, Session};
use super::slots::Slots;

/// More bytes of their text push out the oldest.
const BYTES: usize = 4 << 20;
/// A session is forgotten so long after its first line, as in Fail2Ban.
const LIFE: Duration = Duration::from_secs(300);

/// The open sessions of one filter on one source.
///
/// An attacker can open as many as he likes, so there is a bound: the oldest is dropped for the newest, and what it
/// held back (failures still without an address) is lost with it.
#[derive(Debug, Default)]
pub(in super::super) struct Sessions {
    hasher: RandomState,
    slots: Slots,
    /// By slot; one that is not in use holds its text until it is.
    sessions: Vec<Held>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Held {
    session: Session,
    /// Its part of [`Sessions::bytes`].
    bytes: usize,
}

/// What tells a line's session from others.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Key {
    /// Where it stands in the line.
    span: Span,
    hash: u32,
    /// The session, if it is open.
    slot: Option<u16>,
}

impl Key {
    /// Whether the session is yet to begin.
    pub(in super::super) fn is_new(self) -> bool {
        self.slot.is_none()
    }
}

impl Sessions {
    /// Looks for the session of a line, by what stands at `span` in it.
    pub(in super::super) fn find(&mut self, line: Text<'_>, span: Span, at: Time) -> Key {
        let key = &line.bytes()[span.range()];
        let hash = self.hasher.hash_one(key) as u32;
        let session = |slot: u16| &self.sessions[usize::from(slot)].session;
        let mut slot = self.slots.find(hash, |slot| session(slot).key() == key);
        if let Some(old) = slot.take_if(|slot| at > session(*slot).created + LIFE) {
            self.slots.give_up(old);
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
        let slot = key.slot.unwrap_or_else(|| self.slots.take(key.hash));
        let index = usize::from(slot);
        if index == self.sessions.len() {
            self.sessions.push(Held::default());
        }
        let held = &mut self.sessions[index];
        let failed = match key.is_new() {
            true => held.session.begin(key.span, at, line),
            false => held.session.add(line, scratch),
        };
        let bytes = held.session.size();
        self.bytes = self.bytes - held.bytes + bytes;
        held.bytes = bytes;
        if line.hit.marks.forget {
            self.slots.give_up(slot);
        }
        self.shrink(slot);
        failed.then(|| &self.sessions[index].session)
    }

    /// Drops the oldest, but not `keep`, while there is too much text.
    fn shrink(&mut self, keep: u16) {
        while self.bytes > BYTES {
            let holds = |slot: &u16| *slot != keep && self.sessions[usize::from(*slot)].bytes > 0;
            let free = self.slots.free().find(holds);
            let Some(victim) = free.or(self.slots.oldest().filter(|oldest| *oldest != keep)) else { return };
            if free.is_none() {
                self.slots.give_up(victim);
            }
            self.bytes -= std::mem::take(&mut self.sessions[usize::from(victim)]).bytes;
        }
    }
}
