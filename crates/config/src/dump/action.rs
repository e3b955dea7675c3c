//! The commands that give a jail its actions.

use pickle::Value;

use super::flag;
use crate::action::{OPTIONS, Properties, Python, definition};
use crate::call::{self, Call};
use crate::diagnostic::Fault;
use crate::options::Values;
use crate::reader::Reader;
use crate::text::Text;

/// All actions of a jail. `vars` are its options, which an action may refer to.
pub(super) fn commands(
    reader: &mut Reader<'_>,
    jail: &str,
    value: Option<&Text>,
    vars: &Values,
) -> Result<Vec<Value>, String> {
    let mut commands = Vec::new();
    for (_, call) in value.into_iter().flat_map(call::all) {
        let call = call.map_err(|fault| fault.message)?;
        match Python::find(reader, &call) {
            Some(python) => commands.push(by_python(jail, &python)),
            None => commands.extend(by_commands(reader, jail, &call, vars)?),
        }
    }
    Ok(commands)
}

fn by_python(jail: &str, Python { name, module }: &Python) -> Value {
    Value::texts(["set", jail, "addaction", name, &module.file.display().to_string(), &module.options])
}

fn by_commands(
    reader: &mut Reader<'_>,
    jail: &str,
    call: &Call,
    vars: &Values,
) -> Result<[Value; 2], String> {
    let (name, properties) = properties(reader, jail, call, vars)?;
    let all = properties.iter().map(|(name, value)| Value::List(vec![name.into(), value.clone()])).collect();
    let words = ["multi-set", jail, "action", &name].map(Value::from);
    let properties = words.into_iter().chain([Value::List(all)]).collect();
    Ok([Value::texts(["set", jail, "addaction", &name]), Value::List(properties)])
}

/// The name of an action of a jail, and what Fail2Ban's client sets of it.
pub(super) fn properties(
    reader: &mut Reader<'_>,
    jail: &str,
    call: &Call,
    vars: &Values,
) -> Result<(String, Properties), String> {
    let said = |fault: Fault| fault.message;
    let unreadable = || format!("Unable to read action {}", Value::from(call.name.as_str()).repr());
    let config = reader.config(&format!("action.d/{}", call.name.as_str())).ok_or_else(unreadable)?;
    let definition = definition(config, call, jail, vars.clone()).map_err(said)?;
    let name = definition.init().get("actname").map_or("", |name| name.as_str()).to_owned();
    let mut properties = Properties::default();
    for option in definition.given_last(&OPTIONS) {
        let Some(value) = definition.option(option).map_err(said)? else { continue };
        let is_flag = matches!(option, "actionstart_on_demand" | "actionrepair_on_unban" | "norestored");
        properties.put(option, if is_flag { flag(value.as_str()) } else { value.as_str().into() });
    }
    for (option, value) in definition.given_options().filter(|(option, _)| !OPTIONS.contains(option)) {
        // Names lose their case where they are looked for.
        let written = call.names().find(|name| name.to_lowercase() == option);
        properties.put(written.unwrap_or(option), value.as_str().into());
    }
    Ok((name, properties))
}
