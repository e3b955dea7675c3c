//! `get JAIL action…`, `set JAIL addaction`, `delaction` and `action`: what a jail does about bans, and changes of it.
//!
//! A stock ban action bans in the kernel, without commands. One of which something is set at run time is no longer what
//! its files say, and from then on runs its commands.

use std::path::Path;

use config::{ActionKind, Module, Properties, Script};
use pickle::{Exception, Kind, Value};

use super::words::Words;
use super::{Done, Keeper, Outcome};
use crate::daemon::keeper::plan::{Plan, Planned, ToldAction};
use crate::daemon::runner::protocol::Call;
use crate::engine::permit::given_by_root;

pub(super) const NAMES: [&str; 3] = ["addaction", "delaction", "action"];

/// What can be called on an action of Fail2Ban's.
const METHODS: [&str; 15] = [
    "ban",
    "clearAllParams",
    "consistencyCheck",
    "escapeTag",
    "executeCmd",
    "flush",
    "invalidateBanEpoch",
    "prolong",
    "reban",
    "reload",
    "replaceDynamicTags",
    "replaceTag",
    "start",
    "stop",
    "unban",
];

impl Keeper {
    /// `get JAIL action NAME PROPERTY`.
    pub(super) fn action_property(&self, at: usize, words: Words<'_>) -> Outcome<Done> {
        let (name, property) = (words.at(0)?, words.at(1)?);
        if let Some(question) = self.to_python(at, &name, Call::Get(property.clone()))? {
            return Ok(question);
        }
        let properties = self.properties(&self.plan.jails[at], &name)?;
        properties.get(&property).map(Done::Now).ok_or_else(|| no_attribute(&property))
    }

    /// `get JAIL actionproperties NAME`.
    pub(super) fn action_properties(&self, at: usize, words: Words<'_>) -> Outcome<Done> {
        let name = words.at(0)?;
        if let Some(question) = self.to_python(at, &name, Call::Properties)? {
            return Ok(question);
        }
        let properties = self.properties(&self.plan.jails[at], &name)?;
        Ok(Value::texts(properties.names()).into())
    }

    /// `get JAIL actionmethods NAME`.
    pub(super) fn action_methods(&self, at: usize, words: Words<'_>) -> Outcome<Done> {
        let name = words.at(0)?;
        if let Some(question) = self.to_python(at, &name, Call::Methods)? {
            return Ok(question);
        }
        self.properties(&self.plan.jails[at], &name)?;
        Ok(Value::texts(METHODS).into())
    }

    /// Those that were set, or else those that the files give.
    fn properties(&self, jail: &Planned, name: &str) -> Outcome<Properties> {
        let action = jail.told.actions.iter().find(|action| action.name == name);
        let action = action.ok_or_else(|| no_action(name))?;
        let refuse = |why: String| Exception::new(Kind::Exception, why);
        match (&action.set, action.kind) {
            (Some(set), _) => Ok((**set).clone()),
            (None, ActionKind::Python) => {
                Err(refuse(format!("{name} is written in Python: it has no such properties")))
            }
            (None, _) => config::properties(&self.tree, &jail.spec.name, name)
                .ok_or_else(|| refuse(format!("the files of {name} cannot be read"))),
        }
    }

    /// `set JAIL addaction NAME`, `delaction NAME`, `action NAME PROPERTY VALUE`.
    pub(super) fn set_action(&self, at: usize, what: &str, words: Words<'_>) -> Outcome<Done> {
        let name = words.at(0)?;
        let value = match what {
            "addaction" => return self.add_action(at, &name, words),
            "delaction" => return self.remove_action(at, &name),
            _ => words.at(1)?,
        };
        let property = value;
        let call = Call::Set(property.clone(), words.get(2));
        if let Some(question) = self.to_python(at, &name, call)? {
            return Ok(question);
        }
        let known = self.plan.jails[at].told.actions.iter().any(|action| action.name == name);
        if known && METHODS.contains(&&*property) {
            let why = format!(
                "Palisade does not call {property} by command: what an action does follows from bans"
            );
            return Err(Exception::new(Kind::Exception, why));
        }
        let mut properties = self.properties(&self.plan.jails[at], &name)?;
        set(&mut properties, &property, Value::from(words.at(2)?))?;
        let value = properties.get(&property).ok_or_else(|| no_attribute(&property))?;
        self.with_action(at, &name, properties, value)
    }

    /// `multi-set JAIL action NAME [[PROPERTY, VALUE]...]`, as clients send what a file holds.
    pub(super) fn set_properties(&self, at: usize, name: &str, values: &[Value]) -> Outcome<Done> {
        let mut properties = self.properties(&self.plan.jails[at], name)?;
        for pair in values {
            let (Value::List(pair) | Value::Tuple(pair)) = pair else { continue };
            if let [property, value] = &pair[..] {
                set(&mut properties, &property.to_string(), value.clone())?;
            }
        }
        self.with_action(at, name, properties, Value::Bool(true))
    }

    fn with_action(&self, at: usize, name: &str, properties: Properties, value: Value) -> Outcome<Done> {
        let mut plan = self.plan.clone();
        let jail = &mut plan.jails[at];
        let refuse = |why: String| Exception::new(Kind::ValueError, why);
        let script = properties.script(name).map_err(refuse)?;
        match jail.scripts.iter_mut().find(|have| have.name == name) {
            Some(have) => *have = script,
            None => jail.scripts.push(script),
        }
        let banned = bans(jail);
        for action in jail.told.actions.iter_mut().filter(|action| action.name == name) {
            (action.kind, action.set) = (ActionKind::Command, Some(Box::new(properties.clone())));
        }
        Ok(changed(plan, at, banned, value))
    }

    fn add_action(&self, at: usize, name: &str, words: Words<'_>) -> Outcome<Done> {
        if self.plan.jails[at].told.actions.iter().any(|action| action.name == name) {
            return Err(Exception::new(Kind::ValueError, format!("Action {name} already exists")));
        }
        if let Some(file) = words.get(1) {
            return self.add_python(at, name, file, words.at(2)?);
        }
        let mut plan = self.plan.clone();
        let (kind, set) = (ActionKind::Command, Some(Box::default()));
        plan.jails[at].told.actions.push(ToldAction { name: name.to_owned(), kind, set });
        Ok(Done::Change(Box::new(plan), name.into()))
    }

    /// One that is written in Python. What its class has to object is in the log and in the status.
    fn add_python(&self, at: usize, name: &str, file: String, options: String) -> Outcome<Done> {
        if !Path::new(&file).exists() {
            return Err(super::watched::missing(file));
        }
        if let Err(why) = serde_json::from_str::<serde_json::Map<_, _>>(&options) {
            return Err(Exception::new(Kind::ValueError, format!("{options} is no JSON of options: {why}")));
        }
        let script = Script::python(name, Module { file: file.into(), options });
        given_by_root(&script).map_err(|why| Exception::new(Kind::Exception, why))?;
        let mut plan = self.plan.clone();
        let jail = &mut plan.jails[at];
        jail.scripts.push(script);
        jail.told.actions.push(ToldAction { name: name.to_owned(), kind: ActionKind::Python, set: None });
        plan.note_evidence();
        Ok(Done::Change(Box::new(plan), name.into()))
    }

    fn remove_action(&self, at: usize, name: &str) -> Outcome<Done> {
        let mut plan = self.plan.clone();
        let jail = &mut plan.jails[at];
        let banned = bans(jail);
        let place = jail.told.actions.iter().position(|action| action.name == name);
        jail.told.actions.remove(place.ok_or_else(|| no_action(name))?);
        jail.scripts.retain(|script| script.name != name);
        Ok(changed(plan, at, banned, Value::None))
    }
}

/// A plan in which a jail's actions are others. With the last of them that bans in the kernel, the jail ceases to.
fn changed(mut plan: Plan, at: usize, banned: bool, value: Value) -> Done {
    let jail = &mut plan.jails[at];
    if banned && !bans(jail) {
        jail.target = None;
    }
    plan.note_evidence();
    Done::Change(Box::new(plan), value)
}

fn bans(jail: &Planned) -> bool {
    jail.told.actions.iter().any(|action| action.kind == ActionKind::Ban)
}

fn set(properties: &mut Properties, name: &str, value: Value) -> Outcome<()> {
    if let ("timeout", Value::Str(text)) = (name, &value) {
        super::words::seconds(text)?;
    }
    properties.set(name, value).map_err(|why| Exception::new(Kind::ValueError, why))
}

fn no_action(name: &str) -> Exception {
    Exception::new(Kind::KeyError, format!("Invalid Action name: {name}"))
}

fn no_attribute(property: &str) -> Exception {
    let why = format!("'CommandAction' object has no attribute '{property}'");
    Exception::new(Kind::AttributeError, why)
}
