//! What must survive a crash, in SQLite: bans, offence history, windows, counters and read positions.
//!
//! One daemon owns a state directory: `lock` is held as long as a [`Store`] lives, `palisade.db` is the database (WAL).
//! [`Store::commit`] writes a [`Batch`] as one transaction: the failures of a piece of input, what followed from them and
//! the position reached stand together or not at all, so every line counts once however often the daemon is killed.
//!
//! Rows are this crate's own: it does not know what a jail is, nor how a window or a position is packed.
#![forbid(unsafe_code)]

mod commit;
mod error;
pub mod fail2ban;
mod host;
mod lock;
mod matches;
mod prune;
mod reads;
mod rows;
mod schema;

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use error::StoreError;
pub use matches::{MAX_MATCHES, Matches};
pub use prune::Prune;
pub use rows::{
    Ban, Batch, Change, Counter, Durability, Ending, MAX_REASON, Micros, Offence, PastBan, Source,
};

use error::sqlite;
use lock::Lock;

/// The database of one state directory, held by one process.
#[derive(Debug)]
pub struct Store {
    // Closed before the lock is given up.
    db: Connection,
    path: PathBuf,
    durability: Durability,
    /// Where the next step of [`Store::prune`] goes on among the offences.
    pruned_to: prune::Cursor,
    _lock: Lock,
}

impl Store {
    /// Opens the store in `dir`, makes both if they are missing (modes 0700 and 0600), and brings an older schema up to
    /// date.
    ///
    /// After a crash the database is checked as a whole; damage is an error that names the file.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        make_dir(dir)?;
        let lock = Lock::take(&dir.join("lock"))?;
        let path = dir.join("palisade.db");
        make_file(&path)?;
        let crashed = fs::metadata(dir.join("palisade.db-wal")).is_ok_and(|wal| wal.len() > 0);
        let mut db = connect(&path)?;
        schema::prepare(&mut db, &path, schema::MIGRATIONS)?;
        if crashed {
            schema::check(&db, &path)?;
        }
        sync_dir(dir)?;
        Ok(Self { db, path, durability: Durability::Soon, pruned_to: prune::Cursor::default(), _lock: lock })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// An idle daemon has 8 MB for everything, so little is cached; the kernel caches the file anyway.
fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(sqlite(path))?;
    let configure = || {
        db.busy_timeout(Duration::from_secs(2))?;
        db.set_prepared_statement_cache_capacity(32);
        db.pragma_update(None, "cache_size", -512)?;
        db.pragma_update(None, "mmap_size", 0)?;
        db.pragma_update(None, "temp_store", "MEMORY")?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "journal_size_limit", 4 << 20)?;
        db.pragma_update(None, "synchronous", "NORMAL")
    };
    configure().map_err(sqlite(path))?;
    Ok(db)
}

/// An existing directory keeps its mode: it may be anything that somebody names on the command line.
fn make_dir(dir: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(StoreError::io(dir))
}

/// SQLite gives its WAL the mode of the database.
fn make_file(path: &Path) -> Result<(), StoreError> {
    let file = private().append(true).open(path);
    file.map(drop).map_err(StoreError::io(path))
}

/// Options for a file that only its owner may read, and that is no link to another.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    options
}

/// So that the database is still there after a power cut.
fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::io(dir))
}
