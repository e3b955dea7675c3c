use rusqlite::{Connection, TransactionBehavior, params};

use crate::error::sqlite;
use crate::matches;
use crate::rows::Micros;
use crate::{Store, StoreError};

/// What may be forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Prune {
    /// Past bans that ended before this go, and what led to bans that began before it and are over, and offences that are older by far: like Fail2Ban, three times the length of
    /// the last ban is waited before this too. Offences with a ban for ever stay.
    pub before: Micros,
    /// So many past bans are kept at most, the newest.
    pub keep: u32,
    /// So many rows of each table are looked at in one call.
    pub steps: u32,
}

/// The last offence that was looked at, as host and jail; empty before the first.
#[derive(Debug, Default)]
pub(crate) struct Cursor(Vec<u8>, String);

impl Store {
    /// One bounded step of forgetting, as one transaction. True when there is more to do; then call it again.
    pub fn prune(&mut self, prune: &Prune) -> Result<bool, StoreError> {
        self.prune_step(prune).map_err(sqlite(&self.path))
    }

    fn prune_step(&mut self, prune: &Prune) -> rusqlite::Result<bool> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let removed = prune_history(&transaction, prune)?;
        let forgotten = matches::prune(&transaction, prune.before, prune.steps)?;
        let looked_to = prune_offences(&transaction, prune, &self.pruned_to)?;
        transaction.commit()?;
        let more = removed.max(forgotten) >= prune.steps as usize || looked_to.is_some();
        self.pruned_to = looked_to.unwrap_or_default();
        Ok(more)
    }
}

/// Past bans stand in the order in which they ended, so only the front is looked at.
fn prune_history(db: &Connection, prune: &Prune) -> rusqlite::Result<usize> {
    db.prepare_cached(
        "DELETE FROM history WHERE id IN (
            SELECT id FROM (SELECT id, ended FROM history ORDER BY id LIMIT ?3)
            WHERE ended < ?1 OR id <= (SELECT max(id) FROM history) - ?2)",
    )?
    .execute(params![prune.before, prune.keep, prune.steps])
}

/// Goes on after `from`; gives the place reached, or `None` at the end.
fn prune_offences(db: &Connection, prune: &Prune, from: &Cursor) -> rusqlite::Result<Option<Cursor>> {
    let last: Option<(Vec<u8>, String)> = {
        let mut statement = db.prepare_cached(
            "SELECT host, jail FROM offences WHERE (host, jail) > (?1, ?2) ORDER BY host, jail LIMIT 1 OFFSET ?3 - 1",
        )?;
        let mut rows = statement.query(params![from.0, from.1, prune.steps.max(1)])?;
        rows.next()?.map(|row| Ok::<_, rusqlite::Error>((row.get(0)?, row.get(1)?))).transpose()?
    };
    let old =
        "last < ?1 AND until IS NOT NULL AND last + 3 * (until - last) < ?1 AND (host, jail) > (?2, ?3)";
    match last {
        Some((host, jail)) => {
            let sql = format!("DELETE FROM offences WHERE {old} AND (host, jail) <= (?4, ?5)");
            db.prepare_cached(&sql)?.execute(params![prune.before, from.0, from.1, host, jail])?;
            Ok(Some(Cursor(host, jail)))
        }
        None => {
            let sql = format!("DELETE FROM offences WHERE {old}");
            db.prepare_cached(&sql)?.execute(params![prune.before, from.0, from.1])?;
            Ok(None)
        }
    }
}
