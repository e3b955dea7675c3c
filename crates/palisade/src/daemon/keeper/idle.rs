//! Jails with `enabled = auto` that have nothing to read: they run as soon as there is something.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use config::{Files, Idle, Loaded, Tree};

/// Those of one configuration.
#[derive(Clone)]
pub(super) struct IdleJails {
    jails: Vec<Idle>,
    /// What the configuration was read from, and when.
    files: Vec<PathBuf>,
    read: SystemTime,
}

impl IdleJails {
    /// Of a configuration that was read just now.
    pub(super) fn of(loaded: &Loaded) -> Self {
        Self { jails: loaded.idle.clone(), files: paths(&loaded.files), read: SystemTime::now() }
    }

    /// What a jail lacks, if it is one of them.
    pub(super) fn why(&self, jail: &str) -> Option<&str> {
        self.jails.iter().find(|idle| idle.name == jail).map(|idle| idle.why.as_str())
    }

    /// Those that have something to read now. None while somebody is at work on the files of the tree: what they write
    /// comes into force when they say so.
    pub(super) fn awoken(&self, tree: &Tree) -> Vec<String> {
        if self.jails.is_empty() || self.files.iter().any(|file| self.is_newer(file)) {
            return Vec::new();
        }
        let loaded = config::load(tree);
        if loaded.has_errors() || paths(&loaded.files) != self.files {
            return Vec::new();
        }
        let runs = |idle: &&Idle| loaded.jails.iter().any(|jail| jail.spec.name == idle.name);
        self.jails.iter().filter(runs).map(|idle| idle.name.clone()).collect()
    }

    /// What is built in has no file.
    fn is_newer(&self, file: &Path) -> bool {
        let modified = file.metadata().and_then(|metadata| metadata.modified());
        modified.is_ok_and(|modified| modified > self.read)
    }
}

fn paths(files: &Files) -> Vec<PathBuf> {
    files.paths().map(Path::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_jail_is_awoken_by_its_log_unless_somebody_is_at_work_on_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let filter = "[Definition]\nfailregex = ^bad <HOST>$\n";
        fs::create_dir(at("filter.d")).unwrap();
        fs::write(at("filter.d/app.conf"), filter).unwrap();
        let jail = format!("[app]\nenabled = auto\nfilter = app\nlogpath = {}\n", at("app.log").display());
        fs::write(at("jail.conf"), jail).unwrap();
        let tree = Tree::Dir(folder.path().to_owned());
        let idle = IdleJails::of(&config::load(&tree));
        assert!(idle.why("app").is_some_and(|why| why.contains("app.log")));
        assert!(idle.awoken(&tree).is_empty());
        fs::write(at("app.log"), "").unwrap();
        assert_eq!(idle.awoken(&tree), ["app"]);
        fs::write(at("jail.local"), "[app]\nmaxretry = 3\n").unwrap();
        assert!(idle.awoken(&tree).is_empty(), "there is a new file");
        fs::remove_file(at("jail.local")).unwrap();
        fs::write(at("filter.d/app.conf"), filter).unwrap();
        assert!(idle.awoken(&tree).is_empty(), "a file is newer");
    }
}
