use std::hint::black_box;

use ipnet::IpNet;

use super::book::JailId;
use super::net::PackedNet;
use super::recent::Recent;
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
    /// What `jail` has against `host`, or all jails together when `None`.
    fn earlier(&self, jail: Option<JailId>, host: IpNet) -> Option<Offence>;

    /// These hosts are going to be looked up.
    fn look_ahead(&self, _jail: JailId, _hosts: &[IpNet]) {}
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
        let key = (host.into(), jail);
        let offence = Offence { bans: count, last: time };
        match self.entries.touch(key) {
            Some(place) => *self.entries.at(place) = offence,
            None => drop(self.entries.insert(key, offence)),
        }
    }

    /// Forgives an address.
    pub fn forget(&mut self, jail: JailId, host: IpNet) {
        self.entries.remove((host.into(), jail));
    }
}

impl History for Offences {
    fn look_ahead(&self, jail: JailId, hosts: &[IpNet]) {
        let keys = hosts.iter().map(|host| (PackedNet::from(*host), jail));
        black_box(self.entries.get_all(keys).flatten().map(|offence| offence.bans).max());
    }

    fn earlier(&self, jail: Option<JailId>, host: IpNet) -> Option<Offence> {
        let key = PackedNet::from(host);
        if let Some(jail) = jail {
            return self.entries.get((key, jail)).copied();
        }
        (0..self.jails)
            .filter_map(|jail| self.entries.get((key, JailId::new(jail))).copied())
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
        let host = "192.0.2.1/32".parse().unwrap();
        assert_eq!(offences.earlier(None, host), None);
        offences.note(sshd, host, Time::from_secs(5), 1);
        offences.note(sshd, host, Time::from_secs(9), 2);
        offences.note(nginx, host, Time::from_secs(7), 1);
        let offence = |bans, last| Some(Offence { bans, last: Time::from_secs(last) });
        assert_eq!(offences.earlier(Some(sshd), host), offence(2, 9));
        assert_eq!(offences.earlier(None, host), offence(3, 9));
        offences.forget(sshd, host);
        assert_eq!(offences.earlier(None, host), offence(1, 7));
    }
}
