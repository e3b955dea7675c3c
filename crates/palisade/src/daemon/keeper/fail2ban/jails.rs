//! `add`, `start` and `stop` of a jail that the configuration need not know.

use std::time::Duration;

use config::{Journal, Source};
use detect::{BanTimeSpec, FilterSpec, IgnoreSpec, JailSpec};
use pickle::{Exception, Kind, Value};

use super::words::Words;
use super::{Done, Keeper, Outcome};
use crate::daemon::keeper::plan::{Planned, Told};
use crate::daemon::protocol::WatchedJail;

/// What Fail2Ban takes where nothing is said.
const SPAN: Duration = Duration::from_secs(600);
const MAXRETRY: u32 = 3;

impl Keeper {
    /// A jail with no pattern and nothing to read. It bans nobody: no action was ever given to it.
    pub(super) fn add_jail(&mut self, words: Words<'_>) -> Outcome<Done> {
        let (name, backend) = (words.at(1)?, words.get(2).unwrap_or_else(|| "auto".into()));
        if self.fail2ban_jail(&name).is_ok() || self.jails.find(&name).is_some() {
            return Err(Exception::new(Kind::DuplicateJail, name));
        }
        let source = match backend.split('[').next().unwrap_or_default() {
            "auto" | "polling" | "pyinotify" | "gamin" => Source::Files(Vec::new()),
            "systemd" => Source::Journal(Journal::default()),
            _ => {
                let known = "['pyinotify', 'gamin', 'polling', 'systemd'] or 'auto'";
                let why = format!("Unknown backend {backend}. Must be among {known}");
                return Err(Exception::new(Kind::ValueError, why));
            }
        };
        let spec = JailSpec {
            name: name.clone(),
            maxretry: MAXRETRY,
            findtime: SPAN,
            bantime: BanTimeSpec::fixed(Some(SPAN)),
            ignore: IgnoreSpec { ignoreself: true, ..IgnoreSpec::default() },
            ipv6prefix: 128,
        };
        let filter = FilterSpec { name: name.clone(), maxlines: 1, ..FilterSpec::default() };
        let watched = Some(WatchedJail { filter, source, evidence: false });
        let jail = Planned {
            spec,
            target: None,
            watched,
            scripts: Vec::new(),
            maxmatches: 0,
            idle: true,
            ignorecommand: None,
            ignorecache: None,
            told: Told::default(),
        };
        let mut plan = self.plan.clone();
        // Those that watch come first.
        let at = plan.len();
        plan.jails.insert(at, jail);
        Ok(Done::Change(Box::new(plan), name.into()))
    }

    /// A jail that was added reads from now on.
    pub(super) fn start_jail(&mut self, name: &str) -> Outcome<Done> {
        let at = self.fail2ban_jail(name)?;
        let mut plan = self.plan.clone();
        plan.jails[at].idle = false;
        Ok(match self.plan.jails[at].idle {
            true => Done::Change(Box::new(plan), Value::None),
            false => Done::Now(Value::None),
        })
    }

    /// The jail is gone until the next reload, and so are its bans.
    pub(super) fn stop_jail(&mut self, name: &str) -> Outcome<Done> {
        let at = self.fail2ban_jail(name)?;
        let lifted = self.bans_of(Some(name));
        self.pardon(&lifted);
        let mut plan = self.plan.clone();
        plan.jails.remove(at);
        Ok(Done::Change(Box::new(plan), Value::None))
    }
}
