//! The jails at work: from a failure to a decision, in the daemon and in `palisade replay` alike.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, ToSocketAddrs};

use detect::jail::{
    BanTimes, Book, Command, Decision, Failure, FormulaError, History, Ignore, Jail, JailId, Suspect, Verdict,
};
use detect::{Address, IgnoreSpec, JailSpec, Time};
use ipnet::IpNet;

use super::lists::KeptLists;
use super::never_ban::NeverBan;

/// Addresses that one jail may track; one that has long been idle makes room for more. 80 bytes each.
const TRACKED: usize = 1 << 17;
/// Live bans of all jails; the one that ends first makes room for more.
const LIVE: usize = 1 << 20;

/// All jails of a configuration, and who is banned in them.
pub(crate) struct Jails {
    jails: Vec<Member>,
    pub(crate) book: Book,
    pub(crate) never_ban: NeverBan,
    random: RandomState,
    drawn: u64,
}

struct Member {
    spec: JailSpec,
    jail: Jail,
    /// `ignoreip`'s host names, as they were looked up when the configuration was loaded.
    named: Vec<IpNet>,
}

impl Jails {
    pub(crate) fn new(session: Option<IpAddr>, lists: &KeptLists) -> Self {
        Self {
            jails: Vec::new(),
            book: Book::new(LIVE),
            never_ban: NeverBan::new(session, lists),
            random: RandomState::new(),
            drawn: 0,
        }
    }

    /// Puts a configuration in force. Jails that stay keep what they counted. With an error in it nothing changes.
    pub(crate) fn configure(&mut self, specs: Vec<JailSpec>, now: Time) -> Result<(), FormulaError> {
        specs.iter().try_for_each(|spec| BanTimes::compile(&spec.bantime).map(drop))?;
        self.never_ban.refresh(now);
        let mut before = std::mem::take(&mut self.jails);
        for spec in specs {
            let named = look_up(&spec.ignore);
            let ignore = self.ignore(&spec.ignore, &named);
            let kept = before.iter().position(|member| member.spec.name == spec.name);
            let jail = match kept.map(|at| before.swap_remove(at).jail) {
                Some(mut jail) => {
                    jail.reconfigure(&spec, ignore)?;
                    jail
                }
                None => Jail::new(self.book.jail(&spec.name), &spec, ignore, TRACKED)?,
            };
            self.jails.push(Member { spec, jail, named });
        }
        Ok(())
    }

    /// Asks for the host's own addresses, if that is due, and makes the jails ignore them.
    pub(crate) fn refresh(&mut self, now: Time) -> Result<(), FormulaError> {
        if self.never_ban.refresh(now) {
            self.ignore_anew()?;
        }
        Ok(())
    }

    /// Takes the lists that are in force now, and makes the jails ignore what is in them.
    pub(crate) fn take_lists(&mut self, lists: &KeptLists) -> Result<(), FormulaError> {
        self.never_ban.take(lists);
        self.ignore_anew()
    }

    fn ignore_anew(&mut self) -> Result<(), FormulaError> {
        for at in 0..self.jails.len() {
            let member = &self.jails[at];
            let ignore = self.ignore(&member.spec.ignore, &member.named);
            let Member { spec, jail, .. } = &mut self.jails[at];
            jail.reconfigure(spec, ignore)?;
        }
        Ok(())
    }

    /// Whom failures accuse, each of an address in a jail, by index; what counting them will need is looked up. They are
    /// to be counted before anything is configured again.
    pub(crate) fn suspects(
        &self,
        failures: impl Iterator<Item = (usize, Address)> + Clone,
        history: &impl History,
    ) -> Vec<Option<Suspect>> {
        let suspect = |(at, address)| {
            let jail = self.jail(at)?;
            let suspect = jail.suspect(address);
            jail.look_ahead(suspect);
            Some(suspect)
        };
        let mut suspects: Vec<_> = failures.clone().map(suspect).collect();
        for ((at, _), suspect) in failures.clone().zip(&mut suspects) {
            if let (Some(jail), Some(suspect)) = (self.jail(at), suspect) {
                jail.look_at(suspect);
            }
        }
        for ((at, _), suspect) in failures.zip(&mut suspects) {
            if let (Some(jail), Some(suspect)) = (self.jail(at), suspect) {
                jail.look_beyond(suspect, &self.book, history);
            }
        }
        suspects.iter().flatten().for_each(|suspect| suspect.look_last(&self.book, history));
        suspects
    }

    /// Counts a failure of somebody in the jail of this index and decides.
    pub(crate) fn failure(
        &mut self,
        at: usize,
        suspect: &Suspect,
        time: Time,
        now: Time,
        history: &impl History,
    ) -> Option<Verdict> {
        let spread = self.jails.get(at)?.spec.bantime.rndtime.is_some();
        let random = if spread { self.draw() } else { 0.0 };
        let member = self.jails.get_mut(at)?;
        Some(member.jail.failure(&Failure { suspect, time, now, random }, &mut self.book, history))
    }

    /// A ban that a person commands; whether it is allowed has been asked.
    pub(crate) fn command(
        &mut self,
        at: usize,
        command: Command,
        history: &impl History,
    ) -> Option<Decision> {
        let command = Command { random: self.draw(), ..command };
        Some(self.jails.get_mut(at)?.jail.command(&command, &mut self.book, history))
    }

    /// Why `net` must not be banned in a jail, if so.
    pub(crate) fn objection(&self, at: usize, net: IpNet, session: Option<IpAddr>) -> Option<&'static str> {
        let ignored =
            |member: &Member| member.jail.ignore().overlaps(net).then_some("the jail's ignoreip has it");
        self.never_ban.objection(net, session).or_else(|| self.jails.get(at).and_then(ignored))
    }

    /// Whether earlier bans matter to any jail.
    pub(crate) fn grow(&self) -> bool {
        self.jails.iter().any(|member| member.jail.grows())
    }

    pub(crate) fn spec(&self, at: usize) -> Option<&JailSpec> {
        self.jails.get(at).map(|member| &member.spec)
    }

    pub(crate) fn jail(&self, at: usize) -> Option<&Jail> {
        self.jails.get(at).map(|member| &member.jail)
    }

    pub(crate) fn jail_mut(&mut self, at: usize) -> Option<&mut Jail> {
        self.jails.get_mut(at).map(|member| &mut member.jail)
    }

    /// The index of a jail by its name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.jails.iter().position(|member| member.spec.name == name)
    }

    /// The index of a jail by its number in the book; `None` for one that is no longer configured.
    pub(crate) fn index(&self, id: JailId) -> Option<usize> {
        self.jails.iter().position(|member| member.jail.id() == id)
    }

    pub(crate) fn len(&self) -> usize {
        self.jails.len()
    }

    fn ignore(&self, spec: &IgnoreSpec, named: &[IpNet]) -> Ignore {
        let own = self.never_ban.own().iter().filter(|_| spec.ignoreself);
        Ignore::new(spec.nets.iter().chain(named).chain(self.never_ban.listed()).chain(own).copied())
    }

    /// From `0..1`, for `bantime.rndtime`; nobody outside can foresee it.
    fn draw(&mut self) -> f64 {
        self.drawn = self.drawn.wrapping_add(1);
        let mut hasher = self.random.build_hasher();
        hasher.write_u64(self.drawn);
        (hasher.finish() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The addresses of `ignoreip`'s host names. One that cannot be looked up now ignores nobody.
fn look_up(spec: &IgnoreSpec) -> Vec<IpNet> {
    let addresses = spec.names.iter().filter_map(|name| (name.as_str(), 0).to_socket_addrs().ok());
    addresses.flatten().map(|address| IpNet::from(address.ip().to_canonical())).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use detect::BanTimeSpec;

    use super::*;

    fn spec(name: &str, maxretry: u32) -> JailSpec {
        let bantime = BanTimeSpec::fixed(Some(Duration::from_secs(60)));
        let findtime = Duration::from_secs(60);
        JailSpec {
            name: name.into(),
            maxretry,
            findtime,
            bantime,
            ignore: IgnoreSpec::default(),
            ipv6prefix: 128,
        }
    }

    #[test]
    fn a_configuration_with_an_error_changes_no_jail_and_drops_none() {
        let now = Time::from_secs(1_700_000_000);
        let mut jails = Jails::new(None, &KeptLists::built_in(std::path::Path::new("/nowhere")));
        jails.configure(vec![spec("a", 2), spec("b", 2), spec("c", 2)], now).unwrap();
        let mut broken = spec("b", 3);
        broken.bantime =
            BanTimeSpec { increment: true, formula: Some("ban.Time +".into()), ..broken.bantime };
        jails.configure(vec![spec("a", 3), broken, spec("c", 3)], now).unwrap_err();
        let now_there: Vec<_> = (0..jails.len()).filter_map(|at| jails.spec(at)).collect();
        assert_eq!(now_there, [&spec("a", 2), &spec("b", 2), &spec("c", 2)]);
    }
}
