//! Files that are written in one step: whoever reads one sees the old or the new.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, fchown};
use std::path::Path;

/// Whose a file is, and who may use it.
#[derive(Clone, Copy)]
pub(crate) struct Owned {
    pub(crate) mode: u32,
    /// User and group; `None` is whoever writes.
    pub(crate) owner: Option<(u32, u32)>,
}

/// Configurations may hold secrets.
pub(crate) const PRIVATE: Owned = Owned { mode: 0o600, owner: None };

/// Writes a file anew. If it is to `last`, it is on disk when this returns, and so is its name.
pub(crate) fn write(path: &Path, bytes: &[u8], owned: Owned, last: bool) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut new = tempfile::Builder::new().prefix(&format!(".{name}.")).tempfile_in(folder)?;
    new.write_all(bytes)?;
    if let Some((user, group)) = owned.owner {
        fchown(new.as_file(), Some(user), Some(group))?;
    }
    new.as_file().set_permissions(Permissions::from_mode(owned.mode))?;
    if last {
        new.as_file().sync_all()?;
    }
    new.persist(path).map_err(|error| error.error)?;
    if last { sync(folder) } else { Ok(()) }
}

/// Writes a file that only its owner may read anew, in one step. After a power cut it may be as it was before.
///
/// # Errors
/// What the system says; then the old file is as it was.
pub fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    write(path, text, PRIVATE, false)
}

/// What is in a folder, and what is not any more, is so after a power cut.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
