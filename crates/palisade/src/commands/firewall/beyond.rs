//! The commands that ufw does not have, with options as those of all other commands of Palisade.

use std::path::Path;

use clap::{CommandFactory as _, Parser as _};

use super::{lists, log};
use crate::cli::Firewall;
use crate::cli::beyond::Beyond;
use crate::exit::{Exit, Outcome};

/// Whether it is one of them.
pub(super) fn is_command(word: &str) -> bool {
    Beyond::command().find_subcommand(word).is_some()
}

pub(super) fn perform(folder: &Path, state: &Path, args: &Firewall) -> Outcome {
    match Beyond::try_parse_from(
        ["palisade firewall"].into_iter().chain(args.words.iter().map(String::as_str)),
    ) {
        Ok(Beyond::List(mut list)) => {
            list.json |= args.json;
            lists::list(folder, state, &list)
        }
        Ok(Beyond::Log(mut log)) => {
            log.json |= args.json;
            log::log(&log)
        }
        Err(message) => {
            // Nobody left to read it: nothing to do about that.
            let _ = message.print();
            Ok(if message.use_stderr() { Exit::Usage } else { Exit::Done })
        }
    }
}
