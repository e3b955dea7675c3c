//! Between keeper and runner: postcard frames on a socket pair.

use std::net::IpAddr;

use config::{IgnoreCache, Script};
use detect::Time;
use ipnet::IpNet;
use pickle::{Exception, Value};
use serde::{Deserialize, Serialize};

/// What the keeper tells the runner.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToRunner {
    /// Which jails act from now on; those that did before and are not among them stop.
    Configure {
        jails: Vec<ActingJail>,
        reload: bool,
    },
    Ban(String, Ticket),
    /// A ban that is known ends later.
    Prolong(String, Ticket),
    Unban(String, Ticket),
    /// Every ban of a jail is lifted.
    UnbanAll(String),
    /// Somebody who is banned failed again: look whether the action still holds.
    Check(String),
    /// To be answered under this number.
    Ask(u64, Question),
    /// The same, by an action of a jail that is written in Python.
    Call(u64, String, String, Call),
    /// Lift all, stop all, and end.
    Finish,
}

/// What only commands or name servers know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    /// Which addresses has the host of this name?
    Addresses(String),
    /// Is it to be ignored?
    Ignored(Box<MayIgnore>),
}

/// What a client wants of an action that is written in Python.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Call {
    Properties,
    Methods,
    Get(String),
    /// A property's value, or a method's arguments as JSON.
    Set(String, Option<String>),
}

/// Somebody whom a jail's `ignorecommand` may know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MayIgnore {
    pub(crate) jail: String,
    pub(crate) command: String,
    pub(crate) cache: Option<IgnoreCache>,
    pub(crate) ticket: Ticket,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Addresses(Vec<IpAddr>),
    Ignored(bool),
    Called(Result<Value, Exception>),
}

/// What the runner tells the keeper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromRunner {
    Said(Said),
    Answer(u64, Answer),
}

impl Question {
    /// What holds where nobody answers: the name has no address, and nobody is ignored.
    pub(crate) fn unanswered(&self) -> Answer {
        match self {
            Self::Addresses(_) => Answer::Addresses(Vec::new()),
            Self::Ignored(_) => Answer::Ignored(false),
        }
    }
}

/// What of a jail concerns the runner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ActingJail {
    pub(crate) name: String,
    /// In seconds; negative is for ever.
    pub(crate) bantime: i64,
    pub(crate) scripts: Vec<Script>,
}

/// A ban, as the tags of commands show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) host: IpNet,
    pub(crate) time: Time,
    /// In seconds; negative is for ever.
    pub(crate) bantime: i64,
    pub(crate) failures: u32,
    /// The how manieth.
    pub(crate) count: u32,
    /// Put back after a restart.
    pub(crate) restored: bool,
    /// What was found that led to it.
    pub(crate) evidence: Evidence,
    /// What is known of earlier bans of the address: in all jails, and in this one.
    pub(crate) past: [Past; 2],
    /// Of the jail: banned now, bans, addresses counted now, failures.
    pub(crate) jail: [u64; 4],
}

/// Lines, and what the filter took from the first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    pub(crate) lines: Vec<String>,
    pub(crate) fields: Vec<(String, String)>,
}

/// Earlier bans of one address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Past {
    pub(crate) lines: Vec<String>,
    pub(crate) failures: u64,
}

/// What the runner has to say to the owner.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    /// Which action of which jail.
    pub(crate) action: String,
    pub(crate) what: String,
    pub(crate) tone: Tone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tone {
    /// A command failed: a trouble for as long as none succeeds.
    Failure,
    Warning,
    /// Of no consequence.
    Notice,
    /// The failure is over.
    Relief,
}

impl Ticket {
    /// About so many bytes.
    pub(super) fn size(&self) -> usize {
        let lines = |lines: &[String]| lines.iter().map(String::len).sum::<usize>();
        let fields: usize = self.evidence.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let past: usize = self.past.iter().map(|past| lines(&past.lines)).sum();
        size_of::<Self>() + lines(&self.evidence.lines) + fields + past
    }
}
