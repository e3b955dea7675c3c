//! How a file was.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::atomic::{self, Owned};

/// What is larger is no configuration.
const LARGEST: u64 = 16 << 20;
const PERMISSIONS: u32 = 0o7777;
/// Of a file that was not there before.
const NEW: Owned = Owned { mode: 0o644, owner: None };

/// A file at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Where it is; what a link leads to.
    pub path: PathBuf,
    /// `None`: it was not there.
    pub found: Option<Found>,
}

/// What was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Permission bits.
    pub mode: u32,
    /// Its owner.
    pub user: u32,
    /// Its group.
    pub group: u32,
    /// All of it.
    pub text: String,
}

impl Snapshot {
    /// Looks at a file.
    ///
    /// # Errors
    /// It cannot be read, is no text, or is too large.
    pub fn take(path: &Path) -> io::Result<Self> {
        // A link stays one: what it leads to is changed.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let found = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(Found::read(&opened?)?),
        };
        Ok(Self { path, found })
    }

    /// Whether that is the file's name.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.path.file_name().is_some_and(|known| known == name)
    }

    /// Its text; that of a file which is not there is empty.
    #[must_use]
    pub fn text(&self) -> &str {
        self.found.as_ref().map_or("", |found| &found.text)
    }

    /// The same file with another text.
    #[must_use]
    pub fn with_text(&self, text: String) -> Self {
        let found = self.found.as_ref().map_or_else(Found::new, Found::clone);
        Self { path: self.path.clone(), found: Some(Found { text, ..found }) }
    }

    /// Makes the file be as it was, in one step, and sees to it that it is so after a power cut.
    ///
    /// # Errors
    /// What the system says; then the file is as it is.
    pub fn restore(&self) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let Some(found) = &self.found else {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed.and_then(|()| atomic::sync(folder)),
            };
        };
        fs::create_dir_all(folder)?;
        let owned = Owned { mode: found.mode, owner: Some((found.user, found.group)) };
        atomic::write(&self.path, found.text.as_bytes(), owned, true)
    }

    /// Whether the file is so now.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn is_so(&self) -> io::Result<bool> {
        Ok(Self::take(&self.path)? == *self)
    }
}

impl Found {
    fn read(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let mut text = String::new();
        file.take(LARGEST + 1).read_to_string(&mut text)?;
        if text.len() as u64 > LARGEST {
            return Err(io::Error::other("larger than 16 MB"));
        }
        Ok(Self { mode: metadata.mode() & PERMISSIONS, user: metadata.uid(), group: metadata.gid(), text })
    }

    fn new() -> Self {
        let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Self { mode: NEW.mode, user, group, text: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;

    #[test]
    fn bytes_owner_and_mode_come_back_and_a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("real.toml"), folder.path().join("palisade.toml"));
        fs::write(&file, "a = 1\r\n# \u{e4}").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(&file, Some(12), Some(34)).unwrap();
        }
        symlink(&file, &link).unwrap();
        let before = Snapshot::take(&link).unwrap();
        fs::remove_file(&file).unwrap();
        fs::write(&file, "other").unwrap();
        assert!(!before.is_so().unwrap());
        before.restore().unwrap();
        assert!(before.is_so().unwrap());
        assert_eq!(Snapshot::take(&link).unwrap(), before);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn what_was_not_there_is_not_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/palisade.toml");
        let before = Snapshot::take(&path).unwrap();
        before.with_text("enabled = true\n".into()).restore().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "enabled = true\n");
        before.restore().unwrap();
        before.restore().unwrap();
        assert!(!path.exists() && before.is_so().unwrap());
    }

    #[test]
    fn what_is_no_text_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, b"\xff\xfe").unwrap();
        assert!(Snapshot::take(&path).is_err());
    }
}
