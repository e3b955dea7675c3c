//! What has happened so far.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::Event;
use super::attackers::{Fate, Try};
use super::cast::{Actor, CAST, Role};
use super::kernel::Held;
use crate::control::protocol::StatusReport;
use crate::output::address;

/// Lines of the log that are kept for the screen.
pub(super) const LOG_LINES: usize = 4;

pub(super) struct Scene {
    began: Instant,
    /// The attackers have gone home.
    pub(super) finished: bool,
    pub(super) rows: [Row; CAST.len()],
    /// The last lines of the log.
    pub(super) log: VecDeque<String>,
    /// What the kernel holds.
    pub(super) bans: Vec<Held>,
    /// Packets that the kernel refused.
    pub(super) packets: u64,
    /// Not told yet.
    news: Vec<News>,
}

/// One of the cast, and what became of its connections.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) actor: Actor,
    pub(super) welcomed: u32,
    pub(super) failed: u32,
    pub(super) refused: u32,
    pub(super) lost: u32,
}

/// For who reads line by line.
pub(super) enum News {
    Logged(String),
    Banned(IpNet),
    Refused(IpAddr),
    Welcomed(IpAddr),
}

impl Row {
    pub(super) fn tries(&self) -> u32 {
        self.welcomed + self.failed + self.refused + self.lost
    }
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            finished: false,
            rows: CAST.map(|actor| Row { actor, welcomed: 0, failed: 0, refused: 0, lost: 0 }),
            log: VecDeque::new(),
            bans: Vec::new(),
            packets: 0,
            news: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, event: Event) {
        match event {
            Event::Logged(line) => {
                self.news.push(News::Logged(line.clone()));
                self.log.push_back(line);
                if self.log.len() > LOG_LINES {
                    self.log.pop_front();
                }
            }
            Event::Tried(attempt) => self.count(attempt),
            Event::Over => self.finished = true,
        }
    }

    fn count(&mut self, Try { from, fate }: Try) {
        let Some(row) = self.rows.iter_mut().find(|row| row.actor.address == from) else { return };
        match fate {
            Fate::Welcomed => row.welcomed += 1,
            Fate::Failed => row.failed += 1,
            Fate::Refused => row.refused += 1,
            Fate::Lost => row.lost += 1,
        }
        match fate {
            Fate::Refused => self.news.push(News::Refused(from)),
            Fate::Welcomed => self.news.push(News::Welcomed(from)),
            // The log tells.
            Fate::Failed | Fate::Lost => {}
        }
    }

    /// Takes in what the daemon says of itself, and what the kernel holds.
    pub(super) fn see(&mut self, status: &StatusReport, held: Vec<Held>) {
        let known = |ban: &&Held| self.bans.iter().any(|known| known.net == ban.net);
        self.news.extend(held.iter().filter(|ban| !known(ban)).map(|ban| News::Banned(ban.net)));
        self.packets = status.jails.iter().map(|jail| jail.packets).sum();
        self.bans = held;
    }

    /// What has not been told yet.
    pub(super) fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The ban that keeps this address out.
    pub(super) fn ban_of(&self, address: IpAddr) -> Option<&Held> {
        self.bans.iter().find(|ban| ban.net.contains(&address))
    }

    /// What is banned of one family.
    pub(super) fn banned(&self, v4: bool) -> Vec<String> {
        let of_family = |ban: &&Held| ban.net.addr().is_ipv4() == v4;
        self.bans.iter().filter(of_family).map(|ban| address(ban.net)).collect()
    }

    pub(super) fn of(&self, role: Role) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.actor.role == role)
    }

    /// Whether it ended as it should: attackers of both families shut out, and nobody else.
    pub(super) fn is_happy(&self) -> bool {
        let shut_out = |row: &Row| row.refused > 0 && self.ban_of(row.actor.address).is_some();
        let unaffected = |row: &Row| row.welcomed > 0 && row.welcomed == row.tries();
        self.finished && self.of(Role::Attacker).all(shut_out) && self.of(Role::Visitor).all(unaffected)
    }
}

#[cfg(test)]
mod tests {
    use firewall::Remaining;

    use super::*;

    fn banned(net: IpNet) -> Held {
        Held { net, left: Remaining::Forever }
    }

    #[test]
    fn a_banned_network_keeps_out_each_of_its_addresses_and_no_other() {
        let mut scene = Scene::new();
        scene.bans = ["2001:db8:bad::/64", "203.0.113.7/32"].map(|net| banned(net.parse().unwrap())).into();
        assert!(scene.ban_of("2001:db8:bad::8".parse().unwrap()).is_some());
        assert!(scene.ban_of("2001:db8:bad:1::8".parse().unwrap()).is_none());
        assert!(scene.ban_of("203.0.113.7".parse().unwrap()).is_some());
        assert_eq!(scene.banned(true), ["203.0.113.7"]);
        assert_eq!(scene.banned(false), ["2001:db8:bad::/64"]);
    }

    #[test]
    fn the_end_is_happy_only_if_all_attackers_are_shut_out_and_the_visitor_never_was() {
        let mut scene = Scene::new();
        scene.take(Event::Over);
        assert!(!scene.is_happy(), "nothing happened");
        scene.bans = CAST[1..].iter().map(|actor| banned(actor.address.into())).collect();
        for actor in CAST {
            let fate = if actor.role == Role::Visitor { Fate::Welcomed } else { Fate::Refused };
            scene.take(Event::Tried(Try { from: actor.address, fate }));
        }
        assert!(scene.is_happy());
        scene.take(Event::Tried(Try { from: CAST[0].address, fate: Fate::Refused }));
        assert!(!scene.is_happy(), "the visitor was refused once");
    }
}
