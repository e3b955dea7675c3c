use std::sync::Arc;

use ipnet::IpNet;
use rusqlite::{Connection, params};

use crate::host::Host;
use crate::rows::Micros;
use crate::{Store, StoreError};

/// The lines that led to a ban are cut at this length all together, in bytes.
pub const MAX_MATCHES: usize = 64 << 10;

/// Lines that led to a ban, live or past, for actions that ask for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matches {
    /// Which jail's.
    pub jail: Arc<str>,
    /// Of whom.
    pub host: IpNet,
    /// When the ban began.
    pub start: Micros,
    /// How many lines led to it.
    pub failures: u32,
    /// Those of them that are kept, the oldest first.
    pub lines: Vec<String>,
}

impl Store {
    /// What led to the bans of exactly this host, the oldest first; of more than `limit` bans the newest.
    pub fn matches(&self, host: IpNet, limit: u32) -> Result<Vec<Matches>, StoreError> {
        let sql =
            "SELECT jail, start, failures, lines FROM matches WHERE host = ?1 ORDER BY start DESC LIMIT ?2";
        let mut found = Vec::new();
        self.each(sql, params![Host::from(host), limit], |row| {
            let lines: &str = row.get_ref(3)?.as_str()?;
            let lines = lines.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect();
            found.push(Matches { jail: row.get(0)?, host, start: row.get(1)?, failures: row.get(2)?, lines });
            Ok(())
        })?;
        found.reverse();
        Ok(found)
    }
}

pub(crate) fn insert(db: &Connection, matches: &Matches) -> rusqlite::Result<()> {
    let Matches { jail, host, start, failures, lines } = matches;
    let mut text = String::new();
    for line in lines {
        if text.len() + line.len() < MAX_MATCHES {
            text.push_str(line);
            text.push('\n');
        }
    }
    db.prepare_cached("INSERT OR REPLACE INTO matches VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![Host::from(*host), jail, start, failures, text])
        .map(drop)
}

/// Whom a person pardons is not reproached with it any more.
pub(crate) fn forgive(db: &Connection, jail: &str, host: IpNet) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM matches WHERE host = ?1 AND jail = ?2")?
        .execute(params![Host::from(host), jail])
        .map(drop)
}

/// Those of bans that began before, a bounded number of them.
pub(crate) fn prune(db: &Connection, before: Micros, steps: u32) -> rusqlite::Result<usize> {
    db.prepare_cached(
        "DELETE FROM matches WHERE (host, jail, start) IN (
            SELECT host, jail, start FROM matches WHERE start < ?1
            AND NOT EXISTS (SELECT 1 FROM bans WHERE bans.jail = matches.jail AND bans.host = matches.host)
            ORDER BY start LIMIT ?2)",
    )?
    .execute(params![before, steps])
}
