//! One change, as it stands in its file.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Author, Moment, Snapshot};

/// A change, which is one command or several that wait together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Counts up.
    pub id: u64,
    /// What has become of it.
    pub state: State,
    /// The commands, in their order.
    pub steps: Vec<Step>,
    /// How the files were before the first step.
    pub before: Vec<Snapshot>,
    /// How they were when it was taken back: what people wrote into them meanwhile is not lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<Snapshot>,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub command: String,
    /// Whose.
    pub by: Author,
    /// What it did to the files.
    pub diff: Vec<String>,
}

/// What has become of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum State {
    /// It is taken back at a time, unless it is confirmed.
    Waiting {
        /// The time.
        deadline: Moment,
        /// Since when its last step is in force; without it that step has not come to its end.
        in_force: Option<Moment>,
    },
    /// It stays, and nobody was asked to confirm it.
    Kept {
        /// Why not.
        why: String,
    },
    /// It stays.
    Confirmed {
        /// When.
        at: Timestamp,
        /// Who said so.
        by: Author,
    },
    /// It is being taken back; whoever finds it so goes on with that.
    RollingBack {
        /// Why.
        why: String,
    },
    /// It was taken back.
    RolledBack {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
        /// What did not come back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
}

impl State {
    /// In one word or two.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Kept { .. } => "kept",
            Self::Confirmed { .. } => "confirmed",
            Self::RollingBack { .. } => "rolling back",
            Self::RolledBack { .. } => "rolled back",
        }
    }
}

impl Change {
    /// Whether it is not settled yet.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Waiting { .. } | State::RollingBack { .. })
    }

    /// Whether it has, or may have, an effect.
    #[must_use]
    pub const fn is_in_effect(&self) -> bool {
        !matches!(self.state, State::RolledBack { .. })
    }

    /// How long it waits still, at `now`; `None` if it does not.
    #[must_use]
    pub fn left(&self, now: &Moment) -> Option<Duration> {
        match &self.state {
            State::Waiting { deadline, .. } => Some(deadline.left(now)),
            _ => None,
        }
    }

    /// Why it has to be taken back by whoever comes by at `now`; `None` if it has not.
    #[must_use]
    pub fn overdue(&self, now: &Moment) -> Option<String> {
        match &self.state {
            State::RollingBack { why } => Some(why.clone()),
            State::Waiting { deadline, .. } if deadline.is_of_another_run(now) => {
                Some("the host was started anew before it was confirmed".to_owned())
            }
            State::Waiting { deadline, .. } if deadline.left(now).is_zero() => {
                Some("nobody confirmed it in time".to_owned())
            }
            _ => None,
        }
    }

    /// Whether one of its commands came over ssh.
    #[must_use]
    pub fn is_over_ssh(&self) -> bool {
        self.steps.iter().any(|step| step.by.from.is_some())
    }

    /// When its last command was given.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.steps.last().map_or(Timestamp::UNIX_EPOCH, |step| step.at)
    }
}
