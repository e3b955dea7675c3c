//! Palisade: bans the attackers that a server's logs show.
//!
//! `cli` is the table of commands, `commands` has a module each, `engine` is the road from line to decision that the
//! daemon and `palisade replay` share, `daemon` is the keeper and the watcher, `control` is how commands reach them,
//! `fail2ban` does the same under Fail2Ban's names, `transaction` takes back what somebody shut himself out with, `fetcher`
//! asks for lists of addresses.
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod control;
mod daemon;
mod engine;
mod exit;
mod fail2ban;
mod fetcher;
mod log;
mod output;
mod transaction;

use std::process::ExitCode;

use clap::Parser;

use crate::exit::Exit;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let started_as = words.next().unwrap_or_default();
    let mut rest = || words.by_ref().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>();
    if let Some(name) = fail2ban::Name::of(&started_as) {
        return fail2ban::program(name, &rest()).into();
    }
    if commands::firewall::is_ufw(&started_as) {
        return commands::firewall::program(&rest()).into();
    }
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            // Nobody left to read it: nothing to do about that.
            let _ = message.print();
            return if message.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    match commands::perform(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            anstream::eprintln!("{}palisade:{:#} {error}", output::ALERT, output::ALERT);
            error.exit.into()
        }
    }
}
