use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;
use crate::error::sqlite;

/// Tells a database of Palisade's from anybody else's: "Pali".
const APPLICATION_ID: i32 = 0x5061_6c69;

/// What is kept of a ban, live or past, in the first schema.
macro_rules! ban {
    () => {
        "
        jail TEXT NOT NULL,
        host BLOB NOT NULL,
        start INTEGER NOT NULL,
        until INTEGER,
        failures INTEGER NOT NULL,
        count INTEGER NOT NULL,
        source INTEGER NOT NULL,
        reason TEXT NOT NULL,
        "
    };
}

/// What makes each schema from the one before; `user_version` counts those that were applied. Never changed once
/// released, only added to.
pub(crate) const MIGRATIONS: &[&str] = &[
    // Live bans and past ones are apart: the first are read as a whole at every start, and their key keeps any from being
    // there twice; the second only grow at the end and are pruned at the front.
    concat!(
        "CREATE TABLE bans (",
        ban!(),
        "PRIMARY KEY (jail, host)
    ) WITHOUT ROWID, STRICT;
    CREATE TABLE history (
        id INTEGER PRIMARY KEY,",
        ban!(),
        "ended INTEGER NOT NULL,
        ending INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX history_host ON history (host);
    CREATE TABLE offences (
        host BLOB NOT NULL,
        jail TEXT NOT NULL,
        bans INTEGER NOT NULL,
        last INTEGER NOT NULL,
        until INTEGER,
        PRIMARY KEY (host, jail)
    ) WITHOUT ROWID, STRICT;
    CREATE TABLE windows (
        jail TEXT NOT NULL,
        host BLOB NOT NULL,
        window BLOB NOT NULL,
        PRIMARY KEY (jail, host)
    ) WITHOUT ROWID, STRICT;
    CREATE TABLE counters (
        jail TEXT PRIMARY KEY,
        failures INTEGER NOT NULL,
        bans INTEGER NOT NULL
    ) WITHOUT ROWID, STRICT;
    CREATE TABLE positions (
        source BLOB PRIMARY KEY,
        position BLOB NOT NULL
    ) WITHOUT ROWID, STRICT;"
    ),
    "CREATE TABLE matches (
        host BLOB NOT NULL,
        jail TEXT NOT NULL,
        start INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        lines TEXT NOT NULL,
        PRIMARY KEY (host, jail, start)
    ) WITHOUT ROWID, STRICT;
    CREATE INDEX matches_start ON matches (start);",
];

/// Applies the migrations that are missing, each in its own transaction.
pub(crate) fn prepare(db: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let fail = sqlite(path);
    let number = |db: &Connection, name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let version = number(db, "user_version").map_err(&fail)?;
    let owner = number(db, "application_id").map_err(&fail)?;
    let tables: u32 =
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(&fail)?;
    if owner != APPLICATION_ID && (owner != 0 || version != 0 || tables != 0) {
        return Err(StoreError::damaged(path, "it is another program's database"));
    }
    let (found, known) = (u32::try_from(version).unwrap_or(u32::MAX), migrations.len() as u32);
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    for (version, migration) in (1u32..).zip(migrations).skip(found as usize) {
        apply(db, version, migration).map_err(&fail)?;
    }
    Ok(())
}

fn apply(db: &mut Connection, version: u32, migration: &str) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(migration)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

/// Reads every page and says what is wrong with the first that is.
pub(crate) fn check(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sqlite(path))?;
    if found == "ok" { Ok(()) } else { Err(StoreError::damaged(path, found)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(db: &Connection) -> u32 {
        db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn only_missing_migrations_run_and_keep_the_data() {
        let mut db = Connection::open_in_memory().unwrap();
        let path = Path::new("x.db");
        let first = "CREATE TABLE t (a)";
        let second = "ALTER TABLE t ADD COLUMN b DEFAULT 7";
        prepare(&mut db, path, &[first]).unwrap();
        db.execute("INSERT INTO t VALUES (1)", []).unwrap();
        prepare(&mut db, path, &[first, second]).unwrap();
        prepare(&mut db, path, &[first, second]).unwrap();
        let row: (i64, i64) = db.query_row("SELECT a, b FROM t", [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        assert_eq!((row, version(&db)), ((1, 7), 2));
    }

    #[test]
    fn a_migration_that_fails_leaves_the_schema_before_it() {
        let mut db = Connection::open_in_memory().unwrap();
        let broken = "CREATE TABLE u (a); INSERT INTO missing VALUES (1)";
        assert!(prepare(&mut db, Path::new("x.db"), &["CREATE TABLE t (a)", broken]).is_err());
        assert_eq!(version(&db), 1);
        let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 1);
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        prepare(&mut db, Path::new("x.db"), &["CREATE TABLE t (a)", "CREATE TABLE u (a)"]).unwrap();
        let refused = prepare(&mut db, Path::new("x.db"), &["CREATE TABLE t (a)"]);
        assert!(matches!(refused, Err(StoreError::Newer { found: 2, known: 1, .. })));
    }
}
