//! Failures of one jail, and what follows from them.
//!
//! `failure -> ignored? -> window -> enough? -> already banned? -> ban for how long`. [`Jail::failure`] is this flow; the
//! keeper and `palisade replay` both run it, the one with the store as [`History`] and the clock as `now`, the other with
//! [`Offences`] and the time in the log.
//!
//! The rules are Fail2Ban 1.0.2's, where they can be seen from outside:
//!
//! - A jail counts by address, over `findtime`, in log time; see [`Window`] for how it counts.
//! - With `bantime.increment` each failure of an address that this jail has banned before weighs more: 2 after one ban,
//!   3 after two, 5 after three, 9 … but never more than `maxretry`.
//! - Failures go on being counted while an address is banned. Reaching `maxretry` then starts no second ban, but puts off
//!   the end of the first to `bantime` after the newest failure, if that is later.
//! - A ban begins at the newest failure, not when it was read.
//!
//! Bounded are the windows of a jail, the live bans of all jails and the history of a replay; each says what it drops.

mod ban;
mod ban_times;
mod book;
mod formula;
mod ignore;
mod net;
mod offences;
mod recent;
mod room;
mod window;
mod windows;

use ipnet::IpNet;

pub use ban::{Attempt, Ban, Decision, JailId, Length};
pub use ban_times::BanTimes;
pub use book::Book;
pub use formula::{FormulaError, constant};
pub use ignore::Ignore;
pub use offences::{History, Offence, Offences};
pub use window::{Window, WindowRule};
pub use windows::{Change, Outcome, Windows};

use self::net::{Key, PackedNet};
use self::recent::Place;
use self::windows::Beyond;
use crate::{Address, JailSpec, Time};

/// One jail at work: its rules and what it has counted.
#[derive(Debug)]
pub struct Jail {
    id: JailId,
    rules: Rules,
    windows: Windows,
}

#[derive(Debug)]
struct Rules {
    ignore: Ignore,
    ban_times: BanTimes,
    ipv6prefix: u8,
    overalljails: bool,
    window: WindowRule,
}

/// Whom a failure in one jail accuses, ready to be looked up in every table.
#[derive(Clone, Copy, Debug)]
pub struct Suspect {
    key: Key,
    /// The jail's `ignoreip` has the address.
    ignored: bool,
    /// Where its window was when somebody looked.
    place: Option<Place>,
    /// What else will be asked for, most probably.
    beyond: Beyond,
}

impl Suspect {
    /// What is counted and banned.
    pub fn host(self) -> IpNet {
        self.key.net.into()
    }

    /// After all looks of its jail: has that fetched which was found to be asked for.
    #[inline]
    pub fn look_last(self, book: &Book, history: &impl History) {
        match self.beyond {
            Beyond::Nothing => {}
            Beyond::Ban => book.look_at(self.key.hash),
            Beyond::Offence => history.look_at(self),
        }
    }
}

impl From<IpNet> for Suspect {
    fn from(host: IpNet) -> Self {
        PackedNet::from(host).into()
    }
}

impl From<PackedNet> for Suspect {
    fn from(host: PackedNet) -> Self {
        Self { key: host.into(), ignored: false, place: None, beyond: Beyond::Nothing }
    }
}

/// A line that accuses an address.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// Whom; [`Jail::suspect`] gives it. Where it stands: a copy is made piece by piece, and its address is read whole.
    pub suspect: &'a Suspect,
    /// The time in the log.
    pub time: Time,
    /// The present; in a replay the time in the log too.
    pub now: Time,
    /// From `0..1`, for `bantime.rndtime`.
    pub random: f64,
}

/// A ban that a person wants.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Whom.
    pub host: IpNet,
    /// The present.
    pub now: Time,
    /// In place of the jail's own rule.
    pub length: Option<Length>,
    /// From `0..1`, for `bantime.rndtime`.
    pub random: f64,
}

/// What a failure led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The address is on the jail's `ignoreip`.
    Ignored,
    /// Not enough yet: the weight so far.
    Counting(u32),
    /// `maxretry` is reached.
    Reached(Decision),
}

impl Jail {
    /// A jail that has counted nothing. `ignored` is everybody whom it never bans, names looked up and the host's own
    /// addresses included; `capacity` is how many addresses it may track.
    pub fn new(id: JailId, spec: &JailSpec, ignored: Ignore, capacity: usize) -> Result<Self, FormulaError> {
        let rules = Rules::new(spec, ignored, capacity)?;
        let windows = Windows::new(rules.window);
        Ok(Self { id, rules, windows })
    }

    /// A new configuration; what was counted stays.
    pub fn reconfigure(&mut self, spec: &JailSpec, ignored: Ignore) -> Result<(), FormulaError> {
        self.rules = Rules::new(spec, ignored, self.rules.window.capacity)?;
        self.windows.set_rule(self.rules.window);
        Ok(())
    }

    /// Counts a failure and decides. A ban it leads to is in `book` when this returns; noting it in the history is the
    /// caller's part, since a keeper does so only when the kernel has it.
    pub fn failure(&mut self, failure: &Failure<'_>, book: &mut Book, history: &impl History) -> Verdict {
        let suspect = failure.suspect;
        if suspect.ignored {
            return Verdict::Ignored;
        }
        let grows = self.rules.ban_times.grows();
        let offence = || if grows { history.earlier(Some(self.id), *suspect) } else { None };
        match self.windows.record(&suspect.key, suspect.place, failure.time, offence) {
            Outcome::Counting(count) => Verdict::Counting(count),
            Outcome::Reached { failures, time, bans } => {
                let ban_times = &self.rules.ban_times;
                let again = book.again(self.id, suspect.key, time, ban_times.base());
                Verdict::Reached(again.unwrap_or_else(|| {
                    let earlier = match grows && !self.rules.overalljails {
                        // As the windows know it.
                        true => bans,
                        false => self.earlier_bans(*suspect, history),
                    };
                    let (jail, host, now) = (self.id, suspect.host(), failure.now);
                    let attempt = Attempt { jail, host, time, now, failures, earlier };
                    book.begin(&attempt, ban_times.length(earlier, failure.random))
                }))
            }
        }
    }

    /// Whom a failure of `address` accuses, until the next [`Jail::reconfigure`]: by `ipv6prefix`, but alone where the
    /// network holds an ignored address.
    #[inline]
    pub fn suspect(&self, address: Address) -> Suspect {
        let (counted, ignored) = self.rules.counted(address);
        Suspect { ignored, ..counted.into() }
    }

    /// Has fetched what a failure is going to need, and does nothing: first where its window stands,
    ///
    /// Many look-ups in a row wait for memory all at once; one failure after the other, the waiting is most of what it
    /// costs. So each look is for many suspects, and then comes the next, which needs what the one before has fetched.
    #[inline]
    pub fn look_ahead(&self, suspect: Suspect) {
        self.windows.look_ahead(suspect.key.hash);
    }

    /// then the window; the suspect is found again sooner.
    #[inline]
    pub fn look_at(&self, suspect: &mut Suspect) {
        suspect.place = self.windows.look_at(suspect.key.hash);
    }

    /// then where that stands which the window makes the failure ask for,
    #[inline]
    pub fn look_beyond(&self, suspect: &mut Suspect, book: &Book, history: &impl History) {
        suspect.beyond = match suspect.place.map_or(Beyond::Offence, |place| self.windows.beyond(place)) {
            Beyond::Offence if !self.rules.ban_times.grows() => Beyond::Nothing,
            beyond => beyond,
        };
        match suspect.beyond {
            Beyond::Nothing => {}
            Beyond::Ban => book.look_ahead(suspect.key.hash),
            Beyond::Offence => history.look_ahead(*suspect),
        }
    }

    /// A ban that a person commands, counted among this address's bans as any other; its window is empty then. Whether
    /// the address may be banned is the caller's question.
    pub fn command(&mut self, command: &Command, book: &mut Book, history: &impl History) -> Decision {
        let Command { host, now, length, random } = *command;
        self.windows.forget(host);
        let earlier = self.earlier_bans(host.into(), history);
        let attempt = Attempt { jail: self.id, host, time: now, now, failures: 0, earlier };
        let times = &self.rules.ban_times;
        let length =
            length.unwrap_or_else(|| Length { new: times.length(earlier, random), again: times.base() });
        book.decide(&attempt, length)
    }

    /// Whether it bans for longer whom it, or another jail, has banned before.
    pub fn grows(&self) -> bool {
        self.rules.ban_times.grows()
    }

    /// Its number in the book.
    pub fn id(&self) -> JailId {
        self.id
    }

    /// Whom it never bans.
    pub fn ignore(&self) -> &Ignore {
        &self.rules.ignore
    }

    /// What it has counted.
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// What it has counted, to restore, forget or drop what is old.
    pub fn windows_mut(&mut self) -> &mut Windows {
        &mut self.windows
    }

    fn earlier_bans(&self, suspect: Suspect, history: &impl History) -> u32 {
        let jail = (!self.rules.overalljails).then_some(self.id);
        history.earlier(jail, suspect).map_or(0, |offence| offence.bans)
    }
}

impl Rules {
    fn new(spec: &JailSpec, ignore: Ignore, capacity: usize) -> Result<Self, FormulaError> {
        Ok(Self {
            ignore,
            ban_times: BanTimes::compile(&spec.bantime)?,
            ipv6prefix: spec.ipv6prefix,
            overalljails: spec.bantime.overalljails,
            window: WindowRule { maxretry: spec.maxretry, findtime: spec.findtime, capacity },
        })
    }

    /// What a failure of `address` is counted for, and whether that is ignored.
    #[inline]
    fn counted(&self, address: Address) -> (PackedNet, bool) {
        let wide = PackedNet::around(address, self.ipv6prefix);
        if !wide.is_single() && !self.ignore.overlaps(wide.into()) {
            return (wide, false);
        }
        (PackedNet::around(address, 128), self.ignore.contains(address))
    }
}

#[cfg(test)]
mod tests;
