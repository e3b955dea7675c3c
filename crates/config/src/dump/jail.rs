//! The commands that make one jail.

use pickle::Value;

use super::{action, flag, number, set};
use crate::definition::Definition;
use crate::diagnostic::Fault;
use crate::draft::Written;
use crate::filter;
use crate::host::files;
use crate::ignore;
use crate::journalmatch;
use crate::options::{Options, known_to_fail2ban, of_fail2ban};
use crate::reader::Reader;
use crate::text::Text;
use crate::value::integer;

/// Why a jail cannot be set up, as Fail2Ban says it.
type Outcome<T> = Result<T, String>;

/// The jail's commands, in Fail2Ban's order.
pub(super) fn commands(reader: &mut Reader<'_>, name: &str, written: Written) -> Outcome<Vec<Value>> {
    let Written { options, filter, failed, faults } = written;
    let first = faults.first().or(options.faults.first()).map(|fault| fault.message.clone());
    faults.into_iter().for_each(|fault| reader.report(fault));
    if let Some(call) = failed {
        return Err(format!("Unable to read the filter {}", Value::from(call.name.as_str()).repr()));
    }
    if let Some(why) = first {
        options.faults.into_iter().for_each(|fault| reader.report(fault));
        return Err(why);
    }
    let backend = options.get("backend").map_or("auto", |text| text.as_str());
    let mut commands = vec![Value::texts(["add", name, backend])];
    let said = |fault: Fault| fault.message;
    let mut own = Patterns::new(name);
    for option in filter::OPTIONS {
        options.get(option).map_or(Ok(()), |text| own.add(option, text)).map_err(said)?;
    }
    let mut of_filter = Patterns::new(name);
    for option in filter.iter().flat_map(|filter| ordered(filter, &options)) {
        let value = filter.as_ref().map_or(Ok(None), |filter| filter.option(option)).map_err(said)?;
        value.map_or(Ok(()), |text| of_filter.add(option, &text)).map_err(said)?;
    }
    commands.extend([own.first, of_filter.first, of_filter.rest, own.rest].concat());
    for option in of_fail2ban() {
        let Some(text) = options.get(option) else { continue };
        match option {
            "logpath" if backend.starts_with("systemd") => {}
            "logpath" => commands.extend(logs(name, text)),
            _ => commands.extend(rule(name, option, text.as_str(), text)),
        }
    }
    let vars = known_to_fail2ban(&options.values());
    commands.extend(action::commands(reader, name, options.get("action"), &vars)?);
    Ok(commands)
}

/// The options that the filter sets: those of its file, then those that the jail gives it, in its order. What the jail
/// sets itself is none of them, unless it gives it too.
fn ordered(filter: &Definition, jail: &Options) -> Vec<&'static str> {
    let free = |option: &&str| jail.get(option).is_none() || filter.given(option);
    filter.given_last(&filter::OPTIONS).into_iter().filter(free).collect()
}

/// The commands of the options that a filter and a jail may both set.
struct Patterns<'n> {
    jail: &'n str,
    /// What must be known before there are patterns.
    first: Vec<Value>,
    rest: Vec<Value>,
}

impl<'n> Patterns<'n> {
    const fn new(jail: &'n str) -> Self {
        Self { jail, first: Vec::new(), rest: Vec::new() }
    }

    fn add(&mut self, option: &str, text: &Text) -> Result<(), Fault> {
        let value = text.as_str();
        match option {
            "usedns" => self.first.insert(0, set(&[self.jail, option], value.into())),
            "prefregex" => self.first.push(set(&[self.jail, option], value.into())),
            "maxlines" => {
                let lines = integer(value).map(|lines| set(&[self.jail, option], Value::Int(lines)));
                self.first.extend(lines);
            }
            "failregex" | "ignoreregex" => self.patterns(&format!("add{option}"), value),
            "datepattern" => self.rest.push(set(&[self.jail, option], value.into())),
            _ => {
                for line in text.lines().filter(|line| !line.as_str().is_empty()) {
                    let terms = journalmatch::words(&line)?;
                    let words = ["set", self.jail, "addjournalmatch"].map(str::to_owned);
                    self.rest.push(Value::texts(words.into_iter().chain(terms)));
                }
            }
        }
        Ok(())
    }

    fn patterns(&mut self, command: &str, value: &str) {
        let mut patterns = value.split('\n').filter(|pattern| !pattern.is_empty());
        match (patterns.next(), patterns.next()) {
            (None, _) => {}
            (Some(only), None) => self.rest.push(set(&[self.jail, command], only.into())),
            (Some(first), Some(second)) => {
                let all = Value::texts([first, second].into_iter().chain(patterns));
                let words = ["multi-set", self.jail, command].map(Value::from);
                self.rest.push(Value::List(words.into_iter().chain([all]).collect()));
            }
        }
    }
}

/// One option that says when a jail bans, and whom never.
fn rule(jail: &str, option: &str, value: &str, text: &Text) -> Option<Value> {
    Some(match option {
        "enabled" | "backend" | "filter" | "action" | "skip_if_nologs" | "systemd_if_nologs" => return None,
        "maxretry" | "maxmatches" => set(&[jail, option], number(value)),
        "bantime.increment" | "bantime.overalljails" | "ignoreself" => set(&[jail, option], flag(value)),
        "ignoreip" => {
            let words = ["set", jail, "addignoreip"].map(str::to_owned).into_iter();
            Value::texts(words.chain(ignore::words(text).map(|word| word.as_str().to_owned())))
        }
        _ => set(&[jail, option], value.into()),
    })
}

/// The files that are there, one by one.
fn logs(jail: &str, value: &Text) -> Vec<Value> {
    let mut commands = Vec::new();
    for line in value.as_str().split('\n') {
        let (glob, place) = line.rsplit_once(' ').unwrap_or((line, "head"));
        let found = files(glob);
        commands.extend(found.iter().map(|path| Value::texts(["set", jail, "addlogpath", path, place])));
    }
    commands
}
