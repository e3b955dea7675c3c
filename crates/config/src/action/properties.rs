//! An action as Fail2Ban's server holds it: what can be asked of it and set while it runs, by name.

use indexmap::IndexMap;
use pickle::Value;

use super::script::{Script, TIMEOUT};
use crate::diagnostic::{Fault, Severity};
use crate::interpolate::Vars;
use crate::text::Text;
use crate::value::seconds;

/// The properties of one action, in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties(IndexMap<String, Value>);

/// What every action has, and where it is not set says nothing.
const COMMANDS: [&str; 9] = [
    "actionban",
    "actioncheck",
    "actionflush",
    "actionreban",
    "actionreload",
    "actionrepair",
    "actionstart",
    "actionstop",
    "actionunban",
];
/// What every action has beside them; the first two are patterns inside of Fail2Ban.
const OTHERS: [&str; 4] = ["ESCAPE_CRE", "ESCAPE_VN_CRE", "banEpoch", "timeout"];

impl Properties {
    /// The names of all of them, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = COMMANDS.into_iter().chain(OTHERS).collect();
        names.extend(self.0.keys().map(String::as_str));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The value of one; `None` if there is none of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned().or_else(|| match name {
            "timeout" => Some(Value::count(TIMEOUT.as_secs())),
            "banEpoch" => Some(Value::Int(0)),
            _ => COMMANDS.contains(&name).then(|| "".into()),
        })
    }

    /// Sets one. The ban time is each ban's own and cannot be set.
    ///
    /// # Errors
    ///
    /// For a `timeout` that is no time, what is wrong with it.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), String> {
        let value = match (name, value) {
            ("bantime", _) => return Ok(()),
            ("timeout", Value::Str(text)) => Value::Int(seconds(&text)? as i64),
            (_, value) => value,
        };
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// Sets one as it is written, without a look at what it means.
    pub(crate) fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// In their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// What these properties make the action of this name do.
    ///
    /// # Errors
    ///
    /// What is wrong with the first command that cannot be put together.
    pub fn script(&self, name: &str) -> Result<Script, String> {
        let text = |value: &Value| Text::plain(value.to_string());
        let mut values: Vars =
            self.0.iter().map(|(name, value)| (Text::plain(name.clone()), text(value))).collect();
        values.or_insert_with(Text::fixed("actname"), || Text::plain(name));
        let mut faults: Vec<Fault> = Vec::new();
        let mut script = Script::of(values, Vec::new(), &mut faults);
        name.clone_into(&mut script.name);
        match faults.into_iter().find(|fault| fault.severity == Severity::Error) {
            Some(fault) => Err(fault.message),
            None => Ok(script),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Family, Operation};
    use super::*;

    #[test]
    fn what_is_set_is_what_is_done() {
        let mut properties = Properties::default();
        properties.set("actionban", "echo <ip> <what>".into()).unwrap();
        properties.set("what", "four".into()).unwrap();
        properties.set("what?family=inet6", "six".into()).unwrap();
        properties.set("timeout", "1m".into()).unwrap();
        properties.set("norestored", Value::Bool(true)).unwrap();
        assert!(properties.set("timeout", "x".into()).is_err());
        let script = properties.script("mine").unwrap();
        assert_eq!(script.command(Operation::Ban, Family::Inet4), "echo <ip> four");
        assert_eq!(script.command(Operation::Ban, Family::Inet6), "echo <ip> six");
        assert_eq!((script.timeout.as_secs(), script.norestored, script.on_demand), (60, true, true));
        assert_eq!(properties.get("timeout"), Some(Value::Int(60)));
        assert_eq!(properties.get("actionstop"), Some("".into()));
        assert_eq!(properties.get("nothing"), None);
    }
}
