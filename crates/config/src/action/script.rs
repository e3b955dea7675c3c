//! The commands of an action, everything in them replaced that is known before an address is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::definition::Definition;
use crate::diagnostic::{Fault, keep};
use crate::interpolate::Vars;
use crate::tags;
use crate::text::Text;
use crate::value;

/// Tags whose values belong to a ban or to the running action, whatever the file says of them.
pub(super) const LATER: [&str; 5] = ["matches", "ipmatches", "ipjailmatches", "bantime", "timeout"];

/// What `[Definition]` of an action's file may say, in the order in which Fail2Ban reads it.
pub(crate) const OPTIONS: [&str; 13] = [
    "actionstart",
    "actionstart_on_demand",
    "actionstop",
    "actionflush",
    "actionreload",
    "actioncheck",
    "actionrepair",
    "actionrepair_on_unban",
    "actionban",
    "actionprolong",
    "actionreban",
    "actionunban",
    "norestored",
];

/// How long a command may take where nothing is said.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// What an action can be told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Operation {
    Start,
    Stop,
    Flush,
    Reload,
    Check,
    Repair,
    Ban,
    Prolong,
    Reban,
    Unban,
}

impl Operation {
    /// All of them, in the order in which Fail2Ban reads them.
    pub const ALL: [Self; 10] = [
        Self::Start,
        Self::Stop,
        Self::Flush,
        Self::Reload,
        Self::Check,
        Self::Repair,
        Self::Ban,
        Self::Prolong,
        Self::Reban,
        Self::Unban,
    ];

    /// The option of `[Definition]` that holds its commands.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::Start => "actionstart",
            Self::Stop => "actionstop",
            Self::Flush => "actionflush",
            Self::Reload => "actionreload",
            Self::Check => "actioncheck",
            Self::Repair => "actionrepair",
            Self::Ban => "actionban",
            Self::Prolong => "actionprolong",
            Self::Reban => "actionreban",
            Self::Unban => "actionunban",
        }
    }
}

/// The family of addresses that an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Family {
    /// Both, or none in particular.
    Any,
    /// IPv4.
    Inet4,
    /// IPv6.
    Inet6,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Any, Self::Inet4, Self::Inet6];

    /// What `<family>` gives.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Inet4 => "inet4",
            Self::Inet6 => "inet6",
        }
    }
}

/// An action's commands, ready but for the tags that a ban gives values to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// `actname`: its own name, or the one that the jail gives it.
    pub name: String,
    /// The files that its commands stand in.
    pub files: Vec<PathBuf>,
    /// How long one command may take.
    pub timeout: Duration,
    /// Bans that are only put back after a restart are none of its business.
    pub norestored: bool,
    /// It starts with the first ban of a family.
    pub on_demand: bool,
    /// A failed unban is worth a repair.
    pub repair_on_unban: bool,
    /// It is a class of Python instead, and has no commands.
    pub module: Option<Module>,
    /// By operation, for each [`Family`]; what has no command is not there.
    commands: BTreeMap<Operation, [String; 3]>,
}

/// An action that is written in Python.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its file, which has a class `Action`.
    pub file: PathBuf,
    /// What the class is given beside the jail and the action's name, as JSON.
    pub options: String,
}

impl Script {
    /// Reads an action's file. What is wrong with one command is noted, and the others are read all the same.
    pub(super) fn read(files: Vec<PathBuf>, definition: &Definition, faults: &mut Vec<Fault>) -> Self {
        let mut values = definition.init().clone();
        for option in OPTIONS {
            let text = keep(definition.option(option), None, faults);
            values.extend(text.map(|text| (Text::fixed(option), text)));
        }
        Self::of(values, files, faults)
    }

    /// The action that has these properties.
    pub(super) fn of(values: Vars, files: Vec<PathBuf>, faults: &mut Vec<Fault>) -> Self {
        let properties = Properties::new(values);
        let mut commands = BTreeMap::new();
        for operation in Operation::ALL {
            let texts =
                Family::ALL.map(|family| keep(properties.command(operation, family), String::new(), faults));
            if texts.iter().any(|text| !text.is_empty()) {
                commands.insert(operation, texts);
            }
        }
        let text = |name: &str| properties.get(name, Family::Any).map(|text| text.as_str());
        let flag = |name: &str| text(name).filter(|text| !text.is_empty()).map(value::is_yes);
        let conditional = properties.0.names().any(|name| name.contains("?family="));
        Self {
            norestored: flag("norestored").unwrap_or(false),
            on_demand: flag("actionstart_on_demand").unwrap_or(conditional),
            repair_on_unban: flag("actionrepair_on_unban").unwrap_or(false),
            timeout: keep(properties.timeout(), TIMEOUT, faults),
            name: text("actname").unwrap_or_default().to_owned(),
            files,
            module: None,
            commands,
        }
    }

    /// An action that is written in Python.
    #[must_use]
    pub fn python(name: &str, module: Module) -> Self {
        Self {
            name: name.to_owned(),
            files: vec![module.file.clone()],
            timeout: TIMEOUT,
            norestored: false,
            on_demand: false,
            repair_on_unban: false,
            module: Some(module),
            commands: BTreeMap::new(),
        }
    }

    /// The commands of an operation; empty where it has none.
    #[must_use]
    pub fn command(&self, operation: Operation, family: Family) -> &str {
        self.commands.get(&operation).map_or("", |texts| &texts[family as usize])
    }

    /// Whether what the other one started is what this one would have started, so that it can go on with it.
    #[must_use]
    pub fn continues(&self, other: &Self) -> bool {
        let ground = |script: &Self| {
            let commands = |operation| script.commands.get(&operation).cloned();
            (commands(Operation::Start), commands(Operation::Stop), script.on_demand)
        };
        self.name == other.name && self.module == other.module && ground(self) == ground(other)
    }

    /// Whether one of its commands holds this text. What is written in Python may ask for anything.
    #[must_use]
    pub fn mentions(&self, text: &str) -> bool {
        self.module.is_some() || self.commands.values().flatten().any(|command| command.contains(text))
    }
}

/// What the tags in an action's commands stand for once it runs: the commands, what `[Init]` and the jail give it.
struct Properties(Vars);

impl Properties {
    fn new(mut values: Vars) -> Self {
        for operation in Operation::ALL {
            values.or_insert_with(Text::fixed(operation.option()), Text::default);
        }
        values.or_insert_with(Text::fixed("timeout"), || Text::plain(TIMEOUT.as_secs().to_string()));
        values.or_insert_with(Text::fixed("br"), || Text::fixed("\n"));
        values.or_insert_with(Text::fixed("sp"), || Text::fixed(" "));
        Self(values)
    }

    fn timeout(&self) -> Result<Duration, Fault> {
        let Some(text) = self.0.get("timeout") else { return Ok(TIMEOUT) };
        value::duration(text.as_str()).map_err(|why| {
            let message = format!("timeout = {} is no time: {why}", text.as_str());
            Fault::error(text.place(), message).help("write seconds, or 1m")
        })
    }

    /// `name?family=inet6` is what `name` is for that family. The ban time is each ban's own.
    fn get(&self, name: &str, family: Family) -> Option<&Text> {
        let conditional = || self.0.get(&format!("{name}?family={}", family.name()));
        (family != Family::Any)
            .then(conditional)
            .flatten()
            .or_else(|| self.0.get(name).filter(|_| name != "bantime"))
    }

    fn command(&self, operation: Operation, family: Family) -> Result<String, Fault> {
        let name = operation.option();
        let Some(text) = self.get(name, family) else { return Ok(String::new()) };
        let replaced = tags::substitute(name, text, &mut |tag| Ok(self.get(tag.as_str(), family).cloned()))?;
        Ok(replaced.as_str().to_owned())
    }
}
