//! Whether the journal has grown, for the price of reading sixteen bytes.
//!
//! journald writes through mmap, which inotify does not see, and makes up for it a quarter of a second later. Asking
//! libsystemd for the next entry costs some thirty microseconds; the header of the file that is written to says the
//! same at once.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::pread;
use sys::journal::ROOTS;

/// Where the header has the number of entries and the last one's sequence number, by the journal file format.
const COUNTERS: u64 = 152;
/// The file that journald writes system entries to has this name until it is rotated.
const ACTIVE: &str = "system.journal";

/// The journal files that may grow.
#[derive(Debug)]
pub(crate) struct Pulse {
    roots: Vec<PathBuf>,
    files: Vec<(OwnedFd, [u8; 16])>,
}

impl Pulse {
    /// For this host's journal, or the one in a directory.
    pub(crate) fn new(directory: Option<&Path>) -> Self {
        let host = || ROOTS.map(PathBuf::from).to_vec();
        let roots = directory.map_or_else(host, |directory| vec![directory.to_path_buf()]);
        let mut pulse = Self { roots, files: Vec::new() };
        pulse.find();
        pulse
    }

    /// Looks for the files again, after a rotation.
    pub(crate) fn find(&mut self) {
        self.files.clear();
        for root in &self.roots {
            let inside = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
            for directory in std::iter::once(root.clone()).chain(inside) {
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                let file = open(directory.join(ACTIVE), flags, Mode::empty());
                self.files.extend(file.ok().map(|fd| (fd, [0; 16])));
            }
        }
    }

    /// Whether anything was written since the last call; always, where no file is known.
    pub(crate) fn beats(&mut self) -> bool {
        let mut beats = self.files.is_empty();
        for (fd, last) in &mut self.files {
            let mut now = [0; 16];
            let read = pread(&*fd, &mut now, COUNTERS);
            beats |= read != Ok(now.len()) || now != *last;
            *last = now;
        }
        beats
    }
}
