//! The binary under the name `ufw`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;

use firewall::rules::command::Invocation;

use super::session::Manner;
use super::{USAGE, carry_out};
use crate::cli::DEFAULT_STATE;
use crate::engine::place::INSTALLED;
use crate::exit::Exit;

/// The version of ufw whose commands and messages these are.
const VERSION: &str = "0.36.2";

/// Whether the binary was started as ufw.
pub(crate) fn is_ufw(started_as: &OsStr) -> bool {
    Path::new(started_as).file_name() == Some(OsStr::new("ufw"))
}

/// Does what ufw does with these words, and ends as it does: 0, or 1 for everything else.
pub(crate) fn program(words: &[String]) -> Exit {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let asks_little = matches!(words.as_slice(), ["help" | "-h" | "--help" | "version" | "--version"]);
    if !asks_little && !rustix::process::geteuid().is_root() {
        anstream::eprintln!("ERROR: You need to be root to run this script");
        return Exit::Nothing;
    }
    if matches!(words.as_slice(), ["version" | "--version"]) {
        return say(&format!("ufw {VERSION}\nPalisade {} in its place\n", env!("CARGO_PKG_VERSION")));
    }
    let manner = |invocation: &Invocation| Manner {
        command: format!("ufw {}", words.join(" ")),
        force: invocation.force,
        dry_run: invocation.dry_run,
        rollback_after: None,
    };
    match carry_out(Path::new(INSTALLED), Path::new(DEFAULT_STATE), &words, false, manner) {
        Ok(said) => say(&said),
        Err(refused) => {
            if refused.usage {
                say(&format!("\n{USAGE}\n"));
            }
            anstream::eprintln!("ERROR: {}", refused.error);
            Exit::Nothing
        }
    }
}

/// A reader that has gone is no error.
fn say(text: &str) -> Exit {
    let _ = anstream::stdout().lock().write_all(text.as_bytes());
    Exit::Done
}
