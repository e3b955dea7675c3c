//! Fail2Ban's own database: read to take its bans over, written to hand them back. Schema 4, which versions 0.11 to 1.1
//! have, and older ones that count no bans yet.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use ipnet::IpNet;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row, params};

use crate::StoreError;
use crate::error::sqlite;
use crate::rows::{Ban, Micros, Source};

const SECOND: Micros = 1_000_000;
/// Of the database, so much of one ban's data is read, in bytes.
const DATA: usize = 1 << 16;

/// What Fail2Ban knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fail2ban {
    /// The last ban of each address in each jail, live or past; its count is how often the address was banned there.
    pub bans: Vec<Ban>,
    /// Whom it bans that is neither an address nor a network, with the jail: a host name, a session.
    pub others: Vec<(String, String)>,
}

/// Reads a database of Fail2Ban's, which may be in use.
///
/// # Errors
/// A file that is missing, or no such database.
pub fn read(path: &Path) -> Result<Fail2ban, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(sqlite(path))?;
    let read = || {
        db.busy_timeout(Duration::from_secs(5))?;
        last_bans(&db)
    };
    read().map_err(sqlite(path))
}

fn last_bans(db: &Connection) -> rusqlite::Result<Fail2ban> {
    let counted = has_table(db, "bips")?;
    let sql = match counted {
        true => "SELECT jail, ip, timeofban, bantime, bancount, data FROM bips ORDER BY timeofban",
        false => "SELECT jail, ip, max(timeofban), -2, count(*), data FROM bans GROUP BY jail, ip ORDER BY 3",
    };
    let mut found = Fail2ban::default();
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (jail, ip): (String, String) = (row.get(0)?, row.get(1)?);
        match network(&ip) {
            Some(host) => found.bans.push(ban(row, &jail, host)?),
            None => found.others.push((jail, ip)),
        }
    }
    Ok(found)
}

fn has_table(db: &Connection, name: &str) -> rusqlite::Result<bool> {
    db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?.exists([name])
}

fn network(text: &str) -> Option<IpNet> {
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    address.ok().or_else(|| text.parse::<IpNet>().ok().map(|net| net.trunc()))
}

fn ban(row: &Row<'_>, jail: &str, host: IpNet) -> rusqlite::Result<Ban> {
    let (start, length): (i64, i64) = (row.get(2)?, row.get(3)?);
    let start = start.saturating_mul(SECOND);
    let until = match length {
        -1 => None,
        // The oldest schema does not say for how long; what it banned is not banned any more.
        length => Some(start.saturating_add(length.max(0).saturating_mul(SECOND))),
    };
    let data = match row.get_ref(5)? {
        ValueRef::Text(data) | ValueRef::Blob(data) => &data[..data.len().min(DATA)],
        _ => &[],
    };
    let data = String::from_utf8_lossy(data);
    Ok(Ban {
        jail: jail.into(),
        host,
        start,
        until,
        failures: number_after(&data, "\"failures\":").unwrap_or(0),
        count: row.get::<_, i64>(4)?.clamp(1, i64::from(u32::MAX)) as u32,
        source: Source::Log,
        reason: "taken over from Fail2Ban".into(),
    })
}

fn number_after(text: &str, name: &str) -> Option<u32> {
    let (_, rest) = text.split_once(name)?;
    let digits = rest.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// A single address stands without its prefix length.
fn text(host: IpNet) -> String {
    if host.prefix_len() == host.max_prefix_len() { host.addr().to_string() } else { host.to_string() }
}

/// Writes live bans into a database of Fail2Ban's, which restores them at its next start, and takes out those that were
/// lifted meanwhile. All of it or nothing.
///
/// # Errors
/// A file that is missing, is in use, or has another schema; nothing is written then.
pub fn hand_back(path: &Path, bans: &[Ban], lifted: &[Ban]) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).map_err(sqlite(path))?;
    write(&mut db, bans, lifted).map_err(sqlite(path))
}

fn write(db: &mut Connection, bans: &[Ban], lifted: &[Ban]) -> rusqlite::Result<()> {
    db.busy_timeout(Duration::from_secs(5))?;
    let transaction = db.transaction()?;
    for ban in lifted {
        let (jail, host) = (&*ban.jail, text(ban.host));
        transaction.execute("DELETE FROM bans WHERE jail = ?1 AND ip = ?2", params![jail, host])?;
        transaction.execute("DELETE FROM bips WHERE jail = ?1 AND ip = ?2", params![jail, host])?;
    }
    for ban in bans {
        let start = ban.start.div_euclid(SECOND);
        let length = ban.until.map_or(-1, |until| (until - ban.start).div_euclid(SECOND));
        let host = text(ban.host);
        let data = format!("{{\"matches\": [], \"failures\": {}}}", ban.failures);
        let jail = &*ban.jail;
        transaction.execute("INSERT OR IGNORE INTO jails (name, enabled) VALUES (?1, 1)", [jail])?;
        transaction.execute(
            "DELETE FROM bans WHERE jail = ?1 AND ip = ?2 AND timeofban >= ?3",
            params![jail, host, start],
        )?;
        transaction.execute(
            "INSERT INTO bans (jail, ip, timeofban, bantime, bancount, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![jail, host, start, length, ban.count, data],
        )?;
        transaction.execute(
            "INSERT OR REPLACE INTO bips (ip, jail, timeofban, bantime, bancount, data)
             VALUES (?2, ?1, ?3, ?4, ?5, ?6)",
            params![jail, host, start, length, ban.count, data],
        )?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Fail2Ban 1.0.2 makes it.
    const SCHEMA: &str = "CREATE TABLE jails(name TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL DEFAULT 1);
        CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL,
            bancount INTEGER NOT NULL default 1, data JSON);
        CREATE TABLE bips(ip TEXT NOT NULL, jail TEXT NOT NULL, timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL,
            bancount INTEGER NOT NULL default 1, data JSON, PRIMARY KEY(ip, jail));";

    fn database(rows: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let db = Connection::open(file.path()).unwrap();
        db.execute_batch(SCHEMA).unwrap();
        db.execute_batch(rows).unwrap();
        file
    }

    #[test]
    fn bans_are_read_with_their_counts_and_ends() {
        let file = database(
            "INSERT INTO bips VALUES ('192.0.2.1', 'sshd', 1000, 600, 3, '{\"matches\": [\"x\"], \"failures\": 5}');
             INSERT INTO bips VALUES ('2001:db8::/64', 'sshd', 1001, -1, 1, NULL);
             INSERT INTO bips VALUES ('a-name', 'web', 1002, 600, 1, '{}');",
        );
        let found = read(file.path()).unwrap();
        assert_eq!(found.others, [("web".to_owned(), "a-name".to_owned())]);
        let facts: Vec<_> = found
            .bans
            .iter()
            .map(|ban| (ban.host.to_string(), ban.start, ban.until, ban.count, ban.failures))
            .collect();
        assert_eq!(
            facts,
            [
                ("192.0.2.1/32".to_owned(), 1000 * SECOND, Some(1600 * SECOND), 3, 5),
                ("2001:db8::/64".to_owned(), 1001 * SECOND, None, 1, 0),
            ]
        );
    }

    #[test]
    fn what_is_handed_back_is_what_was_taken_over() {
        let from =
            database("INSERT INTO bips VALUES ('192.0.2.1', 'sshd', 1000, 600, 3, '{\"failures\": 5}');");
        let taken = read(from.path()).unwrap();
        let to = database("");
        hand_back(to.path(), &taken.bans, &[]).unwrap();
        hand_back(to.path(), &taken.bans, &[]).unwrap();
        assert_eq!(read(to.path()).unwrap(), taken);
        let db = Connection::open(to.path()).unwrap();
        let rows: i64 = db.query_row("SELECT count(*) FROM bans", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1, "twice is once");
        hand_back(to.path(), &[], &taken.bans).unwrap();
        assert_eq!(read(to.path()).unwrap(), Fail2ban::default(), "what was lifted is gone");
    }

    #[test]
    fn another_programs_database_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        Connection::open(file.path()).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        assert!(read(file.path()).is_err());
        assert!(read(Path::new("/nonexistent/db")).is_err());
    }
}
