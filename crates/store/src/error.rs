use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the state directory.
    #[error("{} is held by another daemon{}", path.display(), pid.map(|pid| format!(", process {pid}")).unwrap_or_default())]
    InUse {
        /// The lock file.
        path: PathBuf,
        /// The process, if it could be read.
        pid: Option<u32>,
    },
    /// The file is no sound database of Palisade's.
    #[error("{} is damaged: {message}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        message: String,
    },
    /// A newer Palisade wrote the file.
    #[error("{} has schema {found}, and this Palisade knows schemas up to {known}", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// No room is left; nothing of the batch is stored.
    #[error("no room is left for {}", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// A file cannot be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Anything else that SQLite says; nothing of the batch is stored.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What it says.
        source: rusqlite::Error,
    },
}

impl StoreError {
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, message: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), message: message.into() }
    }
}

/// Names the file, and tells apart what an administrator handles in different ways.
pub(crate) fn sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| match &source {
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => {
            StoreError::damaged(path, source.to_string())
        }
        _ => match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::damaged(path, source.to_string())
            }
            Some(ErrorCode::DiskFull) => StoreError::Full { path: path.to_owned() },
            _ => StoreError::Sqlite { path: path.to_owned(), source },
        },
    }
}
