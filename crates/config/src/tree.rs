//! Where configuration files come from.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// A directory with `jail.conf` and `filter.d` in it, or the one that is built into the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// `/etc/palisade`, `/etc/fail2ban` or any other.
    Dir(PathBuf),
    /// What `config/` held when the program was built.
    Shipped,
}

/// Files beyond this are refused; the largest that Fail2Ban ships has 45 kB.
const MAX_FILE: u64 = 4 << 20;

static SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// Stands before the names of built-in files in messages.
const SHIPPED_ROOT: &str = "(built-in)";

impl Tree {
    /// The directory; a name in brackets for the built-in one.
    #[must_use]
    pub fn root(&self) -> &Path {
        match self {
            Self::Dir(path) => path,
            Self::Shipped => Path::new(SHIPPED_ROOT),
        }
    }

    /// Reads a file below (or, by an absolute path, outside) the tree.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match (self, path.strip_prefix(SHIPPED_ROOT)) {
            (Self::Shipped, Ok(name)) => {
                let found = SHIPPED.iter().find(|(have, _)| Path::new(have) == name);
                found
                    .map(|(_, content)| content.as_bytes().to_vec())
                    .ok_or_else(|| io::ErrorKind::NotFound.into())
            }
            _ => read_file(path),
        }
    }

    pub(crate) fn exists(&self, path: &Path) -> bool {
        match (self, path.strip_prefix(SHIPPED_ROOT)) {
            (Self::Shipped, Ok(name)) => SHIPPED.iter().any(|(have, _)| Path::new(have) == name),
            _ => path.is_file(),
        }
    }

    /// What is in a directory, sorted; nothing if it is not there.
    pub(crate) fn entries(&self, directory: &Path) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = match (self, directory.starts_with(SHIPPED_ROOT)) {
            (Self::Shipped, true) => {
                let paths = SHIPPED.iter().map(|(name, _)| self.root().join(name));
                // A directory shows by the files below it.
                let inside = paths.filter_map(|path| {
                    let name = path.strip_prefix(directory).ok()?.components().next()?;
                    Some(directory.join(name))
                });
                inside.collect()
            }
            _ => std::fs::read_dir(directory)
                .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
                .unwrap_or_default(),
        };
        found.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        found.dedup();
        found
    }

    /// The files of a directory below the root that end in `.extension`, sorted; hidden ones are left out.
    pub(crate) fn list(&self, directory: &str, extension: &str) -> Vec<PathBuf> {
        let mut found = self.entries(&self.root().join(directory));
        found.retain(|path| has_extension(path, extension));
        found
    }
}

/// Whether a file that is not hidden ends in `.extension`.
pub(crate) fn has_extension(path: &Path, extension: &str) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|have| have == extension)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for its writer.
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut content = Vec::with_capacity(metadata.len().min(MAX_FILE) as usize + 1);
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 4 MiB"));
    }
    Ok(content)
}
