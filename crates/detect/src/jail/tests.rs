use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::{BanTimeSpec, IgnoreSpec};

/// Three failures in ten minutes ban for ten minutes.
fn spec() -> JailSpec {
    JailSpec {
        name: "sshd".to_owned(),
        maxretry: 3,
        findtime: Duration::from_secs(600),
        bantime: BanTimeSpec::fixed(Some(Duration::from_secs(600))),
        ignore: IgnoreSpec::default(),
        ipv6prefix: 128,
    }
}

fn growing(overalljails: bool) -> JailSpec {
    let bantime = BanTimeSpec { increment: true, overalljails, ..spec().bantime };
    JailSpec { bantime, maxretry: 6, ..spec() }
}

/// A replay in small.
struct Rig {
    book: Book,
    offences: Offences,
}

impl Rig {
    fn new() -> Self {
        Self { book: Book::new(100), offences: Offences::new(100) }
    }

    fn jail(&mut self, name: &str, spec: &JailSpec, ignored: &[&str]) -> Jail {
        let nets = ignored.iter().map(|net| net.parse::<IpNet>().unwrap());
        Jail::new(self.book.jail(name), spec, Ignore::new(nets), 100).unwrap()
    }

    fn fail(&mut self, jail: &mut Jail, ip: &str, seconds: i64) -> Verdict {
        let time = Time::from_secs(seconds);
        let suspect = jail.suspect(ip.parse::<IpAddr>().unwrap().into());
        let failure = Failure { suspect: &suspect, time, now: time, random: 0.0 };
        let verdict = jail.failure(&failure, &mut self.book, &self.offences);
        if let Verdict::Reached(Decision::Ban { ban, .. }) = verdict {
            self.offences.note(ban.jail, ban.host, ban.start, ban.count);
        }
        verdict
    }

    /// Fails every second from `start` until banned; how many failures it took, and for how many seconds.
    fn until_banned(&mut self, jail: &mut Jail, ip: &str, start: i64) -> (i64, u64) {
        for second in 0.. {
            if let Verdict::Reached(Decision::Ban { ban, .. }) = self.fail(jail, ip, start + second) {
                return (second + 1, ban.until.unwrap().since(ban.start).as_secs());
            }
        }
        unreachable!("the failures never lead to a ban")
    }
}

#[test]
fn enough_failures_ban_from_the_newest_on() {
    let mut rig = Rig::new();
    let mut jail = rig.jail("sshd", &spec(), &[]);
    assert_eq!(rig.fail(&mut jail, "192.0.2.1", 10), Verdict::Counting(1));
    assert_eq!(rig.fail(&mut jail, "192.0.2.1", 30), Verdict::Counting(2));
    let Verdict::Reached(Decision::Ban { ban, .. }) = rig.fail(&mut jail, "192.0.2.1", 20) else {
        panic!("no ban");
    };
    assert_eq!((ban.start, ban.until), (Time::from_secs(30), Some(Time::from_secs(630))));
    assert_eq!((ban.failures, ban.count), (3, 1));
}

#[test]
fn failures_of_a_banned_address_count_and_lead_to_no_second_ban() {
    let mut rig = Rig::new();
    let mut jail = rig.jail("sshd", &spec(), &[]);
    rig.until_banned(&mut jail, "192.0.2.1", 0);
    assert_eq!(rig.fail(&mut jail, "192.0.2.1", 100), Verdict::Counting(1));
    assert_eq!(rig.fail(&mut jail, "192.0.2.1", 101), Verdict::Counting(2));
    let third = rig.fail(&mut jail, "192.0.2.1", 102);
    assert!(matches!(third, Verdict::Reached(Decision::AlreadyBanned { prolonged: true, .. })), "{third:?}");
    assert_eq!(rig.book.len(), 1);
}

#[test]
fn ignored_addresses_are_not_even_counted() {
    let mut rig = Rig::new();
    let mut jail = rig.jail("sshd", &spec(), &["192.0.2.0/24"]);
    assert_eq!(rig.fail(&mut jail, "::ffff:192.0.2.1", 0), Verdict::Ignored);
    assert!(jail.windows().is_empty());
}

#[test]
fn an_ipv6_network_counts_as_one_unless_an_ignored_address_lives_in_it() {
    let mut rig = Rig::new();
    let mut jail = rig.jail("sshd", &JailSpec { ipv6prefix: 64, ..spec() }, &["2001:db8:1::5/128"]);
    rig.fail(&mut jail, "2001:db8::1", 0);
    assert_eq!(rig.fail(&mut jail, "2001:db8::2", 0), Verdict::Counting(2));
    rig.fail(&mut jail, "2001:db8:1::1", 0);
    assert_eq!(rig.fail(&mut jail, "2001:db8:1::2", 0), Verdict::Counting(1));
    assert_eq!(
        jail.suspect("2001:db8:1::2".parse::<IpAddr>().unwrap().into()).host().to_string(),
        "2001:db8:1::2/128"
    );
}

#[test]
fn repeated_bans_come_sooner_and_last_longer() {
    let mut rig = Rig::new();
    let mut jail = rig.jail("sshd", &growing(false), &[]);
    assert_eq!(rig.until_banned(&mut jail, "192.0.2.1", 0), (6, 600));
    // Every failure weighs 2, then 3, then 5, then 6 (9, but maxretry is 6).
    assert_eq!(rig.until_banned(&mut jail, "192.0.2.1", 10_000), (3, 1200));
    assert_eq!(rig.until_banned(&mut jail, "192.0.2.1", 20_000), (2, 2400));
    assert_eq!(rig.until_banned(&mut jail, "192.0.2.1", 30_000), (2, 4800));
    assert_eq!(rig.until_banned(&mut jail, "192.0.2.1", 40_000), (1, 9600));
}

#[test]
fn other_jails_bans_count_only_when_told_so() {
    for (overall, length) in [(false, 600), (true, 1200)] {
        let mut rig = Rig::new();
        let mut sshd = rig.jail("sshd", &growing(overall), &[]);
        let mut nginx = rig.jail("nginx", &growing(overall), &[]);
        rig.until_banned(&mut sshd, "192.0.2.1", 0);
        // Another jail's ban makes this one longer, but not sooner.
        assert_eq!(rig.until_banned(&mut nginx, "192.0.2.1", 100), (6, length));
    }
}

#[test]
fn a_commanded_ban_counts_as_one_and_may_have_its_own_length() {
    let mut rig = Rig::new();
    let mut jail = rig.jail("sshd", &growing(false), &[]);
    let host: IpNet = "192.0.2.0/24".parse().unwrap();
    let length = Some(Some(Duration::from_secs(5)).into());
    let command = Command { host, now: Time::from_secs(100), length, random: 0.0 };
    let Decision::Ban { ban, .. } = jail.command(&command, &mut rig.book, &rig.offences) else {
        panic!("no ban")
    };
    assert_eq!((ban.until, ban.failures, ban.count), (Some(Time::from_secs(105)), 0, 1));
    rig.offences.note(jail.id(), host, ban.start, ban.count);
    let later = Command { now: Time::from_secs(200), length: None, ..command };
    let Decision::Ban { ban, .. } = jail.command(&later, &mut rig.book, &rig.offences) else {
        panic!("no ban")
    };
    assert_eq!((ban.until, ban.count), (Some(Time::from_secs(1400)), 2));
}

#[test]
fn a_new_configuration_keeps_what_was_counted() {
    let mut rig = Rig::new();
    let mut jail = rig.jail("sshd", &spec(), &[]);
    rig.fail(&mut jail, "192.0.2.1", 0);
    jail.reconfigure(&JailSpec { maxretry: 2, ..spec() }, Ignore::default()).unwrap();
    assert!(matches!(rig.fail(&mut jail, "192.0.2.1", 1), Verdict::Reached(Decision::Ban { .. })));
    let formula = Some("ban.Time +".to_owned());
    let broken = JailSpec { bantime: BanTimeSpec { formula, ..spec().bantime }, ..spec() };
    assert_eq!(jail.reconfigure(&broken, Ignore::default()).unwrap_err().offset, 10);
}
