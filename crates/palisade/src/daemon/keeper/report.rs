//! `palisade status` and `palisade bans`, from the daemon's side.

use std::time::Duration;

use firewall::{JailTarget, Ports, Protocol};

use super::Keeper;
use super::plan::{BY_HAND, Planned, describe};
use crate::control::protocol::{BanReport, JailReport, Reply, StatusReport};
use crate::control::server::refusal;
use crate::daemon::protocol::FilterCounters;
use crate::exit::Exit;
use crate::output::address;

impl Keeper {
    pub(super) fn status(&mut self, only: Option<&str>) -> Reply {
        if let Some(name) = only
            && self.jails.find(name).is_none()
        {
            return refusal(Exit::Usage, format!("there is no jail {name}; `palisade status` lists them"));
        }
        let packets = match self.firewall.counters() {
            Ok(counters) => counters,
            Err(error) => {
                self.kernel_trouble(Some(&error));
                Default::default()
            }
        };
        let totals = self.store.counters().unwrap_or_default();
        let wanted = |name: &str| only.map_or(name != BY_HAND || self.banned(name) > 0, |only| only == name);
        let jails = self.plan.jails.iter().enumerate().filter(|(_, jail)| wanted(&jail.spec.name));
        let jails = jails.map(|(at, planned)| {
            let name = planned.spec.name.as_str();
            let total = totals.iter().find(|counter| &*counter.jail == name);
            let refused = packets.get(name).map_or(0, |counter| counter.packets);
            let totals = total.map_or((0, 0), |counter| (counter.failures, counter.bans));
            self.jail_report(at, planned, totals, refused)
        });
        let failing = self.runner.as_ref().map(super::Runner::failing).unwrap_or_default();
        let known = self.plan.jails.iter().enumerate().filter(|_| only.is_none());
        let dates = known.filter_map(|(at, planned)| {
            let name = &planned.spec.name;
            Some(format!("[{name}] {}", self.dates_wrong(name, &self.counted_by(at, name))?))
        });
        let troubles = self.troubles.values().cloned().chain(failing).chain(dates).collect();
        let report = StatusReport {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            started: self.started.as_secs(),
            config: self.tree.root().display().to_string(),
            jails: jails.collect(),
            troubles,
            bans: if only.is_some() { self.ban_reports(only) } else { Vec::new() },
        };
        Reply::Status(Box::new(report))
    }

    pub(super) fn bans(&self, only: Option<&str>) -> Reply {
        match only {
            Some(name) if self.jails.find(name).is_none() => {
                refusal(Exit::Usage, format!("there is no jail {name}; `palisade status` lists them"))
            }
            _ => Reply::Bans(self.ban_reports(only)),
        }
    }

    fn banned(&self, name: &str) -> usize {
        self.jails.book.find_jail(name).map_or(0, |id| self.jails.book.len_of(id))
    }

    fn jail_report(&self, at: usize, planned: &Planned, totals: (u64, u64), packets: u64) -> JailReport {
        let Planned { spec, target, watched, scripts, .. } = planned;
        let counters = self.counted_by(at, &spec.name);
        let windows = self.jails.jail(at).map(detect::jail::Jail::windows);
        JailReport {
            name: spec.name.clone(),
            filter: watched.as_ref().map_or("none".into(), |watched| watched.filter.name.clone()),
            ports: match target {
                Some(target) => ports(target),
                None if scripts.is_empty() => "none, failures are only counted".into(),
                None => "none, bans are for its actions".into(),
            },
            actions: scripts.iter().map(|script| script.name.clone()).collect(),
            sources: watched.as_ref().map_or(Vec::new(), |watched| describe(&watched.source)),
            maxretry: spec.maxretry,
            findtime: spec.findtime.as_secs(),
            bantime: spec.bantime.base.as_ref().map(Duration::as_secs),
            failures: totals.0,
            watched: windows.map_or(0, |windows| windows.len()),
            dropped: windows.map_or(0, |windows| windows.dropped()),
            bans: totals.1,
            banned: self.banned(&spec.name),
            packets,
            lines: counters.lines,
            matched: counters.matched,
            undated: counters.undated,
            overruns: counters.overruns,
            notes: self.dates_wrong(&spec.name, &counters).into_iter().chain(unseen(&counters)).collect(),
        }
    }

    /// What all watchers since the start have counted for a jail.
    fn counted_by(&self, at: usize, name: &str) -> FilterCounters {
        let mut counters = self.counted.get(name).copied().unwrap_or_default();
        counters += self.counters.get(at).copied().unwrap_or_default();
        counters
    }

    /// What is wrong with the dates in a jail's log.
    fn dates_wrong(&self, name: &str, counters: &FilterCounters) -> Option<String> {
        if counters.matched > 0 && counters.undated == counters.matched {
            let what = "no line that matched has a readable date, so each counts as of when it is read: set datepattern";
            return Some(what.into());
        }
        self.clocks.complaint(name)
    }

    /// From the store, which knows the reasons; so what is asked seldom takes no memory.
    fn ban_reports(&self, only: Option<&str>) -> Vec<BanReport> {
        let mut bans = Vec::new();
        let seconds = |micros: i64| micros.div_euclid(1_000_000);
        let read = self.store.live_bans(|ban| {
            let live =
                || self.jails.book.find_jail(&ban.jail).and_then(|id| self.jails.book.get(id, ban.host));
            // Bans of a jail that was taken out of the configuration wait in the book for its return, or for their end.
            let wanted = only.is_none_or(|name| *ban.jail == *name) && self.jails.find(&ban.jail).is_some();
            if wanted && live().is_some() {
                bans.push(BanReport {
                    jail: ban.jail.to_string(),
                    address: address(ban.host),
                    since: seconds(ban.start),
                    until: ban.until.map(seconds),
                    failures: ban.failures,
                    reason: ban.reason,
                });
            }
        });
        if let Err(error) = read {
            tracing::warn!("the store cannot be read: {error}");
        }
        bans
    }
}

/// What a jail is still waiting for.
fn unseen(counters: &FilterCounters) -> Option<String> {
    match counters {
        FilterCounters { lines: 0, .. } => Some("no line has been read since the start".into()),
        FilterCounters { matched: 0, .. } => Some("no line has matched since the start".into()),
        _ => None,
    }
}

/// As `22,2222/tcp`.
fn ports(target: &JailTarget) -> String {
    let protocol = match target.protocol {
        Protocol::Tcp => "/tcp",
        Protocol::Udp => "/udp",
        Protocol::Both => "/tcp+udp",
        Protocol::All => "",
    };
    let ranges = match &target.ports {
        Ports::All => return format!("all{protocol}"),
        Ports::Ranges(ranges) => ranges.iter().map(|range| match range.start() == range.end() {
            true => range.start().to_string(),
            false => format!("{}-{}", range.start(), range.end()),
        }),
    };
    ranges.collect::<Vec<_>>().join(",") + protocol
}
