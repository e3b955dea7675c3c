//! `palisade.toml`: how this host should look. It is read as a whole and edited in place: what people wrote into it,
//! comments, order and layout, stays.

mod array;
mod lists;
mod read;
mod rollback;
mod show;
mod write;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use firewall::rules::{Policy, Vocabulary};
use toml_edit::DocumentMut;

pub use self::lists::{ListSettings, Refresh};
use crate::diagnostic::Diagnostic;
pub use rollback::Rollback;

/// The file's name in the configuration directory.
pub const POSTURE_FILE: &str = "palisade.toml";

/// More than this is no posture.
const MAX_FILE: u64 = 4 << 20;

/// One `palisade.toml`.
#[derive(Clone, Debug)]
pub struct Posture {
    path: PathBuf,
    document: DocumentMut,
    /// The document's, until it is changed.
    text: OnceLock<String>,
    policy: Policy,
    rollback: Rollback,
    lists: ListSettings,
}

/// Why a posture cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PostureError {
    /// Every error in it, each at its place.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Diagnostic>),
    /// It cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl PostureError {
    /// What is wrong, as with all other files.
    #[must_use]
    pub fn diagnostics(self) -> Vec<Diagnostic> {
        match self {
            Self::Wrong(errors) => errors,
            Self::Io { path, source } => vec![Diagnostic::file(path, source.to_string())],
        }
    }
}

impl Posture {
    /// Reads `palisade.toml` in a folder; what is not there is the default.
    ///
    /// # Errors
    /// It cannot be read, or has errors: then all of them.
    pub fn load(folder: &Path, vocabulary: &Vocabulary) -> Result<Self, PostureError> {
        let path = folder.join(POSTURE_FILE);
        let text = match read_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|source| PostureError::Io { path: path.clone(), source })?,
        };
        Self::parse(path, &text, vocabulary).map_err(PostureError::Wrong)
    }

    /// Reads the text of a file that is at `path`.
    ///
    /// # Errors
    /// All that are in it.
    pub fn parse(path: PathBuf, text: &str, vocabulary: &Vocabulary) -> Result<Self, Vec<Diagnostic>> {
        let (document, said) = read::read(&path, text, vocabulary)?;
        let read::Said { policy, lists, rollback } = said;
        Ok(Self { path, document, text: OnceLock::new(), policy, lists, rollback })
    }

    /// What it says about the firewall.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What it says about changes that are taken back.
    #[must_use]
    pub const fn rollback(&self) -> &Rollback {
        &self.rollback
    }

    /// What it says about lists of addresses.
    #[must_use]
    pub const fn lists(&self) -> &ListSettings {
        &self.lists
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text, as it will be written.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| self.document.to_string())
    }
}

fn read_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MAX_FILE {
        true => Err(io::Error::other("larger than 4 MB")),
        false => Ok(text),
    }
}
