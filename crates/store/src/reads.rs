use std::net::IpAddr;

use ipnet::IpNet;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use crate::error::sqlite;
use crate::host::{Host, Net};
use crate::rows::{Ban, Counter, Offence, PastBan};
use crate::{Store, StoreError};

impl Store {
    /// Gives every live ban, by jail; also those whose time has come but that were not reported as ended.
    pub fn live_bans(&self, mut each: impl FnMut(Ban)) -> Result<(), StoreError> {
        let sql = "SELECT jail, host, start, until, failures, count, source, reason FROM bans";
        self.each(sql, [], |row| {
            each(ban(row)?);
            Ok(())
        })
    }

    /// Gives jail, host and window of all that is counted.
    pub fn windows(&self, mut each: impl FnMut(&str, IpNet, &[u8])) -> Result<(), StoreError> {
        self.each("SELECT jail, host, window FROM windows", [], |row| {
            each(row.get_ref(0)?.as_str()?, row.get::<_, Net>(1)?.0, row.get_ref(2)?.as_blob()?);
            Ok(())
        })
    }

    /// What every jail has seen, by name.
    pub fn counters(&self) -> Result<Vec<Counter>, StoreError> {
        let mut counters = Vec::new();
        self.each("SELECT jail, failures, bans FROM counters", [], |row| {
            let count = |at| row.get(at).map(i64::cast_unsigned);
            counters.push(Counter { jail: row.get(0)?, failures: count(1)?, bans: count(2)? });
            Ok(())
        })?;
        Ok(counters)
    }

    /// Gives every source and how far it was read.
    pub fn positions(&self, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        self.each("SELECT source, position FROM positions", [], |row| {
            each(row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
            Ok(())
        })
    }

    /// How far one source was read.
    pub fn position(&self, source: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.one("SELECT position FROM positions WHERE source = ?1", params![source], |row| row.get(0))
    }

    /// What `jail` has against `host`, or all jails together when `None`.
    pub fn offence(&self, jail: Option<&str>, host: IpNet) -> Result<Option<Offence>, StoreError> {
        let host = Host::from(host);
        let read = |row: &Row<'_>| Ok(Offence { bans: row.get(0)?, last: row.get(1)? });
        match jail {
            Some(jail) => self.one(
                "SELECT bans, last FROM offences WHERE host = ?1 AND jail = ?2",
                params![host, jail],
                read,
            ),
            // Counts are kept as Fail2Ban keeps them, so their sum can grow past what a count holds.
            None => self.one(
                "SELECT min(sum(bans), 4294967295), max(last) FROM offences WHERE host = ?1 GROUP BY host",
                params![host],
                read,
            ),
        }
    }

    /// The past bans that hit `ip`, of itself and of networks around it, the last to end first, at most `limit`.
    pub fn history_of(&self, ip: IpAddr, limit: u32) -> Result<Vec<PastBan>, StoreError> {
        let ip = ip.to_canonical();
        let most = IpNet::from(ip).max_prefix_len();
        let mut found = Vec::new();
        for net in (0..=most).filter_map(|prefix| IpNet::new(ip, prefix).ok()) {
            self.past(
                "WHERE host = ?1 ORDER BY id DESC LIMIT ?2",
                params![Host::from(net), limit],
                &mut found,
            )?;
        }
        found.sort_by_key(|past| std::cmp::Reverse(past.ended));
        found.truncate(limit as usize);
        Ok(found)
    }

    /// The past bans of all, the last to end first, at most `limit`.
    pub fn history(&self, limit: u32) -> Result<Vec<PastBan>, StoreError> {
        let mut found = Vec::new();
        self.past("ORDER BY id DESC LIMIT ?1", params![limit], &mut found)?;
        Ok(found)
    }

    fn past(&self, which: &str, params: impl Params, found: &mut Vec<PastBan>) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT jail, host, start, until, failures, count, source, reason, ended, ending FROM history {which}"
        );
        self.each(&sql, params, |row| {
            found.push(PastBan { ban: ban(row)?, ended: row.get(8)?, ending: row.get(9)? });
            Ok(())
        })
    }

    pub(crate) fn each(
        &self,
        sql: &str,
        params: impl Params,
        each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        for_each(&self.db, sql, params, each).map_err(sqlite(&self.path))
    }

    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, read).optional())
            .map_err(sqlite(&self.path))
    }
}

fn for_each(
    db: &Connection,
    sql: &str,
    params: impl Params,
    mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}

fn ban(row: &Row<'_>) -> rusqlite::Result<Ban> {
    Ok(Ban {
        jail: row.get(0)?,
        host: row.get::<_, Net>(1)?.0,
        start: row.get(2)?,
        until: row.get(3)?,
        failures: row.get(4)?,
        count: row.get(5)?,
        source: row.get(6)?,
        reason: row.get(7)?,
    })
}
