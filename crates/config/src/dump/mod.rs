//! The commands by which Fail2Ban's client sets its server up: what is configured, before anybody asks what it means.

mod action;
mod jail;

use pickle::Value;

use crate::action::Properties;
use crate::call::{self, Call};
use crate::definition::DEFINITION;
use crate::diagnostic::Diagnostic;
use crate::draft::{self, Context};
use crate::host::ThisHost;
use crate::interpolate::Scope;
use crate::load::{jail_config, jail_names};
use crate::options::{Asked, Options, known_to_fail2ban};
use crate::reader::Reader;
use crate::tree::Tree;
use crate::value::integer;

/// What a command line says in place of `fail2ban.conf`.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the names are those of the options")]
pub struct Said {
    pub loglevel: Option<String>,
    pub logtarget: Option<String>,
    pub syslogsocket: Option<String>,
}

/// Options of `fail2ban.conf` in the order of their commands, with what holds where nothing is said.
const PROGRAM: [(&str, Option<&str>); 7] = [
    ("syslogsocket", Some("auto")),
    ("loglevel", Some("INFO")),
    ("logtarget", Some("/var/log/fail2ban.log")),
    ("allowipv6", Some("auto")),
    ("dbfile", Some("/var/lib/fail2ban/fail2ban.sqlite3")),
    ("dbmaxmatches", None),
    ("dbpurgeage", Some("1d")),
];

/// A configuration as commands.
pub struct Dump {
    /// Each a list. A jail that cannot be set up has a `config-error` in place of its commands.
    pub commands: Vec<Value>,
    /// Everything that is wrong or looks wrong.
    pub faults: Vec<Diagnostic>,
    /// There are jails, and none of them can be set up.
    pub hopeless: bool,
}

/// The commands for the whole tree.
#[must_use]
pub fn dump(tree: &Tree, said: &Said) -> Dump {
    let mut reader = Reader::new(tree);
    let config = jail_config(&mut reader).unwrap_or_default();
    let mut commands = program(&mut reader, said);
    let mut starts = Vec::new();
    let mut wrong = 0;
    let host = ThisHost::new();
    let asked = Asked::of_jails(&config);
    let context = Context { config: &config, asked: &asked, host: &host, forced: false, assume_logs: true };
    for name in jail_names(&config) {
        let Some(written) = draft::written(&mut reader, &context, name) else { continue };
        match jail::commands(&mut reader, name, written) {
            Ok(jail) => {
                commands.extend(jail);
                starts.push(Value::texts(["start", name]));
            }
            Err(why) => {
                let jail = Value::from(name).repr();
                let why = format!("Jail {jail} skipped, because of wrong configuration: {why}");
                commands.push(Value::texts(["config-error", &why]));
                wrong += 1;
            }
        }
    }
    let hopeless = wrong > 0 && starts.is_empty();
    commands.extend(starts);
    Dump { commands, faults: reader.diagnostics, hopeless }
}

/// What Fail2Ban's client sets of one action of a jail; `None` if the jail has no action of this name with commands.
#[must_use]
pub fn properties(tree: &Tree, jail: &str, action: &str) -> Option<Properties> {
    let mut reader = Reader::new(tree);
    let config = jail_config(&mut reader)?;
    let host = ThisHost::new();
    let asked = Asked::of_jails(&config);
    let context = Context { config: &config, asked: &asked, host: &host, forced: true, assume_logs: true };
    let written = draft::written(&mut reader, &context, jail)?;
    let vars = known_to_fail2ban(&written.options.values());
    let text = written.options.get("action")?;
    let mut calls = call::all(text).into_iter().filter_map(|(_, call)| call.ok());
    let named = |call: Call| action::properties(&mut reader, jail, &call, &vars).ok();
    let (_, found) = calls.by_ref().filter_map(named).find(|(name, _)| name == action)?;
    // As the server holds them.
    let mut properties = Properties::default();
    found.iter().try_for_each(|(name, value)| properties.set(name, value.clone())).ok()?;
    Some(properties)
}

fn program(reader: &mut Reader<'_>, said: &Said) -> Vec<Value> {
    let config = reader.config("fail2ban").unwrap_or_default();
    let options = Options::read(&Scope::new(&config, DEFINITION), PROGRAM.map(|(name, _)| name));
    let thread = Options::read(&Scope::new(&config, "Thread"), ["stacksize"]);
    let size = thread.get("stacksize").and_then(|size| integer(size.as_str()));
    let size = size.map(|size| Value::Dict(vec![("stacksize".into(), Value::Int(size))]));
    let mut commands: Vec<Value> = size.map(|size| set(&["thread"], size)).into_iter().collect();
    for (name, otherwise) in PROGRAM {
        let said = match name {
            "syslogsocket" => said.syslogsocket.as_deref(),
            "loglevel" => said.loglevel.as_deref(),
            "logtarget" => said.logtarget.as_deref(),
            _ => None,
        };
        let configured = options.get(name).map(|text| text.as_str());
        let Some(value) = said.or(configured).or(otherwise) else { continue };
        commands.push(set(&[name], if name == "dbmaxmatches" { number(value) } else { value.into() }));
    }
    options.faults.into_iter().chain(thread.faults).for_each(|fault| reader.report(fault));
    commands
}

fn set(names: &[&str], value: Value) -> Value {
    let words = ["set"].iter().chain(names).map(|word| Value::from(*word));
    Value::List(words.chain([value]).collect())
}

/// What is no number is no value.
fn number(text: &str) -> Value {
    integer(text).map_or(Value::None, Value::Int)
}

fn flag(text: &str) -> Value {
    Value::Bool(crate::value::is_yes(text))
}
