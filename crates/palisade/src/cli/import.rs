//! The commands that take over what other programs know.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::Careful;

/// Take over what another program knows
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    Fail2ban(ImportFail2ban),
    Ufw(ImportUfw),
    Iptables(ImportIptables),
}

/// Take over Fail2Ban's live bans and how often each address was banned
///
/// Without --apply it only shows what it understood. The configuration need not be taken over: it is read in place.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade import fail2ban                  what there is; nothing is changed
  palisade import fail2ban --apply          while neither of the two runs
  palisade import fail2ban --hand-back      the live bans back to Fail2Ban")]
pub(crate) struct ImportFail2ban {
    /// Fail2Ban's database [default: what its configuration says]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) database: Option<PathBuf>,
    /// Take the bans over
    #[arg(long)]
    pub(crate) apply: bool,
    /// Write Palisade's live bans into Fail2Ban's database
    #[arg(long, conflicts_with = "apply")]
    pub(crate) hand_back: bool,
}

/// Take over ufw's rules and settings
///
/// Without --apply it only shows what it understood, and what it did not, with its place. ufw goes on as it is: disable it
/// when you are content.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade import ufw                       what there is; nothing is changed
  palisade import ufw --apply               into palisade.toml, and in force if ufw's rules are
  palisade import ufw --root /mnt/backup    from the files of another host")]
pub(crate) struct ImportUfw {
    /// Where etc/ufw is
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "/")]
    pub(crate) root: PathBuf,
    #[command(flatten)]
    pub(crate) how: ImportRules,
}

/// Take over the rules of iptables
///
/// Without --apply it only shows what it understood, and what it did not, with its line. Rules of iptables stay where they
/// are, and go on being asked.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade import iptables                                  the rules that are in the kernel
  palisade import iptables /etc/iptables/rules.v4 /etc/iptables/rules.v6
  ssh old iptables-save | palisade import iptables - --apply")]
pub(crate) struct ImportIptables {
    /// What iptables-save or ip6tables-save printed; - is standard input [default: ask both]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) how: ImportRules,
}

/// What is done with rules that were understood.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ImportRules {
    /// Write them into palisade.toml, behind those that are there
    #[arg(long)]
    pub(crate) apply: bool,
    #[command(flatten)]
    pub(crate) careful: Careful,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}
