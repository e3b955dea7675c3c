//! `get JAIL action NAME PROPERTY`.

use config::{Family, Operation};
use pickle::{Exception, Kind, Value};

use super::Outcome;
use super::words::Words;
use crate::daemon::keeper::plan::Planned;

/// A command of an action, as the configuration gives it, or its time limit.
pub(super) fn property(jail: &Planned, words: Words<'_>) -> Outcome {
    let (name, property) = (words.at(0)?, words.at(1)?);
    let Some((_, of)) = jail.told.actions.iter().find(|(known, _)| *known == name) else {
        return Err(Exception::new(Kind::KeyError, format!("Invalid Action name: {name}")));
    };
    let Some(script) = jail.scripts.iter().find(|script| Some(&script.name) == of.as_ref()) else {
        let why = format!("{name} has no commands here: Palisade bans in the kernel itself");
        return Err(Exception::new(Kind::Exception, why));
    };
    if property == "timeout" {
        return Ok(Value::count(script.timeout.as_secs()));
    }
    match Operation::ALL.into_iter().find(|operation| operation.option() == property) {
        Some(operation) => Ok(script.command(operation, Family::Any).into()),
        None => {
            let why = format!("'CommandAction' object has no attribute '{property}'");
            Err(Exception::new(Kind::AttributeError, why))
        }
    }
}
