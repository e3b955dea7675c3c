//! The commands of `palisade firewall` that ufw does not have.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::STYLES;

/// What stands behind `palisade firewall`.
#[derive(Debug, Parser)]
#[command(name = "palisade firewall", bin_name = "palisade firewall", display_name = "palisade-firewall")]
#[command(styles = STYLES, max_term_width = 90)]
#[command(disable_help_subcommand = true)]
pub(crate) enum Beyond {
    List(List),
    Log(Log),
}

/// Show the lists of addresses that rules can name, and refresh them
///
/// A list is refreshed from whoever owns it, or whom palisade.toml names: [lists] cloudflare = "https://…". An answer is
/// believed only if it is such a list, and little different from the one in force; otherwise that one stays, and the exit
/// status is 69. The daemon asks once a day for lists that rules name; [lists] refresh = "all" is for every list,
/// "off" for none.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  palisade firewall list                       every list, its age and where it is from
  palisade firewall list cloudflare            the networks in it
  palisade firewall list refresh               ask for all of them now
  palisade firewall allow from cloudflare to any port 80,443 proto tcp")]
pub(crate) struct List {
    /// The networks of this list
    pub(crate) name: Option<String>,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) action: Option<ListAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ListAction {
    /// Ask for lists now, and put what is believed in force
    Refresh {
        /// Only this list
        name: Option<String>,
        /// Believe it though more than a third of it has changed; all other bounds hold
        #[arg(long)]
        any_change: bool,
    },
}

/// Show who was refused, and where, from what the kernel logged of the rules
///
/// It is read from the journal, or without one from the kernel's own log. What is logged is set with
/// `palisade firewall logging`; up to `medium` it is a few lines a minute of each kind, so that nobody can flood the log:
/// the numbers are of lines, and there may have been more packets.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade firewall log                        the last day: who, where, how often
  palisade firewall log --by port --since 1h
  palisade firewall log --follow               as it happens
  palisade firewall log --file /var/log/kern.log --json
  zcat /var/log/kern.log.2.gz | palisade firewall log --file -")]
pub(crate) struct Log {
    /// Only what is not older, as 90s, 1h30m, 2d [default: 1d, or all of FILE]
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// A line for each source, or for each port
    #[arg(long, value_enum)]
    pub(crate) by: Option<By>,
    /// Wait for what comes from now on, and show it
    #[arg(long, conflicts_with_all = ["since", "by"])]
    pub(crate) follow: bool,
    /// Read a log as syslog writes it; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// What was let pass, too
    #[arg(long)]
    pub(crate) all: bool,
    /// One JSON object a packet
    #[arg(long, conflicts_with = "by")]
    pub(crate) json: bool,
}

/// What the lines of the table are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    Source,
    Port,
}
