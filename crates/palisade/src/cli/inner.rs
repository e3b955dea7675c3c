//! The commands that Palisade gives itself.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What takes a change back in time, which the change starts
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Guard {
    /// The change
    pub(crate) id: u64,
    /// Leave the session
    #[arg(long)]
    pub(crate) detach: bool,
}

/// The unprivileged half of `palisade run`, which the keeper starts
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Watcher {}

/// The part of `palisade run` that starts the runner, as often as the keeper wants it
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Spawner {}

/// The part of `palisade run` that executes actions, which the spawner starts
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Runner {}

/// The part that asks for lists of addresses, without a privilege
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Fetcher {}

/// The processes that `palisade demo` starts
#[derive(Debug, Subcommand)]
#[command(hide = true)]
pub(crate) enum DemoPart {
    Attackers(Attackers),
    Exec(Exec),
}

/// Attack from a network namespace of their own, when standard input says so
#[derive(Debug, Args)]
pub(crate) struct Attackers {
    /// Log in with OpenSSH's client and the files in this folder
    #[arg(long)]
    pub(crate) ssh: Option<PathBuf>,
}

/// Become a program that ends with its parent
#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<OsString>,
}
