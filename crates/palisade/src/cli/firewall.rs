//! The commands of `palisade firewall` that ufw does not have.

use clap::{Args, Parser, Subcommand};

use super::STYLES;

/// What stands behind `palisade firewall`.
#[derive(Debug, Parser)]
#[command(name = "palisade firewall", bin_name = "palisade firewall", styles = STYLES, max_term_width = 90)]
#[command(disable_help_subcommand = true)]
pub(crate) enum Beyond {
    List(List),
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
    },
}
