use ipnet::IpNet;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::error::sqlite;
use crate::host::Host;
use crate::matches;
use crate::rows::{Ban, Batch, Change, Counter, Durability, Ending, MAX_REASON, Micros};
use crate::{Store, StoreError};

impl Store {
    /// Stores the whole batch, or with an error nothing of it; the same batch may then be tried again.
    pub fn commit(&mut self, batch: &Batch, durability: Durability) -> Result<(), StoreError> {
        self.write(batch, durability).map_err(sqlite(&self.path))
    }

    fn write(&mut self, batch: &Batch, durability: Durability) -> rusqlite::Result<()> {
        self.set_durability(durability)?;
        // Dropped without a commit it rolls back.
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for change in &batch.changes {
            apply(&transaction, change)?;
        }
        transaction.commit()
    }

    /// `FULL` syncs the WAL at the commit, and with it whatever earlier commits left unsynced.
    fn set_durability(&mut self, durability: Durability) -> rusqlite::Result<()> {
        if self.durability != durability {
            let level = match durability {
                Durability::Soon => "NORMAL",
                Durability::Now => "FULL",
            };
            self.db.pragma_update(None, "synchronous", level)?;
            self.durability = durability;
        }
        Ok(())
    }
}

fn apply(db: &Connection, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Ban(ban) => begin(db, ban),
        Change::Prolonged { jail, host, until } => prolong(db, jail, *host, *until),
        Change::Ended { jail, host, at, ending } => end(db, jail, *host, *at, *ending),
        Change::Forgiven { jail, host } => {
            matches::forgive(db, jail, *host)?;
            run(db, "DELETE FROM offences WHERE host = ?2 AND jail = ?1", params![jail, Host::from(*host)])
        }
        Change::Matches(matches) => matches::insert(db, matches),
        Change::Window { jail, host, window: Some(window) } => run(
            db,
            "INSERT INTO windows VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET window = excluded.window",
            params![jail, Host::from(*host), window],
        ),
        Change::Window { jail, host, window: None } => {
            run(db, "DELETE FROM windows WHERE jail = ?1 AND host = ?2", params![jail, Host::from(*host)])
        }
        Change::Counted(counter) => count(db, counter),
        Change::Position { source, position: Some(position) } => run(
            db,
            "INSERT INTO positions VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET position = excluded.position",
            params![source, position],
        ),
        Change::Position { source, position: None } => {
            run(db, "DELETE FROM positions WHERE source = ?1", params![source])
        }
    }
}

fn run(db: &Connection, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute(params).map(drop)
}

fn begin(db: &Connection, ban: &Ban) -> rusqlite::Result<()> {
    if !insert(db, ban)? {
        end_if_over(db, ban)?;
        if !insert(db, ban)? {
            prolong(db, &ban.jail, ban.host, ban.until)?;
        }
    }
    run(
        db,
        "INSERT INTO offences (jail, host, bans, last, until) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET bans = excluded.bans, last = excluded.last, until = excluded.until",
        params![ban.jail, Host::from(ban.host), ban.count, ban.start, ban.until],
    )
}

/// False if one of the same jail and host is there.
fn insert(db: &Connection, ban: &Ban) -> rusqlite::Result<bool> {
    let Ban { jail, host, start, until, failures, count, source, reason } = ban;
    let inserted = db
        .prepare_cached("INSERT INTO bans VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING")?
        .execute(params![jail, Host::from(*host), start, until, failures, count, source, bounded(reason)])?;
    Ok(inserted == 1)
}

/// Cut between characters.
fn bounded(reason: &str) -> &str {
    let fits = |end: &usize| reason.is_char_boundary(*end);
    let end = (0..=reason.len().min(MAX_REASON)).rev().find(fits).unwrap_or(0);
    &reason[..end]
}

/// Ends the live ban that was over when `ban` started and that nobody has reported.
fn end_if_over(db: &Connection, ban: &Ban) -> rusqlite::Result<()> {
    let over: Option<Micros> = db
        .prepare_cached("SELECT until FROM bans WHERE jail = ?1 AND host = ?2")?
        .query_row(params![ban.jail, Host::from(ban.host)], |row| row.get(0))?;
    match over {
        Some(until) if until <= ban.start => end(db, &ban.jail, ban.host, until, Ending::Expired),
        _ => Ok(()),
    }
}

fn prolong(db: &Connection, jail: &str, host: IpNet, until: Option<Micros>) -> rusqlite::Result<()> {
    run(
        db,
        "UPDATE bans SET until = ?3 WHERE jail = ?1 AND host = ?2 AND (until < ?3 OR ?3 IS NULL)",
        params![jail, Host::from(host), until],
    )
}

fn end(db: &Connection, jail: &str, host: IpNet, at: Micros, ending: Ending) -> rusqlite::Result<()> {
    let host = Host::from(host);
    run(
        db,
        "INSERT INTO history (jail, host, start, until, failures, count, source, reason, ended, ending)
         SELECT jail, host, start, until, failures, count, source, reason, ?3, ?4
         FROM bans WHERE jail = ?1 AND host = ?2",
        params![jail, host, at, ending],
    )?;
    run(db, "DELETE FROM bans WHERE jail = ?1 AND host = ?2", params![jail, host])
}

fn count(db: &Connection, counter: &Counter) -> rusqlite::Result<()> {
    let stored = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    run(
        db,
        "INSERT INTO counters VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET failures = failures + excluded.failures, bans = bans + excluded.bans",
        params![counter.jail, stored(counter.failures), stored(counter.bans)],
    )
}
