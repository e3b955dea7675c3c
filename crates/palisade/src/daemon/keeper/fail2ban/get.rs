//! `get`: what is configured.

use std::time::Duration;

use config::Source;
use detect::{FilterSpec, Usedns};
use pickle::{Exception, Kind, Value};

use super::asked;
use super::words::Words;
use super::{Done, Keeper, Outcome};
use crate::daemon::keeper::plan::Planned;
use crate::fail2ban::{dates, expand::expand};

/// Lines that Fail2Ban keeps with a failure unless it is told otherwise.
const MAXMATCHES: u32 = 5;

impl Keeper {
    pub(super) fn get(&mut self, words: Words<'_>) -> Outcome<Done> {
        let name = words.at(1)?;
        if let Some(value) = self.get_program(&name) {
            return Ok(value.into());
        }
        let what = words.at(2)?;
        let at = self.fail2ban_jail(&name)?;
        match what.as_str() {
            "banned" => Ok(self.banned_in(&name, words.after(3)).into()),
            "banip" => {
                Ok(self.ban_list(&name, words.get(3).is_some_and(|option| option == "--with-time")).into())
            }
            "action" => self.action_property(at, words.after(3)),
            "actionproperties" => self.action_properties(at, words.after(3)),
            "actionmethods" => self.action_methods(at, words.after(3)),
            "logpath" => Ok(Value::texts(self.log_files(&self.plan.jails[at])).into()),
            _ => {
                let jail = &self.plan.jails[at];
                let found = of_jail(jail, &what).or_else(|| of_filter(jail, &what));
                let message = "Invalid command (no get action or not yet implemented)";
                found.map(Done::Now).ok_or_else(|| Exception::new(Kind::Exception, message))
            }
        }
    }
}

/// What says when a jail bans.
fn of_jail(jail: &Planned, what: &str) -> Option<Value> {
    let Planned { spec, told, .. } = jail;
    let bantime = &spec.bantime;
    let text = |text: Option<String>| text.map_or(Value::None, Value::from);
    Some(match what {
        "findtime" => seconds(spec.findtime),
        "bantime" => bantime.base.map_or(Value::Int(-1), seconds),
        "maxretry" => Value::Int(spec.maxretry.into()),
        "maxmatches" => Value::Int(told.maxmatches.unwrap_or(spec.maxretry.max(MAXMATCHES).into())),
        "ignoreself" => Value::Bool(spec.ignore.ignoreself),
        "ignoreip" => ignored(jail),
        "ignorecommand" => Value::from(told.ignorecommand.clone().unwrap_or_default()),
        "ignorecache" => asked::cache(jail.ignorecache.as_ref()),
        "actions" => Value::texts(told.actions.iter().map(|action| action.name.as_str())),
        "bantime.increment" => {
            if bantime.increment {
                Value::Bool(true)
            } else {
                Value::None
            }
        }
        "bantime.factor" => text(bantime.factor.map(|factor| factor.to_string())),
        "bantime.formula" => text(bantime.formula.clone()),
        "bantime.multipliers" => text(bantime.multipliers.as_ref().map(|all| joined(all))),
        "bantime.maxtime" => bantime.maxtime.map_or(Value::None, seconds),
        "bantime.rndtime" => bantime.rndtime.map_or(Value::None, seconds),
        "bantime.overalljails" => {
            if bantime.overalljails {
                "true".into()
            } else {
                Value::None
            }
        }
        _ => return None,
    })
}

/// What says what a jail looks for.
pub(super) fn of_filter(jail: &Planned, what: &str) -> Option<Value> {
    let watched = jail.watched.as_ref()?;
    let filter = &watched.filter;
    let patterns = |patterns: &[String]| Value::texts(patterns.iter().map(|one| expand(one, filter.usedns)));
    Some(match what {
        "failregex" => patterns(&filter.failregex),
        "ignoreregex" => patterns(&filter.ignoreregex),
        "prefregex" => {
            Value::from(filter.prefregex.as_ref().map_or(String::new(), |one| expand(one, filter.usedns)))
        }
        "datepattern" => dates::described(filter.datepattern.as_deref()),
        "usedns" => usedns(filter).into(),
        "maxlines" => Value::count(filter.maxlines.max(1)),
        "logencoding" => filter.logencoding.clone().unwrap_or_else(|| "UTF-8".into()).into(),
        "logtimezone" => filter.logtimezone.clone().map_or(Value::None, Value::from),
        "journalmatch" => match &watched.source {
            Source::Journal(journal) => Value::List(
                journal.matches.iter().map(|terms| Value::texts(terms.iter().map(String::as_str))).collect(),
            ),
            Source::Files(_) => Value::List(Vec::new()),
        },
        _ => return None,
    })
}

fn seconds(span: Duration) -> Value {
    Value::count(span.as_secs())
}

fn joined(numbers: &[f64]) -> String {
    numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
}

fn usedns(filter: &FilterSpec) -> &'static str {
    match filter.usedns {
        Usedns::Yes => "yes",
        Usedns::Warn => "warn",
        Usedns::No => "no",
        Usedns::Raw => "raw",
    }
}

/// Networks and names first, then single addresses.
pub(super) fn ignored(jail: &Planned) -> Value {
    let ignore = &jail.spec.ignore;
    let (single, nets): (Vec<_>, Vec<_>) =
        ignore.nets.iter().partition(|net| net.prefix_len() == net.max_prefix_len());
    let shown = |nets: Vec<&ipnet::IpNet>| {
        nets.into_iter().map(|net| crate::output::address(*net)).collect::<Vec<_>>()
    };
    let texts = [shown(nets), ignore.names.clone(), shown(single)].concat();
    Value::texts(texts)
}
