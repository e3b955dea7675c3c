//! Where configuration files come from.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

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

const NONBLOCK: i32 = OFlags::NONBLOCK.bits() as i32;

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

    /// The names of what is in a directory, sorted; none if it is not there.
    pub(crate) fn entries(&self, directory: &Path) -> Vec<OsString> {
        let mut found: Vec<OsString> = match self.inside(directory) {
            Some(below) => {
                let held = self.held();
                // A directory shows by the files below it.
                let names = held.iter().filter_map(|(name, _)| Path::new(name).strip_prefix(below).ok());
                names.filter_map(|name| Some(name.components().next()?.as_os_str().to_owned())).collect()
            }
            None => std::fs::read_dir(directory)
                .map(|entries| entries.flatten().map(|entry| entry.file_name()).collect())
                .unwrap_or_default(),
        };
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The files of a directory below the root that end in `.extension`, sorted; hidden ones are left out.
    pub(crate) fn list(&self, directory: &str, extension: &str) -> Vec<PathBuf> {
        let directory = self.root().join(directory);
        let names =
            self.entries(&directory).into_iter().filter(|name| has_extension(name.as_ref(), extension));
        names.map(|name| directory.join(name)).collect()
    }
}

/// Whether a file that is not hidden ends in `.extension`.
pub(crate) fn has_extension(path: &Path, extension: &str) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|have| have == extension)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for its writer.
    let mut file = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let size = metadata.len().min(MAX_FILE) as usize;
    let mut content = vec![0; size + 1];
    let length = file.read(&mut content)?;
    content.truncate(length);
    if length != size {
        // It is not what it was just now, or cannot tell its size.
        file.take(MAX_FILE).read_to_end(&mut content)?;
    }
    if content.len() as u64 > MAX_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 4 MiB"));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_files_of_a_bearable_size_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let read = |name: &str| read_file(&path(name)).map_err(|error| error.kind());
        fs::write(path("empty"), "").unwrap();
        fs::write(path("long"), vec![b'x'; MAX_FILE as usize]).unwrap();
        fs::write(path("longer"), vec![b'x'; MAX_FILE as usize + 1]).unwrap();
        mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(read("empty").unwrap(), b"");
        assert_eq!(read("long").unwrap().len(), MAX_FILE as usize);
        assert_eq!(read("longer"), Err(io::ErrorKind::FileTooLarge));
        assert_eq!(read("none"), Err(io::ErrorKind::NotFound));
        assert_eq!([read("pipe"), read("")], [const { Err(io::ErrorKind::InvalidInput) }; 2]);
        // Says that its size is 0.
        assert!(!read_file(Path::new("/proc/self/status")).unwrap().is_empty());
    }
}
