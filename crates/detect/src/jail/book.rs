use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::ban::{Attempt, Ban, Decision, JailId, Length};
use super::net::{Key, PackedNet};
use super::recent::Keyed;
use super::room::make_room;
use crate::Time;
use crate::index::Index;
use crate::processor::fetch;

/// The live bans of all jails, by address and by their end.
///
/// At most `capacity`; beyond that the ban that ends first makes room.
#[derive(Debug)]
pub struct Book {
    names: Vec<Box<str>>,
    /// Live bans by [`JailId`].
    counts: Vec<usize>,
    /// How many bans there are of each kind of network.
    kinds: [u32; PackedNet::KINDS],
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// By the hash of the host alone, so that one look finds it in every jail.
    index: Index,
    /// When each ban ends, or ended before it was prolonged: a ban that is prolonged with every failure is not moved
    /// before the old end comes.
    ends: BTreeSet<(Time, u32)>,
    /// No ban is listed to end before.
    quiet: Time,
    capacity: usize,
}

/// In one line of a processor's cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Slot {
    start: Time,
    /// [`NEVER`] stands for no end.
    until: Time,
    /// As it stands in [`Book::ends`].
    listed: Time,
    failures: u32,
    count: u32,
    host: PackedNet,
    jail: JailId,
}

const NEVER: Time = Time::from_micros(i64::MAX);

impl Slot {
    fn ban(&self) -> Ban {
        let until = (self.until != NEVER).then_some(self.until);
        let Self { start, failures, count, jail, host, .. } = *self;
        Ban { jail, host: host.into(), start, until, failures, count }
    }
}

impl From<Ban> for Slot {
    fn from(ban: Ban) -> Self {
        let Ban { jail, host, start, until, failures, count } = ban;
        let until = until.unwrap_or(NEVER);
        Self { start, until, listed: until, failures, count, host: host.into(), jail }
    }
}

impl Book {
    /// An empty book for at most `capacity` live bans.
    pub fn new(capacity: usize) -> Self {
        Self {
            names: Vec::new(),
            counts: Vec::new(),
            kinds: [0; PackedNet::KINDS],
            slots: Vec::new(),
            free: Vec::new(),
            index: Index::default(),
            ends: BTreeSet::new(),
            quiet: NEVER,
            capacity: capacity.clamp(1, u32::MAX as usize),
        }
    }

    /// The number of a jail; a new name gets the next one.
    ///
    /// # Panics
    /// With more than 65,536 names.
    pub fn jail(&mut self, name: &str) -> JailId {
        self.find_jail(name).unwrap_or_else(|| {
            let id = u16::try_from(self.names.len()).expect("fewer than 65,536 jails");
            self.names.push(name.into());
            self.counts.push(0);
            JailId::new(id)
        })
    }

    /// The number of a jail that has one.
    pub fn find_jail(&self, name: &str) -> Option<JailId> {
        self.names.iter().position(|known| **known == *name).map(|at| JailId::new(at as u16))
    }

    /// A jail's name.
    pub fn name(&self, jail: JailId) -> &str {
        &self.names[jail.index()]
    }

    /// What the attempt leads to. A new ban is in the book when this returns.
    ///
    /// A ban in force is not begun again, but as in Fail2Ban it is prolonged when the new one would end later. An ended
    /// one that [`Self::expire`] has not yet given out is replaced.
    pub fn decide(&mut self, attempt: &Attempt, length: Length) -> Decision {
        let Attempt { jail, host, time, .. } = *attempt;
        self.again(jail, host.into(), time, length.again).unwrap_or_else(|| self.begin(attempt, length.new))
    }

    /// What an attempt leads to where a ban is in force: to that, until `length` after it or longer.
    pub(super) fn again(
        &mut self,
        jail: JailId,
        host: Key,
        time: Time,
        length: Option<Duration>,
    ) -> Option<Decision> {
        let at = self.find(jail, host)?;
        let slot = &mut self.slots[at as usize];
        if slot.until <= time {
            self.take(at);
            return None;
        }
        let until = end(time, length);
        let prolonged = until > slot.until;
        slot.until = until.max(slot.until);
        Some(Decision::AlreadyBanned { ban: slot.ban(), prolonged })
    }

    /// What it leads to where none is in force.
    pub(super) fn begin(&mut self, attempt: &Attempt, length: Option<Duration>) -> Decision {
        let Attempt { jail, host, time, now, failures, earlier } = *attempt;
        let until = end(time, length);
        if until <= now {
            return Decision::Over;
        }
        let until = (until != NEVER).then_some(until);
        let ban = Ban { jail, host, start: time, until, failures, count: earlier.saturating_add(1) };
        Decision::Ban { ban, displaced: self.insert(ban.into()) }
    }

    /// Puts in a ban as it is, in place of one of the same jail and host; gives the one that had to make room.
    pub fn restore(&mut self, ban: Ban) -> Option<Ban> {
        self.remove(ban.jail, ban.host);
        self.insert(ban.into())
    }

    /// Room for so many more, without growing step by step.
    pub fn reserve(&mut self, bans: usize) {
        self.slots.reserve_exact(bans);
        self.index.reserve(bans);
    }

    /// Ends a ban before its time.
    pub fn remove(&mut self, jail: JailId, host: IpNet) -> Option<Ban> {
        self.find(jail, host.into()).map(|at| self.take(at))
    }

    /// The ban of exactly this host in this jail.
    pub fn get(&self, jail: JailId, host: IpNet) -> Option<Ban> {
        self.find(jail, host.into()).map(|at| self.slots[at as usize].ban())
    }

    /// A host is going to be looked up: first where its ban stands,
    #[inline]
    pub(super) fn look_ahead(&self, hash: u64) {
        self.index.look_ahead(hash);
    }

    /// then the ban.
    #[inline]
    pub(super) fn look_at(&self, hash: u64) {
        if let Some(slot) = self.index.look_at(hash).and_then(|at| self.slots.get(at as usize)) {
            fetch(slot);
        }
    }

    /// Every ban that hits `ip`, in any jail: of the address itself and of networks around it.
    pub fn covering(&self, ip: IpAddr) -> impl Iterator<Item = Ban> {
        let ip = ip.to_canonical();
        (0..PackedNet::KINDS)
            .filter(|kind| self.kinds[*kind] > 0)
            .filter_map(move |kind| PackedNet::of_kind(ip, kind))
            .flat_map(|net| self.of(net))
    }

    /// Every live ban, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Ban> {
        self.index.iter().map(|at| self.slots[at as usize].ban())
    }

    /// All live bans.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether nobody is banned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The live bans of one jail.
    pub fn len_of(&self, jail: JailId) -> usize {
        self.counts[jail.index()]
    }

    /// When the next ban ends, if any does.
    pub fn next_end(&mut self) -> Option<Time> {
        self.first_end().map(|(until, _)| until).filter(|until| *until != NEVER)
    }

    /// Takes out the bans that have ended by `now`, the first to end first. A caller that stops early finds the rest next
    /// time.
    pub fn expire(&mut self, now: Time) -> impl Iterator<Item = Ban> {
        std::iter::from_fn(move || {
            if self.quiet > now {
                return None;
            }
            self.quiet = self.ends.first().map_or(NEVER, |(listed, _)| *listed);
            if self.quiet > now {
                return None;
            }
            let (until, at) = self.first_end()?;
            (until <= now && until != NEVER).then(|| self.take(at))
        })
    }

    /// The ban that ends first, and when.
    fn first_end(&mut self) -> Option<(Time, u32)> {
        loop {
            let (listed, at) = *self.ends.first()?;
            let until = self.slots[at as usize].until;
            if until == listed {
                return Some((until, at));
            }
            self.slots[at as usize].listed = until;
            self.ends.pop_first();
            self.ends.insert((until, at));
        }
    }

    fn find(&self, jail: JailId, host: Key) -> Option<u32> {
        self.index.find(host.hash, |at| {
            let slot = &self.slots[at as usize];
            slot.host == host.net && slot.jail == jail
        })
    }

    fn of(&self, host: PackedNet) -> impl Iterator<Item = Ban> {
        self.index
            .all(host.hash())
            .map(|at| &self.slots[at as usize])
            .filter(move |slot| slot.host == host)
            .map(Slot::ban)
    }

    /// Of a jail and host that are not in the book.
    fn insert(&mut self, slot: Slot) -> Option<Ban> {
        let first = if self.len() >= self.capacity { self.first_end() } else { None };
        let displaced = first.map(|(_, at)| self.take(at));
        let at = match self.free.pop() {
            Some(at) => {
                self.slots[at as usize] = slot;
                at
            }
            None => {
                make_room(&mut self.slots, self.capacity);
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        self.index.insert(slot.host.hash(), at);
        self.ends.insert((slot.listed, at));
        self.quiet = self.quiet.min(slot.listed);
        self.counts[slot.jail.index()] += 1;
        self.kinds[slot.host.kind()] += 1;
        displaced
    }

    fn take(&mut self, at: u32) -> Ban {
        let slot = self.slots[at as usize];
        self.index.remove(slot.host.hash(), at);
        self.ends.remove(&(slot.listed, at));
        self.free.push(at);
        self.counts[slot.jail.index()] -= 1;
        self.kinds[slot.host.kind()] -= 1;
        slot.ban()
    }
}

fn end(start: Time, length: Option<Duration>) -> Time {
    length.map_or(NEVER, |length| start + length)
}

#[cfg(test)]
mod tests;
