//! Fail2Ban's own programs and its socket, answered by Palisade.
//!
//! ```text
//! fail2ban-client ─words─> pickle ─socket─> keeper: daemon::keeper::fail2ban ─value or exception─> pickle ─> text
//! ```
//!
//! `socket` is the daemon's end, `client` the command's; each works with the other side's original. `regex` is
//! `fail2ban-regex`, which needs no daemon.

mod client;
pub(crate) mod dates;
pub(crate) mod expand;
mod regex;
pub(crate) mod socket;

use std::ffi::OsStr;
use std::path::Path;

use crate::exit::Exit;

/// The version of Fail2Ban whose commands and replies these are.
pub(crate) const VERSION: &str = "1.0.2";

/// The programs that Palisade stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Client,
    Server,
    Regex,
}

impl Name {
    /// By the name under which the binary was started.
    pub(crate) fn of(started_as: &OsStr) -> Option<Self> {
        match Path::new(started_as).file_name()?.to_str()? {
            "fail2ban-client" => Some(Self::Client),
            "fail2ban-server" => Some(Self::Server),
            "fail2ban-regex" => Some(Self::Regex),
            _ => None,
        }
    }
}

/// Does what the program of this name does with these words.
pub(crate) fn program(name: Name, words: &[String]) -> Exit {
    match name {
        Name::Regex => regex::run(words),
        name => client::run(name, words),
    }
}
