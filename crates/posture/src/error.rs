use std::io;
use std::path::{Path, PathBuf};

/// Why the journal of changes cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system said no.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Another command holds it, and goes on doing so.
    #[error("another command is changing something and does not come to an end")]
    Busy,
}

impl JournalError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
