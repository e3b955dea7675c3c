//! Which commands may be run as root: those in files that only root can change.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use config::{Action, ActionKind, Diagnostic, Files, Loaded, Script};

/// Where Python is looked for; the first is the one that Fail2Ban runs with.
const PYTHON: [&str; 3] = ["/usr/bin/fail2ban-python", "/usr/bin/python3", "/usr/local/bin/python3"];

const STICKY: u32 = 0o1000;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The program that runs actions written in Python, if there is one.
pub(crate) fn interpreter() -> Option<PathBuf> {
    PYTHON.into_iter().map(PathBuf::from).find(|path| path.exists())
}

/// Whether an action may be run that no file of the configuration names.
pub(crate) fn given_by_root(script: &Script) -> Result<(), String> {
    Permits::new().script(script)
}

/// What was found about files and folders, each looked at once.
pub(crate) struct Permits {
    known: BTreeMap<PathBuf, Result<(), String>>,
    /// The same of folders with all that leads to them.
    folders: BTreeMap<PathBuf, Result<(), String>>,
    /// What is wrong with the files that jails are defined in.
    jails: Result<(), String>,
    /// What is refused, and why.
    pub(crate) refused: Vec<String>,
}

impl Permits {
    const fn new() -> Self {
        Self { known: BTreeMap::new(), folders: BTreeMap::new(), jails: Ok(()), refused: Vec::new() }
    }

    /// `files` are all that the configuration was read from: jails can put commands together too.
    pub(crate) fn of(files: &Files) -> Self {
        let mut permits = Self::new();
        let is_action = |path: &&Path| path.parent().is_some_and(|folder| folder.ends_with("action.d"));
        let jails: Vec<&Path> = files.paths().filter(|path| !is_action(path)).collect();
        permits.jails = jails.iter().try_for_each(|path| permits.file(path));
        permits
    }

    /// Which actions of a configuration are not run, beside those that the loader has named.
    pub(crate) fn refusals(loaded: &Loaded) -> Vec<Diagnostic> {
        let mut permits = Self::of(&loaded.files);
        for jail in &loaded.jails {
            permits.scripts(&jail.spec.name, jail.actions.clone());
            permits.ignorecommand(&jail.spec.name, jail.ignorecommand.clone());
        }
        permits.refused.into_iter().map(Diagnostic::warning).collect()
    }

    /// The commands of a jail's actions, as far as they may be run.
    pub(crate) fn scripts(&mut self, jail: &str, actions: Vec<Action>) -> Vec<Script> {
        let mut scripts = Vec::new();
        for Action { name, kind, script, .. } in actions {
            let verdict = match (kind, &script) {
                (ActionKind::Ban, _) => continue,
                (_, None) => Err("there is no file for it".to_owned()),
                (_, Some(script)) => self.jails.clone().and_then(|()| self.script(script)),
            };
            match verdict {
                Ok(()) => scripts.extend(script),
                Err(why) => self.refused.push(format!("[{jail}] action {name} is not run: {why}")),
            }
        }
        scripts
    }

    fn script(&mut self, script: &Script) -> Result<(), String> {
        script.files.iter().try_for_each(|path| self.file(path))?;
        match script.module.as_ref().map(|_| interpreter()) {
            Some(None) => Err("python3 is not installed".to_owned()),
            Some(Some(python)) => self.file(&python),
            None => Ok(()),
        }
    }

    /// A jail's `ignorecommand`, if it may be run.
    pub(crate) fn ignorecommand(&mut self, jail: &str, command: Option<String>) -> Option<String> {
        let command = command.filter(|command| !command.trim().is_empty())?;
        match &self.jails {
            Ok(()) => Some(command),
            Err(why) => {
                self.refused.push(format!("[{jail}] ignorecommand is not run: {why}"));
                None
            }
        }
    }

    /// A file, the folders above it, and the same of what links lead to.
    fn file(&mut self, path: &Path) -> Result<(), String> {
        let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        match path.parent().filter(|folder| !is_link && !folder.as_os_str().is_empty()) {
            Some(folder) => self.one(path).and_then(|()| self.folder(folder)),
            None => self.all_of(path),
        }
    }

    /// Each is looked at once, whatever is in it.
    fn folder(&mut self, path: &Path) -> Result<(), String> {
        if let Some(known) = self.folders.get(path) {
            return known.clone();
        }
        let verdict = self.all_of(path);
        self.folders.insert(path.to_owned(), verdict.clone());
        verdict
    }

    fn all_of(&mut self, path: &Path) -> Result<(), String> {
        let real = fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut all = real.ancestors().chain(path.ancestors()).filter(|path| !path.as_os_str().is_empty());
        all.try_for_each(|path| self.one(path))
    }

    fn one(&mut self, path: &Path) -> Result<(), String> {
        let known = self.known.entry(path.to_owned());
        known.or_insert_with(|| only_root_can_change(path)).clone()
    }
}

fn only_root_can_change(path: &Path) -> Result<(), String> {
    let metadata = fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
    // In a folder with the sticky bit nobody can take another's file away.
    let guarded = metadata.is_dir() && metadata.mode() & STICKY != 0;
    if metadata.uid() != 0 {
        Err(format!("{} belongs to user {}, not to root", path.display(), metadata.uid()))
    } else if metadata.mode() & WRITABLE_BY_OTHERS != 0 && !guarded {
        Err(format!("{} can be written by others than root", path.display()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown};

    use super::*;

    #[test]
    fn a_file_that_others_can_change_is_refused_wherever_the_hole_is() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("SKIPPED: it needs root");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("action.d");
        let file = inner.join("x.conf");
        fs::create_dir(&inner).unwrap();
        fs::write(&file, "").unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let permitted = |path: &Path| Permits::new().file(path).is_ok();
        assert!(permitted(&file));
        for (path, good) in [(&file, 0o644), (&inner, 0o755)] {
            for hole in [0o020, 0o002] {
                mode(path, good | hole);
                assert!(!permitted(&file), "{} {hole:o}", path.display());
            }
            mode(path, good);
            chown(path, Some(12345), None).unwrap();
            assert!(!permitted(&file));
            chown(path, Some(0), None).unwrap();
        }
        let link = folder.path().join("link.conf");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(permitted(&link));
        mode(&file, 0o666);
        assert!(!permitted(&link), "what a link leads to counts");
    }
}
