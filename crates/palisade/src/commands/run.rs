//! `palisade run`, and the watcher that it starts.

use crate::cli::{Place, Run};
use crate::control::session;
use crate::daemon::{keeper, watcher as watching};
use crate::engine::place::tree;
use crate::exit::{CommandError, Exit, Outcome};
use crate::log;

pub(crate) fn run(place: Place, args: &Run) -> Outcome {
    let tree = tree(&place)?;
    log::start(args.log.as_deref())?;
    keeper::run(tree, place.state, session::address())
}

pub(crate) fn watcher() -> Outcome {
    log::start(None)?;
    watching::serve().map_err(|error| CommandError::io("the watcher", &error))?;
    Ok(Exit::Done)
}
