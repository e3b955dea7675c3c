//! `status` and `status JAIL`.

use config::Source;
use pickle::{Exception, Kind, Value};

use super::words::Words;
use super::{Keeper, Outcome};
use crate::daemon::keeper::plan::Planned;
use crate::engine::clock::now;

fn pair(name: &str, value: impl Into<Value>) -> Value {
    Value::Tuple(vec![name.into(), value.into()])
}

impl Keeper {
    pub(super) fn fail2ban_status(&self, words: Words<'_>) -> Outcome {
        match words.0.len() {
            1 => Ok(self.all_jails()),
            2 | 3 => {
                let at = self.fail2ban_jail(&words.at(1)?)?;
                let flavour = words.get(2).unwrap_or_else(|| "basic".into());
                Ok(self.one_jail(at, &flavour))
            }
            _ => Err(Exception::new(Kind::Exception, "Invalid command (no status)")),
        }
    }

    fn all_jails(&self) -> Value {
        let mut names: Vec<&str> = self.visible().map(|(_, jail)| jail.spec.name.as_str()).collect();
        names.sort_unstable();
        let count = Value::count(names.len());
        Value::List(vec![pair("Number of jail", count), pair("Jail list", names.join(", "))])
    }

    /// The jails that Fail2Ban's clients see, with their indices.
    pub(super) fn visible(&self) -> impl Iterator<Item = (usize, &Planned)> {
        self.plan.jails.iter().enumerate().filter(|(_, jail)| jail.watched.is_some())
    }

    fn one_jail(&self, at: usize, flavour: &str) -> Value {
        let jail = &self.plan.jails[at];
        let windows = self.jails.jail(at).map_or(0, |jail| jail.windows().live(now()));
        let (failed, banned) = self.counted_since_start(&jail.spec.name);
        let mut hosts = self.bans_of(Some(&jail.spec.name));
        hosts.sort_by_key(|ban| (ban.start, ban.host));
        let filter = vec![
            pair("Currently failed", Value::count(windows)),
            pair("Total failed", Value::count(failed)),
            self.source(jail),
        ];
        let mut actions = vec![
            pair("Currently banned", Value::count(hosts.len())),
            pair("Total banned", Value::count(banned)),
            pair("Banned IP list", Value::texts(hosts.iter().map(|ban| crate::output::address(ban.host)))),
        ];
        if flavour == "cymru" {
            // Nobody outside is told who was banned here.
            let asked = ["Banned ASN list", "Banned Country list", "Banned RIR list"];
            actions.extend(asked.map(|name| pair(name, Value::texts(["not available"]))));
        }
        Value::List(vec![pair("Filter", Value::List(filter)), pair("Actions", Value::List(actions))])
    }

    fn source(&self, jail: &Planned) -> Value {
        match jail.watched.as_ref().map(|watched| &watched.source) {
            Some(Source::Journal(journal)) => {
                let groups: Vec<String> = journal.matches.iter().map(|terms| terms.join(" ")).collect();
                pair("Journal matches", Value::texts([groups.join(" + ")]))
            }
            _ => pair("File list", Value::texts(self.log_files(jail))),
        }
    }

    /// The files that a jail reads; where a pattern stands for them, those that were found.
    pub(super) fn log_files(&self, jail: &Planned) -> Vec<String> {
        let Some(Source::Files(patterns)) = jail.watched.as_ref().map(|watched| &watched.source) else {
            return Vec::new();
        };
        let mut files = Vec::new();
        for pattern in patterns {
            if pattern.glob.contains(['*', '?', '[']) {
                let known = self.positions.keys().filter_map(|key| key.strip_prefix("file:"));
                files.extend(known.filter(|path| sources::matches(&pattern.glob, path)).map(str::to_owned));
            } else {
                files.push(pattern.glob.clone());
            }
        }
        files
    }

    /// Failures and bans since the daemon started.
    fn counted_since_start(&self, name: &str) -> (u64, u64) {
        let counters = self.store.counters().unwrap_or_default();
        let Some(now) = counters.iter().find(|counter| &*counter.jail == name) else { return (0, 0) };
        let (failures, bans) = self.fail2ban.counted_before.get(name).copied().unwrap_or_default();
        (now.failures.saturating_sub(failures), now.bans.saturating_sub(bans))
    }
}
