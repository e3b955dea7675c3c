//! The time in a log line: where it stands, and which moment it means.
//!
//! Patterns are Fail2Ban's `datepattern` language and mean what they mean there.

mod zone;

use std::ops::Range;

pub use zone::{Zone, ZoneError};

use crate::Time;

/// A date that a line carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// `None`: the text stands where the pattern says and is no moment (February 30th), or the pattern matched an
    /// empty text (`{NONE}`), which says that lines carry no date.
    pub time: Option<Time>,
    /// The bytes that are cut out of the line before anything else reads it. Empty for an empty match.
    pub span: Range<usize>,
}

/// A datepattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DateError {
    /// Where in the datepattern, in bytes.
    pub offset: usize,
    /// What is wrong, for people.
    pub message: String,
}

/// Finds dates by one datepattern. Learns from each line which of its patterns to try first, as Fail2Ban does, so one
/// detector serves one stream of lines.
#[derive(Clone, Debug)]
pub struct DateDetector {
    key: (Option<String>, Zone),
}

impl DateDetector {
    /// Reads `datepattern`: one pattern a line; `None` is the built-in list. Dates without a zone of their own are in
    /// `zone`.
    pub fn compile(datepattern: Option<&str>, zone: Zone) -> Result<Self, DateError> {
        Ok(Self { key: (datepattern.map(str::to_owned), zone) })
    }

    /// Finds the date in `line`, which ends before its newline. `now` settles dates without a year or a day; it is the
    /// only clock.
    pub fn find(&mut self, _line: &str, _now: Time) -> Option<Found> {
        None
    }

    /// Whether the two give the same answers on the same lines, so that one search can serve both.
    pub fn same_pattern(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
