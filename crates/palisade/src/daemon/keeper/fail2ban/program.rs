//! Settings of the whole program: its log, and what is kept of past bans.

use std::time::Duration;

use pickle::{Exception, Kind, Value};
use tracing::warn;

use super::words::{Words, integer, seconds};
use super::{Keeper, Outcome};
use crate::log;

/// What can be set.
const NAMES: [&str; 8] =
    ["loglevel", "logtarget", "syslogsocket", "dbfile", "dbmaxmatches", "dbpurgeage", "thread", "allowipv6"];

impl Keeper {
    /// `get NAME`; `None`: it is a jail's name.
    pub(super) fn get_program(&self, name: &str) -> Option<Value> {
        let settings = &self.plan.settings;
        Some(match name {
            "loglevel" => log::level().into(),
            "logtarget" => log::target().into(),
            "syslogsocket" => settings.syslogsocket.clone().unwrap_or_else(|| "auto".into()).into(),
            "dbfile" => self.store.path().display().to_string().into(),
            "dbmaxmatches" => Value::count(self.plan.stored_matches),
            "dbpurgeage" => self.plan.history.map_or(Value::Int(-1), |age| Value::count(age.as_secs())),
            "thread" => Value::Dict(vec![("stacksize".into(), Value::Int(0))]),
            _ => return None,
        })
    }

    /// `set NAME VALUE`; `None`: it is a jail's name.
    pub(super) fn set_program(&mut self, words: Words<'_>) -> Outcome<Option<Value>> {
        let name = words.at(1)?;
        let value = words.at(2);
        let value = match NAMES.contains(&&*name) {
            true => value?,
            false => return Ok(None),
        };
        Ok(Some(match name.as_str() {
            "loglevel" => {
                let level = value.to_uppercase();
                if !log::set_level(&level) {
                    let quoted = Value::from(level).repr();
                    return Err(Exception::new(Kind::ValueError, format!("Invalid log level {quoted}")));
                }
                log::level().into()
            }
            "logtarget" => {
                let socket = self.plan.settings.syslogsocket.as_deref();
                if let Err(why) = log::set_target(&value, socket) {
                    warn!("the log stays where it is: {why}");
                    return Err(Exception::new(Kind::Exception, "Failed to change log target"));
                }
                log::target().into()
            }
            "syslogsocket" => {
                self.plan.settings.syslogsocket = Some(value.clone());
                if log::target() == "SYSLOG" && log::set_target("SYSLOG", Some(&value)).is_err() {
                    return Err(Exception::new(Kind::Exception, "Failed to change log target"));
                }
                value.into()
            }
            "dbpurgeage" => {
                let age = seconds(&value)?;
                self.plan.history = u64::try_from(age).ok().map(Duration::from_secs);
                Value::Int(age)
            }
            "dbmaxmatches" => {
                let most = integer(&value)?;
                let negative = |_| Exception::new(Kind::ValueError, "a negative number of lines");
                self.plan.stored_matches = usize::try_from(most).map_err(negative)?;
                Value::Int(most)
            }
            "dbfile" => {
                let why = "Cannot change database when there are jails present";
                return Err(Exception::new(Kind::RuntimeError, why));
            }
            // Threads have the stacks that they need.
            "thread" => match words.0.get(2) {
                Some(Value::Dict(_)) => Value::None,
                _ => {
                    let why = "'str' object has no attribute 'items'";
                    return Err(Exception::new(Kind::AttributeError, why));
                }
            },
            // Whatever is said here, Fail2Ban bans and looks up addresses of both families too.
            _ => value.into(),
        }))
    }

    /// After the log was rotated.
    pub(super) fn flush_logs(&mut self) -> Outcome {
        let file = log::reopen().map_err(|why| Exception::new(Kind::Exception, why.to_string()))?;
        Ok(if file { "rolled over" } else { "flushed" }.into())
    }
}
