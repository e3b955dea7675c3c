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
    /// Files that are nowhere on disk, by their paths below the root: for tests and fuzzers.
    Memory(Vec<(String, Vec<u8>)>),
}

/// Files beyond this are refused; the largest that Fail2Ban ships has 45 kB.
const MAX_FILE: u64 = 4 << 20;

static SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// Stand before the names of files that are in no directory.
const SHIPPED_ROOT: &str = "(built-in)";
const MEMORY_ROOT: &str = "(memory)";

impl Tree {
    /// The directory; a name in brackets for the built-in one.
    #[must_use]
    pub fn root(&self) -> &Path {
        match self {
            Self::Dir(path) => path,
            Self::Shipped => Path::new(SHIPPED_ROOT),
            Self::Memory(_) => Path::new(MEMORY_ROOT),
        }
    }

    /// What is built into the program: paths below the root, and what the files hold.
    pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
        SHIPPED.iter().copied()
    }

    /// The files of a tree that is in no directory.
    fn held(&self) -> Vec<(&str, &[u8])> {
        match self {
            Self::Dir(_) => Vec::new(),
            Self::Shipped => Self::shipped().map(|(name, content)| (name, content.as_bytes())).collect(),
            Self::Memory(files) => {
                files.iter().map(|(name, content)| (name.as_str(), &content[..])).collect()
            }
        }
    }

    /// The path below the root, if the root is no directory on disk.
    fn inside<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        match self {
            Self::Dir(_) => None,
            Self::Shipped | Self::Memory(_) => path.strip_prefix(self.root()).ok(),
        }
    }

    /// Reads a file below (or, by an absolute path, outside) the tree.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let Some(name) = self.inside(path) else { return read_file(path) };
        let found = self.held().into_iter().find(|(have, _)| Path::new(have) == name);
        found.map(|(_, content)| content.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(crate) fn exists(&self, path: &Path) -> bool {
        match self.inside(path) {
            Some(name) => self.held().iter().any(|(have, _)| Path::new(have) == name),
            None => path.is_file(),
        }
    }

    /// What is in a directory, sorted; nothing if it is not there.
    pub(crate) fn entries(&self, directory: &Path) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = match self.inside(directory) {
            Some(below) => {
                let held = self.held();
                // A directory shows by the files below it.
                let names = held.iter().filter_map(|(name, _)| Path::new(name).strip_prefix(below).ok());
                names.filter_map(|name| Some(directory.join(name.components().next()?))).collect()
            }
            None => std::fs::read_dir(directory)
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
