use std::time::Duration;

use ipnet::IpNet;

use crate::Time;

/// A jail by number; [`super::Book::jail`] gives it, and a name keeps its number as long as the book lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JailId(u16);

impl JailId {
    pub(super) fn new(index: u16) -> Self {
        Self(index)
    }

    /// Counts from 0.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// One address or network that is banned in one jail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Where.
    pub jail: JailId,
    /// Who.
    pub host: IpNet,
    /// The newest failure that led to it.
    pub start: Time,
    /// When it ends, itself not banned any more; `None` is never.
    pub until: Option<Time>,
    /// Lines that led to it.
    pub failures: u32,
    /// The how manieth of this address, from 1.
    pub count: u32,
}

/// Somebody who reached a jail's limit, or whom a person wants to ban.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Where.
    pub jail: JailId,
    /// Who.
    pub host: IpNet,
    /// When the ban starts: the newest failure, in log time.
    pub time: Time,
    /// The present. In a replay this is the time in the log too.
    pub now: Time,
    /// Lines that led to it.
    pub failures: u32,
    /// Bans before this one.
    pub earlier: u32,
}

/// For how long somebody is to be banned; `None` is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// A new ban.
    pub new: Option<Duration>,
    /// From the new failure, when a ban is in force already.
    pub again: Option<Duration>,
}

impl From<Option<Duration>> for Length {
    fn from(length: Option<Duration>) -> Self {
        Self { new: length, again: length }
    }
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A new ban, now in the book.
    Ban {
        /// The ban.
        ban: Ban,
        /// The ban that ends first of all, which had to make room because the book was full.
        displaced: Option<Ban>,
    },
    /// A ban is in force.
    AlreadyBanned {
        /// As it stands now.
        ban: Ban,
        /// It now ends later than it did: the kernel and the store must learn this.
        prolonged: bool,
    },
    /// The ban would be over by now, as happens when old lines are read.
    Over,
}
