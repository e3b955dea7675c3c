//! `set`: what a jail reads and looks for. The watcher has no say in what it watches, so each change is a new watcher.

use config::{LogPattern, Source};
use detect::filter::Filter;
use detect::{FilterSpec, Usedns, Zone};
use pickle::{Exception, Kind, Value};

use super::get::of_filter;
use super::words::{Words, integer};
use super::{Done, Keeper, Outcome};
use crate::daemon::keeper::plan::{Plan, Planned};
use crate::daemon::protocol::WatchedJail;
use crate::fail2ban::expand::{accuses, compile, expand, has_group};

pub(super) const NAMES: [&str; 16] = [
    "idle",
    "addlogpath",
    "dellogpath",
    "logencoding",
    "logtimezone",
    "addjournalmatch",
    "deljournalmatch",
    "prefregex",
    "addfailregex",
    "delfailregex",
    "addignoreregex",
    "delignoreregex",
    "datepattern",
    "usedns",
    "maxlines",
    "filter",
];

impl Keeper {
    pub(super) fn set_watched(&self, at: usize, what: &str, words: Words<'_>) -> Outcome<Done> {
        if !NAMES.contains(&what) {
            let message = format!("Invalid command '{what}' (no set action or not yet implemented)");
            return Err(Exception::new(Kind::Exception, message));
        }
        let mut plan = self.plan.clone();
        let jail = &mut plan.jails[at];
        if what == "idle" {
            return idle(plan, at, &words.at(0)?);
        }
        let Planned { watched: Some(watched), .. } = jail else { return Err(unknown(&jail.spec.name)) };
        let before = watched.clone();
        match what {
            "addlogpath" | "dellogpath" => log_path(watched, what, words)?,
            "addjournalmatch" | "deljournalmatch" => journal_match(watched, what, words)?,
            _ => {
                change(&mut watched.filter, what, words)?;
                compiles(&watched.filter)?;
            }
        }
        let same = watched.filter == before.filter && watched.source == before.source;
        let value = self.shown(jail, what);
        // Nothing to tell the watcher.
        Ok(if same { Done::Now(value) } else { Done::Change(Box::new(plan), value) })
    }

    /// What the setting is now, as `get` has it.
    fn shown(&self, jail: &Planned, what: &str) -> Value {
        match what {
            "addlogpath" | "dellogpath" => Value::texts(self.log_files(jail)),
            what => {
                let name = what.trim_start_matches("add").trim_start_matches("del");
                of_filter(jail, name).unwrap_or(Value::None)
            }
        }
    }
}

fn unknown(name: &str) -> Exception {
    Exception::new(Kind::UnknownJail, name)
}

fn idle(mut plan: Plan, at: usize, text: &str) -> Outcome<Done> {
    let jail = &mut plan.jails[at];
    let before = jail.idle;
    jail.idle = match text {
        "on" => true,
        "off" => false,
        _ => return Err(Exception::new(Kind::Exception, "Invalid idle option, must be 'on' or 'off'")),
    };
    let value = Value::Bool(jail.idle);
    Ok(if jail.idle == before { Done::Now(value) } else { Done::Change(Box::new(plan), value) })
}

/// Fail2Ban takes up one file at a time, and only if it is there.
fn log_path(watched: &mut WatchedJail, what: &str, words: Words<'_>) -> Outcome<()> {
    let path = words.at(0)?;
    let tail = match words.get(1).as_deref() {
        Some("tail") => true,
        Some(place) if place != "head" && what == "addlogpath" => {
            return Err(Exception::new(Kind::ValueError, "File option must be 'head' or 'tail'"));
        }
        _ => false,
    };
    // Files are nothing to a jail that reads the journal.
    let Source::Files(patterns) = &mut watched.source else { return Ok(()) };
    if what == "dellogpath" {
        patterns.retain(|pattern| pattern.glob != path);
        return Ok(());
    }
    if !std::path::Path::new(&path).exists() {
        return Err(missing(path));
    }
    if patterns.iter().all(|pattern| pattern.glob != path) {
        patterns.push(LogPattern { glob: path, tail });
    }
    Ok(())
}

pub(super) fn missing(path: String) -> Exception {
    let arguments = vec![Value::Int(2), "No such file or directory".into(), path.into()];
    Exception { kind: Kind::FileNotFoundError, arguments }
}

/// Terms side by side must all match; a `+` begins another group.
fn journal_match(watched: &mut WatchedJail, what: &str, words: Words<'_>) -> Outcome<()> {
    let Source::Journal(journal) = &mut watched.source else { return Ok(()) };
    let terms: Vec<String> = words.iter().collect();
    if what == "deljournalmatch" {
        let missing = || {
            let why = format!("Match {} not found", Value::texts(terms.clone()).repr());
            Exception::new(Kind::ValueError, why)
        };
        let at = journal.matches.iter().position(|group| *group == terms).ok_or_else(missing)?;
        journal.matches.remove(at);
        return Ok(());
    }
    let groups = terms.split(|term| term == "+").filter(|group| !group.is_empty());
    if groups.clone().flatten().any(|term| !term.contains('=')) {
        return Err(Exception::new(Kind::ValueError, "Invalid match"));
    }
    journal.matches.extend(groups.map(<[String]>::to_vec));
    Ok(())
}

fn change(filter: &mut FilterSpec, what: &str, words: Words<'_>) -> Outcome<()> {
    match what {
        "addfailregex" => words.iter().try_for_each(|pattern| add_failure(filter, pattern)),
        "addignoreregex" => {
            words.iter().try_for_each(|pattern| taken(filter, &pattern))?;
            filter.ignoreregex.extend(words.iter());
            Ok(())
        }
        "delfailregex" => remove(&mut filter.failregex, &words.at(0)?),
        "delignoreregex" => remove(&mut filter.ignoreregex, &words.at(0)?),
        "prefregex" => {
            let pattern = words.at(0)?;
            taken(filter, &pattern)?;
            filter.prefregex = Some(pattern).filter(|pattern| !pattern.is_empty());
            Ok(())
        }
        "datepattern" => {
            filter.datepattern = Some(words.at(0)?).filter(|pattern| !pattern.is_empty());
            Ok(())
        }
        "usedns" => {
            filter.usedns = match words.at(0)?.to_lowercase().as_str() {
                "yes" => Usedns::Yes,
                "warn" => Usedns::Warn,
                "raw" => Usedns::Raw,
                _ => Usedns::No,
            };
            Ok(())
        }
        "maxlines" => {
            let most = integer(&words.at(0)?)?;
            filter.maxlines = usize::try_from(most).ok().filter(|most| *most > 0).ok_or_else(|| {
                Exception::new(Kind::ValueError, "maxlines must be integer greater than zero")
            })?;
            Ok(())
        }
        "logtimezone" => {
            let name = words.at(0)?;
            let quoted = Value::from(&*name).repr();
            Zone::parse(Some(&name)).map_err(|_| {
                Exception::new(Kind::ValueError, format!("Unknown or unsupported time zone: {quoted}"))
            })?;
            filter.logtimezone = Some(name);
            Ok(())
        }
        _ => {
            let name = words.at(0)?;
            filter.logencoding = (name.to_lowercase() != "auto").then_some(name);
            Ok(())
        }
    }
}

fn add_failure(filter: &mut FilterSpec, pattern: String) -> Outcome<()> {
    let shown = expand(&pattern, filter.usedns);
    let prefix = filter.prefregex.as_ref().map_or(String::new(), |prefix| expand(prefix, filter.usedns));
    taken(filter, &pattern)?;
    if !accuses(&shown) && !accuses(&prefix) && !has_group(&prefix, "mlfid") {
        return Err(Exception::new(Kind::Regex, format!("No failure-id group in '{shown}'")));
    }
    filter.failregex.push(pattern);
    Ok(())
}

/// A number that no pattern has takes none away.
fn remove(patterns: &mut Vec<String>, text: &str) -> Outcome<()> {
    if let Ok(at) = usize::try_from(integer(text)?)
        && at < patterns.len()
    {
        patterns.remove(at);
    }
    Ok(())
}

fn compiles(filter: &FilterSpec) -> Outcome<()> {
    let zone = Zone::parse(None).map_err(|error| Exception::new(Kind::ValueError, error.to_string()))?;
    let Err(errors) = Filter::compile(filter, &zone) else { return Ok(()) };
    let Some(error) = errors.into_iter().next() else { return Ok(()) };
    match error.option {
        "logencoding" => {
            let name = filter.logencoding.clone().unwrap_or_default();
            Err(Exception::new(Kind::LookupError, format!("unknown encoding: {name}")))
        }
        option => Err(Exception::new(Kind::ValueError, format!("{option}: {}", error.message))),
    }
}

/// What Fail2Ban would say of a pattern, if it would not take it.
fn taken(filter: &FilterSpec, pattern: &str) -> Outcome<()> {
    let compiled = compile(pattern, filter.usedns, filter.maxlines > 1);
    compiled.map(drop).map_err(|why| Exception::new(Kind::Regex, why))
}
