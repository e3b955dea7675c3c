//! `palisade run`, and the watcher, the spawner, the runner and the fetcher that it starts.

use crate::cli::{Place, Run};
use crate::control::session;
use crate::daemon::keeper::{self, Fail2banPlace};
use crate::daemon::{runner as running, spawner as spawning, watcher as watching};
use crate::engine::place::tree;
use crate::exit::{CommandError, Exit, Outcome};
use crate::{fetcher as fetching, log};

pub(crate) fn run(place: Place, args: &Run) -> Outcome {
    let tree = tree(&place)?;
    log::start(args.log.as_deref())?;
    let loglevel = args.loglevel.as_ref().map(|level| level.to_uppercase());
    if let Some(level) = &loglevel
        && !log::set_level(level)
    {
        return Err(CommandError::new(
            Exit::Usage,
            format!("--loglevel {level}: error, warning, notice or info"),
        ));
    }
    let (socket, pidfile) = (args.socket.clone(), args.pidfile.clone());
    let fail2ban = Fail2banPlace { socket, pidfile, loglevel };
    keeper::run(tree, place.state, session::address(), fail2ban)
}

pub(crate) fn spawner() -> Outcome {
    spawning::serve().map_err(|error| CommandError::io("the spawner", &error))?;
    Ok(Exit::Done)
}

pub(crate) fn runner() -> Outcome {
    log::start(None)?;
    running::serve().map_err(|error| CommandError::io("the runner", &error))?;
    Ok(Exit::Done)
}

pub(crate) fn fetcher() -> Outcome {
    fetching::serve().map_err(|error| CommandError::io("the fetcher", &error))?;
    Ok(Exit::Done)
}

pub(crate) fn watcher() -> Outcome {
    log::start(None)?;
    watching::serve().map_err(|error| CommandError::io("the watcher", &error))?;
    Ok(Exit::Done)
}
