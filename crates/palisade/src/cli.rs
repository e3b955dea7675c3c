//! The command line: one table, from which the parser, `--help`, the man pages and the completions are made.

mod bans;
pub(crate) mod beyond;
mod filters;
mod firewall;
mod import;
mod inner;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueHint};

pub(crate) use bans::{Ban, Bans, Status, Unban};
pub(crate) use filters::{Filter, FilterList, FilterScan, FilterTest, LogClock, Replay};
pub(crate) use firewall::{Boot, Careful, Confirm, Firewall, History, Rollback};
pub(crate) use import::{Import, ImportFail2ban, ImportIptables, ImportRules, ImportUfw};
pub(crate) use inner::{Attackers, DemoPart, Exec, Fetcher, Guard, Runner, Spawner, Watcher};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_STATUS: &str = "Exit status:
  0   done
  1   the command found nothing to do, or refused to do it
  64  wrong usage
  69  no daemon is running on this state, or a needed service is missing
  73  another daemon runs on this state, or in this network namespace; or another command
      is changing something
  74  reading or writing failed
  77  permission is missing
  78  the configuration has errors";

/// Where the state is, if nobody says otherwise.
pub(crate) const DEFAULT_STATE: &str = "/var/lib/palisade";

/// Bans the attackers that a server's logs show.
#[derive(Debug, Parser)]
#[command(name = "palisade", version, styles = STYLES, after_help = EXIT_STATUS, max_term_width = 90)]
#[command(propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where configuration and state are.
#[derive(Clone, Debug, Args)]
pub(crate) struct Place {
    /// Read jails and filters from DIR [default: /etc/palisade, or what is built in]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) config: Option<PathBuf>,
    /// Keep bans, history and read positions in DIR
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = DEFAULT_STATE)]
    pub(crate) state: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Reload(Reload),
    Status(Status),
    Bans(Bans),
    Ban(Ban),
    Unban(Unban),
    #[command(subcommand)]
    Filter(Filter),
    Replay(Replay),
    #[command(subcommand)]
    Config(Config),
    Demo(Demo),
    #[command(subcommand)]
    Import(Import),
    #[command(name = "fail2ban-client")]
    Fail2banClient(Fail2ban),
    #[command(name = "fail2ban-server")]
    Fail2banServer(Fail2ban),
    #[command(name = "fail2ban-regex")]
    Fail2banRegex(Fail2ban),
    Firewall(Firewall),
    Confirm(Confirm),
    Rollback(Rollback),
    History(History),
    Boot(Boot),
    Guard(Guard),
    Generate(Generate),
    Watcher(Watcher),
    Spawner(Spawner),
    Runner(Runner),
    Fetcher(Fetcher),
    #[command(subcommand)]
    DemoPart(DemoPart),
}

/// Watch the logs and ban attackers, in the foreground
///
/// SIGTERM ends it and leaves the bans in the kernel, where they run out by themselves; SIGHUP reads the configuration
/// again without losing a line, a window or a ban. Ready and reloading are told to systemd.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade run                              jails from /etc/palisade, or the built-in ones
  palisade run --config /etc/fail2ban       protect with an existing Fail2Ban configuration
  kill -HUP $(pidof -s palisade)            read the configuration again")]
pub(crate) struct Run {
    /// Append the daemon's log to FILE instead of standard error; SYSLOG and SYSTEMD-JOURNAL are those
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) log: Option<PathBuf>,
    /// Answer Fail2Ban's clients on FILE [default: what fail2ban.conf says, if there is one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) socket: Option<PathBuf>,
    /// Write the process's number to FILE [default: what fail2ban.conf says, if there is one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) pidfile: Option<PathBuf>,
    /// Log events of this level and above [default: what fail2ban.conf says, or info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) loglevel: Option<String>,
}

/// Make the running daemon read its configuration again
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade reload          errors are shown, and the old configuration stays in force

Rules of palisade.toml that were edited are put in force as by `palisade firewall reload`.")]
pub(crate) struct Reload {}

/// Check or show the configuration
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    Check(ConfigCheck),
    Show(ConfigShow),
}

/// Report every error in the configuration, each at its place
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade config check
  palisade config check --config /etc/fail2ban")]
pub(crate) struct ConfigCheck {
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print the configuration in force, everything resolved
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade config show
  palisade config show --config /etc/fail2ban > /tmp/effective.conf
  palisade config show --posture > /tmp/effective.toml")]
pub(crate) struct ConfigShow {
    /// Only what palisade.toml says, as such a file; without it, it stands in comments behind the jails
    #[arg(long)]
    pub(crate) posture: bool,
}

/// Watch Palisade stop an attack, in namespaces of its own; changes nothing on this host
///
/// A login service and several attackers are put into network namespaces that are made for the occasion, and Palisade
/// protects the one from the others with real bans in the nftables there. It takes about 15 seconds and needs neither
/// root nor a configuration. Started by root on a host with OpenSSH, the service is a real sshd; otherwise it is a small
/// one that logs as sshd does.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade demo            live on a terminal of at least 80x24
  palisade demo | cat      line by line, as it happens")]
pub(crate) struct Demo {}

/// Do what Fail2Ban's program of this name does
///
/// Linked to under its own name, it is that program: `ln -s palisade /usr/local/bin/fail2ban-client`.
#[derive(Debug, Args)]
#[command(
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = "Examples:
  palisade fail2ban-client status sshd
  palisade fail2ban-client set sshd banip 203.0.113.7"
)]
pub(crate) struct Fail2ban {
    /// As Fail2Ban's program takes them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<String>,
}

/// Write man pages or shell completions
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Generate {
    /// man, bash, zsh or fish
    pub(crate) what: String,
    /// Into this folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
}
