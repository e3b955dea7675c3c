//! The command line: one table, from which the parser, `--help`, the man pages and the completions are made.

pub(crate) mod firewall;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueHint};

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

/// Look at filters and try them on logs
#[derive(Debug, Subcommand)]
pub(crate) enum Filter {
    List(FilterList),
    Test(FilterTest),
    Scan(FilterScan),
}

/// List the installed filters
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade filter list
  palisade filter list --config /etc/fail2ban")]
pub(crate) struct FilterList {
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show which lines of a log a filter takes for failures, and what it reads from them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade filter test sshd /var/log/auth.log
  palisade filter test 'sshd[mode=aggressive]' /var/log/auth.log
  palisade filter test ./my-app.conf my-app.log --json
  journalctl -o cat -u ssh | palisade filter test sshd - --journal")]
pub(crate) struct FilterTest {
    /// NAME, NAME[option=value,...], or a .conf file
    pub(crate) filter: String,
    /// The log; - is standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) log: PathBuf,
    /// One JSON object a failure
    #[arg(long)]
    pub(crate) json: bool,
    /// Show every line that no pattern matched, not the first ones only
    #[arg(long)]
    pub(crate) missed: bool,
    #[command(flatten)]
    pub(crate) clock: LogClock,
    /// The lines carry no date, as from the journal: every one happened now
    #[arg(long)]
    pub(crate) journal: bool,
}

/// How dates in a log are read.
#[derive(Clone, Debug, Args)]
pub(crate) struct LogClock {
    /// The zone of dates that name none, as Europe/Zurich [default: the host's]
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// The moment of reading, in seconds since 1970: settles dates without a year [default: now]
    #[arg(long, value_name = "EPOCH", allow_negative_numbers = true)]
    pub(crate) now: Option<i64>,
}

/// Run every installed filter over a log and say which see something in it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade filter scan /var/log/syslog
  palisade filter scan app.log --json")]
pub(crate) struct FilterScan {
    /// The log; - is standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) log: PathBuf,
    /// One JSON object a failure: {\"line\",\"filter\",\"host\"}
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) clock: LogClock,
}

/// Show what the jails would have done with a log, in the log's own time
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  palisade replay /var/log/auth.log
  palisade replay --jail sshd --jail recidive auth.log.1 auth.log --json")]
pub(crate) struct Replay {
    /// Only these jails, enabled or not [default: the enabled ones]
    #[arg(long = "jail", value_name = "JAIL")]
    pub(crate) jails: Vec<String>,
    /// Logs in the order of their time; - is standard input
    #[arg(required = true, value_name = "LOG", value_hint = ValueHint::FilePath)]
    pub(crate) logs: Vec<PathBuf>,
    /// One JSON object a ban, then one with the summary
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) clock: LogClock,
}

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

/// Say which connections this host takes, in ufw's words
///
/// The rules are in palisade.toml, which people may edit as well; what a command changes is in force when it returns.
/// What is changed over ssh is taken back after a minute, unless it is confirmed: see `palisade confirm --help`.
/// Linked to under the name of ufw, the program is ufw: `ln -s palisade /usr/local/sbin/ufw`.
#[derive(Debug, Args)]
#[command(after_help = include_str!("commands/firewall/usage.txt"))]
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
