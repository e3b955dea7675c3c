use ipnet::IpNet;

use super::net::{Key, PackedNet};
use super::offences::Offence;
use super::recent::{Keyed, Place, Recent};
use super::window::{Window, WindowRule};
use crate::Time;

/// What a failure led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not enough yet: the count so far.
    Counting(u32),
    /// `maxretry` is reached, and the window is empty again.
    Reached {
        /// Lines that led to it.
        failures: u32,
        /// The newest of them; a ban starts here.
        time: Time,
        /// Earlier bans in this jail, as they were known when the window began.
        bans: u32,
    },
}

/// What a failure asks for besides its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beyond {
    Nothing,
    /// The window fills: whether a ban is in force.
    Ban,
    /// The window begins: what was before it.
    Offence,
}

/// A window that changed since it was last asked for: what it holds now, or `None` when it is gone.
pub type Change = (IpNet, Option<Window>);

/// The failures of one jail by address.
///
/// An address that reached `maxretry` keeps its entry, with an empty window: most go on, and would be put in anew each
/// time. Nobody outside sees it until it fails again.
#[derive(Debug)]
pub struct Windows {
    rule: WindowRule,
    entries: Recent<PackedNet, Entry>,
    /// Those of which something is counted.
    counting: usize,
    dropped: u64,
    /// Addresses whose windows changed, some perhaps twice; `None` when nobody will ask.
    changed: Option<Vec<PackedNet>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    window: Window,
    /// Bans of the address from before, or [`UNASKED`], and when the last one began: an [`Offence`] would have padding.
    bans: u32,
    banned: Time,
    /// Stands in `changed`.
    noted: bool,
}

const UNASKED: u32 = u32::MAX;

impl Entry {
    fn offence(&self) -> Offence {
        Offence { bans: self.bans, last: self.banned }
    }
}

impl From<Window> for Entry {
    fn from(window: Window) -> Self {
        Self { window, bans: UNASKED, banned: window.first, noted: false }
    }
}

impl Windows {
    /// No failures yet.
    pub fn new(rule: WindowRule) -> Self {
        Self { rule, entries: Recent::new(rule.capacity), counting: 0, dropped: 0, changed: None }
    }

    /// Remembers which windows change, for [`Self::take_changes`]; whoever asks for this must take them, or the list grows.
    pub fn note_changes(&mut self) {
        self.changed.get_or_insert_default();
    }

    /// A new configuration; what was counted stays. The capacity stays as it was made.
    pub fn set_rule(&mut self, rule: WindowRule) {
        self.rule = rule;
    }

    /// One failure, seen in the log at `time`, which need not be in order. `offence` says what the jail has against the
    /// address from before, where that makes failures heavier; it is asked once a window. `place` is what a look has given.
    ///
    /// A failure exactly `findtime` after the last still counts with it. One that comes late by more than `findtime` does
    /// not count.
    pub(super) fn record(
        &mut self,
        key: &Key,
        place: Option<Place>,
        time: Time,
        offence: impl FnOnce() -> Option<Offence>,
    ) -> Outcome {
        let rule = self.rule;
        let known = self.entries.touch_at(place, key.hash, key.net);
        let place = known.unwrap_or_else(|| self.insert(*key, Window::empty(time)));
        let entry = self.entries.at(place);
        if entry.window.is_empty() {
            self.counting += 1;
            entry.window = Window::empty(time);
        } else if time + rule.findtime < entry.window.last {
            return Outcome::Counting(entry.window.count);
        }
        if entry.bans == UNASKED {
            let Offence { bans, last } = offence().unwrap_or(Offence { bans: 0, last: time });
            (entry.bans, entry.banned) = (bans, last);
        }
        let start = time - rule.findtime;
        if start > entry.window.last {
            entry.window = Window::empty(time);
        }
        entry.window.add(time, start, rule.weight(entry.offence(), time), rule.findtime);
        if let Some(changed) = self.changed.as_mut().filter(|_| !entry.noted) {
            entry.noted = true;
            changed.push(key.net);
        }
        let Entry { window, bans, .. } = *entry;
        if window.count < rule.maxretry {
            return Outcome::Counting(window.count);
        }
        self.counting -= 1;
        *entry = Entry { noted: entry.noted, ..Window::empty(window.last).into() };
        Outcome::Reached { failures: window.failures, time: window.last, bans }
    }

    /// A host is going to fail: first where its window stands,
    #[inline]
    pub(super) fn look_ahead(&self, hash: u64) {
        self.entries.look_ahead(hash);
    }

    /// then the window. Where it stands, most probably.
    #[inline]
    pub(super) fn look_at(&self, hash: u64) -> Option<Place> {
        self.entries.look_at(hash)
    }

    /// What one more failure asks for besides the window at a place, as it looks.
    #[inline]
    pub(super) fn beyond(&self, place: Place) -> Beyond {
        let entry = self.entries.peek(place);
        if entry.bans == UNASKED {
            return Beyond::Offence;
        }
        let count = entry.window.count + self.rule.weight(entry.offence(), entry.window.last);
        if count >= self.rule.maxretry { Beyond::Ban } else { Beyond::Nothing }
    }

    /// Empties the window of one address.
    pub fn forget(&mut self, host: IpNet) {
        let Key { net, hash } = host.into();
        if let Some(entry) = self.entries.remove(hash, net) {
            self.note_removed(net, entry);
        }
    }

    /// What is counted for one address.
    pub fn window(&self, host: IpNet) -> Option<Window> {
        let Key { net, hash } = host.into();
        self.entries.get(hash, net).map(|entry| entry.window).filter(|window| !window.is_empty())
    }

    /// Every window, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (IpNet, Window)> {
        let all = self.entries.iter().map(|(key, entry)| (key.into(), entry.window));
        all.filter(|(_, window)| !window.is_empty())
    }

    /// Puts back what a store kept. Not a change.
    pub fn restore(&mut self, host: IpNet, window: Window) {
        let key = Key::from(host);
        let known = self.entries.touch(key.hash, key.net);
        let place = known.unwrap_or_else(|| self.insert(key, Window::empty(window.last)));
        let before = std::mem::replace(&mut self.entries.at(place).window, window);
        self.counting += usize::from(!window.is_empty());
        self.counting -= usize::from(!before.is_empty());
    }

    /// The windows that changed since the last call, each once with what it holds now.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let Some(changed) = self.changed.as_mut() else { return Vec::new() };
        let mut changes = Vec::with_capacity(changed.len());
        for key in std::mem::take(changed) {
            match self.entries.get_mut(key.hash(), key) {
                None => changes.push((key.into(), None)),
                Some(entry) if entry.noted => {
                    entry.noted = false;
                    changes.push((key.into(), Some(entry.window).filter(|window| !window.is_empty())));
                }
                Some(_) => {}
            }
        }
        changes
    }

    /// Housekeeping: looks at `steps` windows, at others each time, and drops those whose last failure is more than
    /// `findtime` before `now`.
    pub fn expire(&mut self, now: Time, mut steps: usize) {
        let start = now - self.rule.findtime;
        while let Some((key, entry)) = self.entries.sweep(&mut steps, |entry| entry.window.last < start) {
            self.note_removed(key, entry);
        }
    }

    /// Addresses with failures.
    pub fn len(&self) -> usize {
        self.counting
    }

    /// Addresses whose failures still count.
    pub fn live(&self, now: Time) -> usize {
        let start = now - self.rule.findtime;
        self.iter().filter(|(_, window)| window.last >= start).count()
    }

    /// Whether no address has failures.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Windows that had to make room for others since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Bytes on the heap, as far as they were written to.
    pub fn memory(&self) -> usize {
        let noted = self.changed.as_ref().map_or(0, Vec::capacity);
        self.entries.memory() + noted * size_of::<PackedNet>()
    }

    fn insert(&mut self, key: Key, window: Window) -> Place {
        let (place, evicted) = self.entries.insert(key.hash, key.net, window.into());
        if let Some((evicted, entry)) = evicted {
            self.dropped += u64::from(!entry.window.is_empty());
            self.note_removed(evicted, entry);
        }
        place
    }

    /// An empty window is gone already, and was noted then.
    fn note_removed(&mut self, key: PackedNet, entry: Entry) {
        if entry.window.is_empty() {
            return;
        }
        self.counting -= 1;
        if let Some(changed) = self.changed.as_mut().filter(|_| !entry.noted) {
            changed.push(key);
        }
    }
}

#[cfg(test)]
mod tests;
