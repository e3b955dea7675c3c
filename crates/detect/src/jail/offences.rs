use ipnet::IpNet;

use super::Suspect;
use super::ban::JailId;
use super::net::{Key, PackedNet};
use super::recent::{Keyed, Recent};
use crate::Time;

/// How often an address was banned before, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offence {
    /// `ban.Count` of the next ban.
    pub bans: u32,
    /// When the last of them began.
    pub last: Time,
}

/// Where earlier bans are looked up: the store in the daemon, [`Offences`] in a replay.
pub trait History {
    /// What `jail` has against a host, or all jails together when `None`.
    fn earlier(&self, jail: Option<JailId>, suspect: Suspect) -> Option<Offence>;

    /// A host is going to be looked up: first where it stands, as far as that is in memory,
    fn look_ahead(&self, _suspect: Suspect) {}

    /// then what is known of it.
    fn look_at(&self, _suspect: Suspect) {}
}

/// A history in memory, of bounded size.
#[derive(Debug)]
pub struct Offences {
    entries: Recent<(PackedNet, JailId), Offence>,
    /// Over how many jails an address is looked up.
    jails: u16,
}

impl Offences {
    /// Keeps `capacity` pairs of jail and address and drops one that was banned long ago.
    pub fn new(capacity: usize) -> Self {
        Self { entries: Recent::new(capacity), jails: 0 }
    }

    /// A ban began at `time`; it was the jail's `count`th of this address.
    ///
    /// The count takes the place of the earlier one. With `bantime.overalljails` the earlier bans that the caller counted
    /// include other jails', so there it grows faster than by one; Fail2Ban does the same.
    pub fn note(&mut self, jail: JailId, host: IpNet, time: Time, count: u32) {
        self.jails = self.jails.max(jail.index() as u16 + 1);
        let Key { net, hash } = host.into();
        let offence = Offence { bans: count, last: time };
        match self.entries.touch(hash, (net, jail)) {
            Some(place) => *self.entries.at(place) = offence,
            None => drop(self.entries.insert(hash, (net, jail), offence)),
        }
    }

    /// Forgives an address.
    pub fn forget(&mut self, jail: JailId, host: IpNet) {
        let Key { net, hash } = host.into();
        self.entries.remove(hash, (net, jail));
    }
}

/// By the hash of the host alone, as in all tables.
impl Keyed for (PackedNet, JailId) {
    fn hash(self) -> u64 {
        self.0.hash()
    }
}

impl History for Offences {
    fn look_ahead(&self, suspect: Suspect) {
        self.entries.look_ahead(suspect.key.hash);
    }

    fn look_at(&self, suspect: Suspect) {
        self.entries.look_at(suspect.key.hash);
    }

    fn earlier(&self, jail: Option<JailId>, suspect: Suspect) -> Option<Offence> {
        let Key { net, hash } = suspect.key;
        if let Some(jail) = jail {
            return self.entries.get(hash, (net, jail)).copied();
        }
        (0..self.jails)
            .filter_map(|jail| self.entries.get(hash, (net, JailId::new(jail))).copied())
            .reduce(|a, b| Offence { bans: a.bans.saturating_add(b.bans), last: a.last.max(b.last) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_jail_and_over_all() {
        let mut offences = Offences::new(10);
        let (sshd, nginx) = (JailId::new(0), JailId::new(3));
        let host: IpNet = "192.0.2.1/32".parse().unwrap();
        assert_eq!(offences.earlier(None, Suspect::from(host)), None);
        offences.note(sshd, host, Time::from_secs(5), 1);
        offences.note(sshd, host, Time::from_secs(9), 2);
        offences.note(nginx, host, Time::from_secs(7), 1);
        let offence = |bans, last| Some(Offence { bans, last: Time::from_secs(last) });
        assert_eq!(offences.earlier(Some(sshd), Suspect::from(host)), offence(2, 9));
        assert_eq!(offences.earlier(None, Suspect::from(host)), offence(3, 9));
        offences.forget(sshd, host);
        assert_eq!(offences.earlier(None, Suspect::from(host)), offence(1, 7));
    }
}
