//! The commands about bans.

use clap::Args;

/// Show what is protected, what failed, and who is banned
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade status          every jail, a line each
  palisade status sshd     one jail: its logs, its counters, its bans and why")]
pub(crate) struct Status {
    /// One jail in detail
    pub(crate) jail: Option<String>,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// List who is banned, where, and for how long still
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade bans
  palisade bans --jail sshd --json")]
pub(crate) struct Bans {
    /// Only those of this jail
    #[arg(long)]
    pub(crate) jail: Option<String>,
    /// One JSON object a ban
    #[arg(long)]
    pub(crate) json: bool,
}

/// Ban addresses or networks by hand
///
/// The ban is in the kernel and on disk when the command returns. Addresses on the never-ban list are refused: the
/// host's own, those in ignoreip, and the one you are logged in from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade ban 203.0.113.7
  palisade ban 198.51.100.0/24 2001:db8:bad::/48 --for 1w
  palisade ban 203.0.113.7 --jail sshd --for 1h30m")]
pub(crate) struct Ban {
    /// Addresses or networks in CIDR form
    #[arg(required = true, value_name = "ADDR")]
    pub(crate) addresses: Vec<String>,
    /// Ban from this jail's ports; without it, from all ports
    #[arg(long)]
    pub(crate) jail: Option<String>,
    /// For so long, as 90s, 1h30m, 5w; `forever` has no end [default: the jail's bantime]
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) length: Option<String>,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// Lift bans
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade unban 203.0.113.7
  palisade unban 203.0.113.7 --jail sshd
  palisade unban --all")]
pub(crate) struct Unban {
    /// Addresses or networks, as `palisade bans` shows them
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "ADDR")]
    pub(crate) addresses: Vec<String>,
    /// Every ban
    #[arg(long)]
    pub(crate) all: bool,
    /// Only in this jail
    #[arg(long)]
    pub(crate) jail: Option<String>,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}
