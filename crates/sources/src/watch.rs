//! inotify: hints where to look. Nothing depends on them but speed; a sweep finds whatever they miss.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
use rustix::io::Errno;
use tracing::warn;

use crate::pattern::Name;
use crate::position::Identity;

/// Holds the longest event many times over.
const EVENTS: usize = 4096;

/// One inotify instance for all files and directories.
pub(crate) struct Watches {
    /// `None` where the host allows no more instances.
    inotify: Option<OwnedFd>,
    files: HashMap<i32, Identity>,
    directories: HashMap<i32, Directory>,
    warned: bool,
}

#[derive(Default)]
struct Directory {
    /// Other names in it do not matter.
    names: Vec<Name>,
    /// In which sweep it was last asked for.
    sweep: u64,
}

/// What the events of one wake-up mean.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    /// Files that were written to.
    pub(crate) written: Vec<Identity>,
    /// Names changed: look at the paths again.
    pub(crate) sweep: bool,
    /// Events were lost: look at everything.
    pub(crate) all: bool,
}

impl Watches {
    pub(crate) fn new() -> Self {
        let inotify = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)
            .inspect_err(|error| warn!(%error, "no inotify: log files are polled"))
            .ok();
        let (files, directories) = (HashMap::new(), HashMap::new());
        Self { warned: inotify.is_none(), inotify, files, directories }
    }

    pub(crate) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(AsFd::as_fd)
    }

    /// Watches the file at a path. The caller checks afterwards that the path still is the file it opened.
    pub(crate) fn file(&mut self, path: &Path, identity: Identity) -> Option<i32> {
        let flags = WatchFlags::MODIFY | WatchFlags::MOVE_SELF | WatchFlags::ATTRIB;
        let wd = self.add(path, flags)?;
        self.files.insert(wd, identity);
        Some(wd)
    }

    pub(crate) fn forget(&mut self, wd: i32) {
        if self.files.remove(&wd).is_some()
            && let Some(inotify) = &self.inotify
        {
            // Fails when the file is gone, and the watch with it.
            let _ = remove_watch(inotify, wd);
        }
    }

    /// Asks for changes of one name in a directory, until a later sweep no longer does.
    pub(crate) fn directory(&mut self, path: &Path, name: &Name, sweep: u64) {
        let flags = WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::ATTRIB
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        let Some(wd) = self.add(path, flags) else { return };
        let directory = self.directories.entry(wd).or_default();
        if directory.sweep != sweep {
            *directory = Directory { names: Vec::new(), sweep };
        }
        if !directory.names.contains(name) {
            directory.names.push(name.clone());
        }
    }

    /// Drops the directories that this sweep did not ask for.
    pub(crate) fn end_sweep(&mut self, sweep: u64) {
        let Some(inotify) = &self.inotify else { return };
        self.directories.retain(|wd, directory| {
            let wanted = directory.sweep == sweep;
            if !wanted {
                let _ = remove_watch(inotify, *wd);
            }
            wanted
        });
    }

    fn add(&mut self, path: &Path, flags: WatchFlags) -> Option<i32> {
        match add_watch(self.inotify.as_ref()?, path, flags) {
            Ok(wd) => Some(wd),
            Err(error @ (Errno::NOSPC | Errno::NOMEM)) => {
                if !self.warned {
                    self.warned = true;
                    warn!(%error, path = %path.display(), "no more inotify watches: log files are polled; raise fs.inotify.max_user_watches");
                }
                None
            }
            Err(_) => None,
        }
    }

    /// Takes what is queued, at most one buffer full: the descriptor stays readable if there is more.
    pub(crate) fn hints(&mut self) -> Hints {
        let mut hints = Hints::default();
        let Some(inotify) = &self.inotify else { return hints };
        let mut buffer = [MaybeUninit::uninit(); EVENTS];
        let mut events = Reader::new(inotify, &mut buffer);
        while let Ok(event) = events.next() {
            let (wd, flags) = (event.wd(), event.events());
            let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                hints.all = true;
            } else if let Some(identity) = self.files.get(&wd) {
                match flags.contains(ReadFlags::MODIFY) {
                    true if hints.written.last() != Some(identity) => hints.written.push(*identity),
                    true => {}
                    false => hints.sweep = true,
                }
            } else if let Some(directory) = self.directories.get(&wd) {
                hints.sweep |= name.is_none_or(|name| directory.cares_for(name));
            }
            if flags.contains(ReadFlags::IGNORED) {
                self.files.remove(&wd);
                self.directories.remove(&wd);
            }
            if events.is_buffer_empty() {
                break;
            }
        }
        hints
    }
}

impl Directory {
    fn cares_for(&self, name: &OsStr) -> bool {
        self.names.iter().any(|wanted| wanted.matches(name))
    }
}

/// For a directory in which one name counts.
pub(crate) fn plain(name: &OsStr) -> Name {
    Name::Plain(OsString::from(name))
}
