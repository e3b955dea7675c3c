//! `set`: who is asked whether somebody is spared, and what is kept of those who are not.

use config::IgnoreCache;
use pickle::{Exception, Kind, Value};

use super::words::{Words, integer};
use super::{Done, Keeper, Outcome};

pub(super) const NAMES: [&str; 3] = ["ignorecommand", "ignorecache", "maxmatches"];

impl Keeper {
    pub(super) fn set_asked(&self, at: usize, what: &str, words: Words<'_>) -> Outcome<Done> {
        let text = words.at(0)?;
        let mut plan = self.plan.clone();
        let jail = &mut plan.jails[at];
        let value = match what {
            "ignorecommand" => {
                jail.ignorecommand = Some(text.clone()).filter(|command| !command.trim().is_empty());
                jail.told.ignorecommand = Some(text.clone());
                text.into()
            }
            "ignorecache" => {
                jail.ignorecache = match text.trim() {
                    "" => None,
                    text => Some(IgnoreCache::parse(text).map_err(|_| unreadable(text))?),
                };
                cache(jail.ignorecache.as_ref())
            }
            _ => {
                let most = integer(&text)?;
                jail.keep_matches(most);
                jail.told.maxmatches = Some(most);
                Value::Int(most)
            }
        };
        plan.note_evidence();
        Ok(Done::Change(Box::new(plan), value))
    }
}

/// As Fail2Ban shows it: the key, how many, how long.
pub(super) fn cache(cache: Option<&IgnoreCache>) -> Value {
    cache.map_or(Value::None, |cache| {
        let IgnoreCache { key, count, time } = cache;
        Value::List(vec![key.as_str().into(), Value::count(*count), Value::count(time.as_secs())])
    })
}

/// What Fail2Ban says of an `ignorecache` that it cannot read.
fn unreadable(text: &str) -> Exception {
    let count = text.split(',').find_map(|part| part.trim().strip_prefix("max-count="));
    Exception::new(
        Kind::ValueError,
        match count.map(integer) {
            Some(Err(why)) => why.text(),
            _ => format!("expected option, wrong syntax at 0: {text}"),
        },
    )
}
