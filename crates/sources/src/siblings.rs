//! Where a file went: the rotated log in the same directory, under another name or as a copy.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat, open};
use rustix::io::Errno;

use crate::position::{Identity, Kinship, Mark, Stat};

/// So many names of a directory are looked at.
const MAX_ENTRIES: usize = 10_000;

/// A file that holds what a mark says was read, and perhaps more.
pub(crate) struct Sibling {
    pub(crate) path: PathBuf,
    pub(crate) fd: OwnedFd,
    pub(crate) identity: Identity,
    /// When it was last written to.
    pub(crate) written: i128,
}

/// Opens a log for reading. It may be a pipe or a device by mistake, which must not block.
pub(crate) fn open_log(path: &Path) -> Result<(OwnedFd, Stat), Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let fd = open(path, flags, Mode::empty())?;
    let stat = fstat(&fd)?.into();
    Ok((fd, stat))
}

/// Searches beside `log` (and beside the file it links to): first the same inode under any name, then a copy whose name
/// begins alike. `taken` says which files are read already.
pub(crate) fn find(log: &Path, mark: &Mark, taken: &impl Fn(Identity) -> bool) -> Option<Sibling> {
    let real = log.canonicalize().ok();
    let logs = [Some(log), real.as_deref().filter(|real| real.parent() != log.parent())];
    logs.into_iter().flatten().find_map(|log| {
        let names = entries(log.parent()?);
        let same_inode = names.iter().filter(|(inode, _)| *inode == mark.inode);
        let stem = stem(log.file_name()?);
        let copies = names.iter().filter(|(inode, path)| {
            let name = path.file_name().map_or(&[][..], OsStrExt::as_bytes);
            *inode != mark.inode && !mark.is_blank() && name.starts_with(stem)
        });
        same_inode.chain(copies).find_map(|(_, path)| holds(path, mark, taken))
    })
}

/// The generations of a log that came and went since `since` (when the last known one was last written to) and that
/// nobody saw, oldest first: it rotated more than once between two looks. They are known by name and time alone; the
/// kernel's clock for files is coarse, so equal times count.
pub(crate) fn missed(log: &Path, since: i128, taken: &impl Fn(Identity) -> bool) -> Vec<Sibling> {
    let real = log.canonicalize().ok();
    let log = real.as_deref().unwrap_or(log);
    let (Some(directory), Some(base)) = (log.parent(), log.file_name()) else { return Vec::new() };
    let names = entries(directory).into_iter().map(|(_, path)| path);
    let rotated = names.filter(|path| path.file_name().is_some_and(|name| is_generation(base, name)));
    let mut missed: Vec<Sibling> = rotated
        .filter_map(|path| {
            let (fd, stat) = open_log(&path).ok()?;
            let fits = stat.regular && stat.written >= since && !taken(stat.identity);
            fits.then_some(Sibling { path, fd, identity: stat.identity, written: stat.written })
        })
        .collect();
    missed.sort_by_key(|sibling| sibling.written);
    missed
}

/// Whether a path is a rotated generation of a log, by its name.
pub(crate) fn is_generation_of(log: &Path, path: &Path) -> bool {
    let names = log.file_name().zip(path.file_name());
    log.parent() == path.parent() && names.is_some_and(|(base, name)| is_generation(base, name))
}

/// `app.log.1`, `app.log-20240101`, `app-2024-01-01.log` for `app.log`, but not `app.log.1.gz` or `app.log.err`.
fn is_generation(base: &OsStr, name: &OsStr) -> bool {
    let (base, name) = (base.as_bytes(), name.as_bytes());
    let numbered = |part: &[u8]| {
        part.iter().any(u8::is_ascii_digit)
            && part.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_'))
    };
    let dot = base.iter().rposition(|byte| *byte == b'.').unwrap_or(base.len());
    let (stem, extension) = base.split_at(dot);
    let inside = || name.strip_prefix(stem)?.strip_suffix(extension);
    name.strip_prefix(base).is_some_and(numbered) || inside().is_some_and(numbered)
}

fn entries(directory: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let entries = entries.take(MAX_ENTRIES).flatten();
    entries.map(|entry| (entry.ino(), entry.path())).collect()
}

/// What `app.log` has in common with `app.log.1` and `app-20240101.log`.
fn stem(name: &OsStr) -> &[u8] {
    let name = name.as_bytes();
    let end = name.iter().skip(1).position(|byte| *byte == b'.').map_or(name.len(), |dot| dot + 1);
    &name[..end]
}

fn holds(path: &Path, mark: &Mark, taken: &impl Fn(Identity) -> bool) -> Option<Sibling> {
    let (fd, stat) = open_log(path).ok()?;
    let fits = stat.regular && !taken(stat.identity) && mark.kinship(fd.as_fd()).ok()? == Kinship::Same;
    fits.then(|| Sibling { path: path.to_path_buf(), fd, identity: stat.identity, written: stat.written })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_numbered_or_dated() {
        let is = |base: &str, name: &str| is_generation(OsStr::new(base), OsStr::new(name));
        for name in ["app.log.1", "app.log-20240101", "app-2024-01-01.log", "app.log.2024-01-01_12"] {
            assert!(is("app.log", name), "{name}");
        }
        for name in ["app.log", "app.log.1.gz", "app.log.err", "app.log.", "application.log", "app1x.log"] {
            assert!(!is("app.log", name), "{name}");
        }
        assert!(is("syslog", "syslog.1"));
    }
}
