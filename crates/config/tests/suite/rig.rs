//! What the tests share.

use std::path::{Path, PathBuf};

use config::{Host, Loaded, Options, ThisHost, Tree, Which, load_with};

/// Where Debian's package puts its configuration.
pub(crate) const DEBIAN: &str = "/etc/fail2ban";

/// A tree of ours that uses the corners of the grammar.
pub(crate) fn corners() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tree")
}

/// Debian's tree where it is installed; says so where it is not.
pub(crate) fn debian() -> Option<PathBuf> {
    let path = PathBuf::from(DEBIAN);
    let there = path.join("jail.conf").is_file();
    if !there {
        eprintln!("skipped: {DEBIAN} is not installed");
    }
    there.then_some(path)
}

/// Every jail, switched on, its logs taken to be there.
pub(crate) fn all(path: &Path) -> Loaded {
    let options = Options { jails: Which::All, host: &Bare, assume_logs: true };
    load_with(&Tree::Dir(path.to_owned()), &options)
}

/// A directory with these files in it.
pub(crate) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    directory
}

/// A host without logs and journal.
pub(crate) struct Bare;

impl Host for Bare {
    fn has_log(&self, _: &str) -> bool {
        false
    }

    fn has_journal(&self, _: Option<&Path>) -> bool {
        false
    }

    fn may_write(&self, _: &str) -> bool {
        false
    }

    fn service(&self, name: &str) -> Option<u16> {
        ThisHost::new().service(name)
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        ThisHost::new().read(path)
    }
}

/// A host with a journal and without log files.
pub(crate) struct OnlyJournal;

impl Host for OnlyJournal {
    fn has_log(&self, _: &str) -> bool {
        false
    }

    fn has_journal(&self, _: Option<&Path>) -> bool {
        true
    }

    fn may_write(&self, field: &str) -> bool {
        field != "_SYSTEMD_UNIT=absent.service"
    }

    fn service(&self, name: &str) -> Option<u16> {
        Bare.service(name)
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        Bare.read(path)
    }
}
