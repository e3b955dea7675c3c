//! What `limit` allows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much of an allowed traffic each source may cause: an IPv4 address, or an IPv6 /64. Beyond it, refused. With
/// neither part, what ufw's `limit` means: fewer than 6 new connections in any 30 seconds, and who exceeds that is refused
/// until he has not tried for so long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limit {
    /// New connections in a time.
    pub rate: Option<Rate>,
    /// Connections that stand at the same time.
    pub connections: Option<u32>,
}

/// New connections in a time: a bucket of `burst`, into which `count` flow in each unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rate {
    /// At least 1.
    pub count: u32,
    /// The time in which `count` are allowed.
    pub unit: Unit,
    /// How many may come at once, at least 1; without it, `count`.
    pub burst: Option<u32>,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Second, Self::Minute, Self::Hour, Self::Day];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Its length.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }
}

/// The words behind the rule, with spaces between; nothing for the limit of ufw.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        if let Some(rate) = self.rate {
            write!(f, "rate {}/{}", rate.count, rate.unit.name())?;
            if let Some(burst) = rate.burst {
                write!(f, " burst {burst}")?;
            }
            space = " ";
        }
        match self.connections {
            Some(connections) => write!(f, "{space}connections {connections}"),
            None => Ok(()),
        }
    }
}
