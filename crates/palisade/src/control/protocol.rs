//! What a command and the running daemon say to each other: one JSON object on one line each way.
//!
//! Addresses and times are strings here, checked by the daemon, so that a wrong one gets the daemon's own words.

use std::net::IpAddr;

use pickle::{Exception, Value};
use serde::{Deserialize, Serialize};

/// The longest request that the daemon reads, in bytes.
pub(crate) const REQUEST_LIMIT: usize = 1 << 20;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    Status {
        jail: Option<String>,
    },
    Bans {
        jail: Option<String>,
    },
    Ban(BanRequest),
    Unban(UnbanRequest),
    Reload,
    /// To read the kept lists of addresses again, after a command has refreshed one.
    TakeLists,
    /// A command of Fail2Ban's client, word by word, and from where who gives it is logged in.
    Fail2ban(Vec<Value>, Option<IpAddr>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BanRequest {
    pub(crate) addresses: Vec<String>,
    pub(crate) jail: Option<String>,
    /// As in jail.conf; `None` is the jail's own.
    pub(crate) length: Option<String>,
    /// From where the person who gives the command is logged in; never banned.
    pub(crate) session: Option<IpAddr>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UnbanRequest {
    /// Empty: all.
    pub(crate) addresses: Vec<String>,
    pub(crate) jail: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    Status(Box<StatusReport>),
    Bans(Vec<BanReport>),
    /// What became of each address, in the order given.
    Addresses(Vec<AddressReport>),
    Reloaded {
        jails: usize,
        notes: String,
    },
    TookLists,
    Fail2ban(Result<Value, Exception>),
    Refused(Refusal),
}

/// The daemon's no, with the exit status that the command ends with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) exit: u8,
    pub(crate) message: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StatusReport {
    pub(crate) version: String,
    pub(crate) pid: u32,
    /// Seconds since 1970.
    pub(crate) started: i64,
    /// Where the configuration comes from.
    pub(crate) config: String,
    pub(crate) jails: Vec<JailReport>,
    /// What the owner ought to know: a log that cannot be read, a store that cannot be written …
    pub(crate) troubles: Vec<String>,
    /// Only in the report of one jail.
    pub(crate) bans: Vec<BanReport>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct JailReport {
    pub(crate) name: String,
    pub(crate) filter: String,
    pub(crate) ports: String,
    /// Those that run commands.
    #[serde(default)]
    pub(crate) actions: Vec<String>,
    pub(crate) sources: Vec<String>,
    pub(crate) maxretry: u32,
    /// Seconds.
    pub(crate) findtime: u64,
    /// Seconds; `None` is for ever.
    pub(crate) bantime: Option<u64>,
    /// Failures found since the store was made.
    pub(crate) failures: u64,
    /// Addresses with failures in their window now.
    pub(crate) watched: usize,
    /// Addresses dropped from the window at its bound.
    pub(crate) dropped: u64,
    /// Bans since the store was made.
    pub(crate) bans: u64,
    pub(crate) banned: usize,
    /// Packets that the jail's rules refused since the table was made.
    pub(crate) packets: u64,
    pub(crate) lines: u64,
    /// Those that a pattern matched.
    #[serde(default)]
    pub(crate) matched: u64,
    /// Of them, those in which no date could be read.
    pub(crate) undated: u64,
    /// Lines given up because a pattern took too long on them.
    pub(crate) overruns: u64,
    /// What the owner ought to know of what it reads.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BanReport {
    pub(crate) jail: String,
    pub(crate) address: String,
    /// Seconds since 1970.
    pub(crate) since: i64,
    /// Seconds since 1970; `None` is for ever.
    pub(crate) until: Option<i64>,
    pub(crate) failures: u32,
    /// The line that decided it, or who commanded it.
    pub(crate) reason: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AddressReport {
    pub(crate) address: String,
    pub(crate) jail: String,
    /// What was done, or why not, in words.
    pub(crate) result: String,
    pub(crate) done: bool,
}
