//! Settings of the whole program: its log, and what is kept of past bans.

use std::time::Duration;

use pickle::{Exception, Kind, Value};

use super::words::{integer, seconds};
use super::{Keeper, Outcome};
use crate::log;

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
    pub(super) fn set_program(&mut self, name: &str, value: &str) -> Outcome<Option<Value>> {
        Ok(Some(match name {
            "loglevel" => {
                let level = value.to_uppercase();
                if !log::set_level(&level) {
                    let quoted = Value::from(level).repr();
                    return Err(Exception::new(Kind::ValueError, format!("Invalid log level {quoted}")));
                }
                log::level().into()
            }
            "logtarget" => {
                log::set_target(value).map_err(|why| Exception::new(Kind::Exception, why))?;
                log::target().into()
            }
            "dbpurgeage" => {
                let age = seconds(value)?;
                self.plan.history = u64::try_from(age).ok().map(Duration::from_secs);
                Value::Int(age)
            }
            "dbmaxmatches" => {
                let most = integer(value)?;
                let negative = |_| Exception::new(Kind::ValueError, "a negative number of lines");
                self.plan.stored_matches = usize::try_from(most).map_err(negative)?;
                Value::Int(most)
            }
            "syslogsocket" | "dbfile" | "allowipv6" | "thread" => {
                let why = format!("Palisade has no {name} to set: see docs/fail2ban.md");
                return Err(Exception::new(Kind::Exception, why));
            }
            _ => return Ok(None),
        }))
    }

    /// After the log was rotated.
    pub(super) fn flush_logs(&mut self) -> Outcome {
        let file = log::reopen().map_err(|why| Exception::new(Kind::Exception, why.to_string()))?;
        Ok(if file { "rolled over" } else { "flushed" }.into())
    }
}
