//! `action`: which of a jail's actions ban, what they close, and the commands of the others.

mod digest;
mod native;
mod properties;
mod python;
mod script;

use std::path::Path;
use std::rc::Rc;

use crate::call::{self, Call};
use crate::definition::{self, Definition};
use crate::diagnostic::Fault;
use crate::host::Host;
use crate::interpolate::Vars;
use crate::layers::Config;
use crate::options::{Values, known_to_fail2ban};
use crate::reader::Reader;
use crate::suggest::nearest;
use crate::text::Text;

pub(crate) use native::{COMMANDS, Closed, is_stock};
pub use properties::Properties;
pub(crate) use python::Python;
pub(crate) use script::OPTIONS;
pub use script::{Family, Module, Operation, Script};

/// One action of a jail.
#[derive(Clone, Debug)]
pub struct Action {
    /// The name of its file in `action.d`, without `.conf`.
    pub name: String,
    /// Its name in the jail, which tells it from others of the same file.
    pub actname: String,
    /// What it is to us.
    pub kind: ActionKind,
    /// What it does; nothing where a ban is native, or where the tree has no file for it.
    pub script: Option<Script>,
    /// As written, interpolated.
    pub(crate) text: Text,
    /// The same, taken apart.
    call: Call,
}

/// Compares what the jail says; the commands follow from that and the action's file.
impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        (&self.call, self.kind) == (&other.call, other.kind)
    }
}

/// What an action is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Closes ports to an address in one firewall or another: the kernel table does the same.
    Ban,
    /// Mail, reports and whatever an owner wrote or changed.
    Command,
    /// A class that is written in Python.
    Python,
}

/// The jail that an action is read for.
pub(crate) struct About<'a> {
    pub(crate) jail: &'a str,
    /// Its options.
    pub(crate) options: Values,
    pub(crate) host: &'a dyn Host,
}

/// Reads the actions of a jail and what those of them that ban close.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    value: &Text,
    about: &About<'_>,
    faults: &mut Vec<Fault>,
) -> (Vec<Action>, Option<Closed>) {
    let calls = call::all(value);
    let mut actions = Vec::with_capacity(calls.len());
    let mut closed: Option<Closed> = None;
    for (text, call) in calls {
        match call.and_then(|call| read_one(reader, text, call, about, faults)) {
            Ok((action, more)) => {
                actions.push(action);
                closed = match (closed, more) {
                    (Some(before), Some(more)) => Some(before.and(more)),
                    (before, more) => before.or(more),
                };
            }
            Err(fault) => faults.push(fault),
        }
    }
    (actions, closed)
}

fn read_one(
    reader: &mut Reader<'_>,
    text: Text,
    mut call: Call,
    about: &About<'_>,
    faults: &mut Vec<Fault>,
) -> Result<(Action, Option<Closed>), Fault> {
    let name = call.name.as_str().to_owned();
    let commands_wanted =
        call.option(native::SWITCH).is_some_and(|value| crate::value::is_no(value.as_str()));
    call.options.retain(|(option, _)| option.as_str() != native::SWITCH);
    if let Some(python) = Python::find(reader, &call) {
        let (actname, kind) = (python.name.clone(), ActionKind::Python);
        let script = Some(python.script());
        return Ok((Action { name, actname, kind, script, text, call }, None));
    }
    let actname = actname(&definition::given(&call), &name, about.jail);
    let config = reader.config(&["action.d/", &name].concat());
    let unchanged = config.as_deref().is_none_or(|config| native::is_unchanged(reader, &name, config));
    let native = !commands_wanted && unchanged;
    if native && let Some(closed) = native::closes(&call, config.as_deref(), about.host)? {
        let kind = ActionKind::Ban;
        return Ok((Action { name, actname, kind, script: None, text, call }, Some(closed)));
    }
    let script = match config {
        Some(config) => Some(script(config, &call, about, faults)?),
        // A tree without action.d (the effective dump, our own) names actions that somebody else defines.
        None if reader.tree.list("action.d", "conf").is_empty() => None,
        None => return Err(unknown(reader, &call.name)),
    };
    Ok((Action { name, actname, kind: ActionKind::Command, script, text, call }, None))
}

fn script(
    config: Rc<Config>,
    call: &Call,
    about: &About<'_>,
    faults: &mut Vec<Fault>,
) -> Result<Script, Fault> {
    let files = config.paths().map(Path::to_owned).collect();
    let definition = definition(config, call, about.jail, known_to_fail2ban(&about.options));
    let definition = definition.map_err(|fault| fault.or_at(call.name.place()))?;
    Ok(Script::read(files, &definition, faults))
}

/// An action's file with what it is given. `jail` holds the options of the jail that it may refer to.
pub(crate) fn definition(
    config: Rc<Config>,
    call: &Call,
    jail_name: &str,
    jail: Values,
) -> Result<Definition, Fault> {
    let mut given = definition::given(call);
    let actname = actname(&given, call.name.as_str(), jail_name);
    given.or_insert_with(Text::fixed("name"), || Text::plain(jail_name));
    given.or_insert_with(Text::fixed("actname"), || Text::plain(actname));
    Definition::new(config, given, jail, &script::LATER)
}

/// The name of an action in its jail. One that a jail uses twice is told apart by the `name` that it is given.
fn actname(given: &Vars, file: &str, jail: &str) -> String {
    if let Some(actname) = given.get("actname") {
        return actname.as_str().to_owned();
    }
    let file = file.trim_end_matches(".py");
    let name = given.get("name").map_or(jail, Text::as_str);
    match name.strip_prefix(jail) {
        Some(suffix) => [file, suffix].concat(),
        None => [file, "-", name].concat(),
    }
}

fn unknown(reader: &Reader<'_>, name: &Text) -> Fault {
    let fault = Fault::error(name.place(), format!("there is no action {}", name.as_str()));
    let files = reader.tree.list("action.d", "conf");
    let names = files.iter().filter_map(|path| path.file_stem()?.to_str());
    match nearest(name.as_str(), names) {
        Some(near) => fault.help(format!("did you mean {near}?")),
        None => fault.help(format!(
            "write it to {}/action.d/{}.conf",
            reader.tree.root().display(),
            name.as_str()
        )),
    }
}
