//! The commands about rules and their changes.

use std::time::Duration;

use clap::Args;

/// Say which connections this host takes, in ufw's words
///
/// The rules are in palisade.toml, which people may edit as well; what a command changes is in force when it returns.
/// What is changed over ssh is taken back after a minute, unless it is confirmed: see `palisade confirm --help`.
/// Linked to under the name of ufw, the program is ufw: `ln -s palisade /usr/local/sbin/ufw`.
#[derive(Debug, Args)]
#[command(after_help = include_str!("../commands/firewall/usage.txt"))]
pub(crate) struct Firewall {
    /// Change nothing, only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) rollback: Careful,
    /// For programs: with `status`
    #[arg(long)]
    pub(crate) json: bool,
    /// As behind `ufw`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORD")]
    pub(crate) words: Vec<String>,
}

/// How careful a change of the rules is.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Careful {
    /// Ask nothing, and do also what shuts out this session; over ssh it is taken back unless it is confirmed
    #[arg(long)]
    pub(crate) force: bool,
    /// Take the change back after TIME, as 60s or 5m, unless it is confirmed; over ssh that is so without this
    #[arg(long = "rollback-after", value_name = "TIME", value_parser = config::Rollback::length)]
    pub(crate) after: Option<Duration>,
}

/// Let the change that waits stay
///
/// A change of the rules that is made over ssh is taken back after a minute unless it is confirmed. What confirms it is
/// a login that is newer than the change: it shows that you are still let in. So log in anew, from a second terminal,
/// and give this command there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade confirm             in a login that is newer than the change
  palisade confirm --force     from wherever you are")]
pub(crate) struct Confirm {
    /// Believe it without a new login
    #[arg(long)]
    pub(crate) force: bool,
}

/// Take a change of the rules back
///
/// Without ID it is the one that waits to be confirmed, or else the last one. With ID, palisade.toml is made as it was
/// before that change: those after it are taken back with it. What was taken back is a change of its own, and can be
/// taken back as well.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade rollback            what waits, or else the last change
  palisade rollback 17         back to how it was before change 17")]
pub(crate) struct Rollback {
    /// As `palisade history` shows it
    pub(crate) id: Option<u64>,
    #[command(flatten)]
    pub(crate) careful: Careful,
}

/// List the changes of the rules: when, by whom, and whether they stay
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade history
  palisade history 17          one change: its commands and what they did to palisade.toml
  palisade history --json")]
pub(crate) struct History {
    /// One change in detail
    pub(crate) id: Option<u64>,
    /// One JSON object a change
    #[arg(long)]
    pub(crate) json: bool,
}

/// Put the rules in force when the host starts, before its network is up
///
/// A change that waited to be confirmed when the host went down is taken back first. If palisade.toml has errors, the
/// rules that were in force last are put in force once more, and the errors told. For packaging/palisade-firewall.service.
#[derive(Debug, Args)]
#[command(after_help = "Exit status:
  0   the rules are in force, or the firewall is not enabled
  69  the kernel refused: no rule of Palisade is in force
  78  palisade.toml has errors; the last rules are in force, or none if none ever were

Examples:
  palisade boot")]
pub(crate) struct Boot {}
