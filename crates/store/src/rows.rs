use std::sync::Arc;

use ipnet::IpNet;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use crate::matches::Matches;

/// Microseconds since 1970-01-01 00:00 UTC.
pub type Micros = i64;

/// Longer reasons are cut, in bytes.
pub const MAX_REASON: usize = 1024;

/// One ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Which jail's.
    pub jail: Arc<str>,
    /// Of whom.
    pub host: IpNet,
    /// Since when.
    pub start: Micros,
    /// Until when; `None` is for ever.
    pub until: Option<Micros>,
    /// How many lines led to it.
    pub failures: u32,
    /// The how manieth of this host in this jail; becomes its offence count.
    pub count: u32,
    /// Who wanted it.
    pub source: Source,
    /// The line that decided, or what a person said; cut at [`MAX_REASON`].
    pub reason: String,
}

/// A ban that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastBan {
    /// As it was.
    pub ban: Ban,
    /// When it was over.
    pub ended: Micros,
    /// Why.
    pub ending: Ending,
}

/// Who wanted a ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// What a log said.
    Log,
    /// A person.
    Command,
}

/// Why a ban is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its time had come.
    Expired,
    /// A person lifted it.
    Command,
    /// It made room for others.
    Displaced,
}

/// How often a host was banned, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offence {
    /// How often.
    pub bans: u32,
    /// When the last one began.
    pub last: Micros,
}

/// What a jail has seen since its first day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Whose.
    pub jail: Arc<str>,
    /// Failures found.
    pub failures: u64,
    /// Bans begun.
    pub bans: u64,
}

/// When a commit must be on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Soon: it outlives the process at once, a power cut after the next checkpoint.
    Soon,
    /// Before the commit returns.
    Now,
}

/// What is stored together or not at all, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// In the order in which it happened.
    pub changes: Vec<Change>,
}

/// One thing to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A ban began, and is an offence. If the same jail already bans the same host, no second row comes of it: the first
    /// is prolonged if this one ends later, or moves to the history if it ended before this one starts.
    Ban(Ban),
    /// A live ban ends later than it did; one that would end earlier stays.
    Prolonged {
        /// Which jail's.
        jail: Arc<str>,
        /// Of whom.
        host: IpNet,
        /// The new end.
        until: Option<Micros>,
    },
    /// A live ban is over and moves to the history; nothing happens if there is none.
    Ended {
        /// Which jail's.
        jail: Arc<str>,
        /// Of whom.
        host: IpNet,
        /// When.
        at: Micros,
        /// Why.
        ending: Ending,
    },
    /// What led to a ban.
    Matches(Matches),
    /// The next ban counts as the first, and what led to earlier ones is forgotten.
    Forgiven {
        /// Where.
        jail: Arc<str>,
        /// Who.
        host: IpNet,
    },
    /// What a jail has counted for a host; `None` when it counts nothing any more.
    Window {
        /// Whose.
        jail: Arc<str>,
        /// For whom.
        host: IpNet,
        /// Packed by the caller.
        window: Option<Vec<u8>>,
    },
    /// So many more.
    Counted(Counter),
    /// How far a source was read; `None` when it is not read any more.
    Position {
        /// Which source.
        source: Vec<u8>,
        /// Packed by the caller.
        position: Option<Vec<u8>>,
    },
}

/// Enums that are stored as their place in a list.
macro_rules! stored_as_number {
    ($type:ty, $($variant:ident = $number:literal),+) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(match self { $(Self::$variant => $number,)+ }.into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_i64()? {
                    $($number => Ok(Self::$variant),)+
                    other => Err(FromSqlError::OutOfRange(other)),
                }
            }
        }
    };
}

stored_as_number!(Source, Log = 0, Command = 1);
stored_as_number!(Ending, Expired = 0, Command = 1, Displaced = 2);
