//! The commands about filters and logs.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

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
