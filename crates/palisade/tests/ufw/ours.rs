//! Palisade with a configuration of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::reference::Reply;

/// What `ufw enable` does, as it is written.
const ENABLED: &str = "[firewall]\nenabled = true\n";
/// ... and `disable`.
const DISABLED: &str = "[firewall]\nenabled = false\n";

pub(crate) struct Ours {
    folder: TempDir,
}

impl Ours {
    /// With the profiles of ufw and one more file of them, enabled and without rules.
    pub(crate) fn start(profiles: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        let applications = folder.path().join("applications.d");
        fs::create_dir(&applications).unwrap();
        for entry in fs::read_dir("/etc/ufw/applications.d").unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, applications.join(path.file_name().unwrap())).unwrap();
        }
        fs::copy(profiles, applications.join(profiles.file_name().unwrap())).unwrap();
        let ours = Self { folder };
        ours.reset();
        ours
    }

    /// Forgets all rules and settings.
    pub(crate) fn reset(&self) {
        fs::write(self.folder.path().join("palisade.toml"), ENABLED).unwrap();
    }

    /// Writes into its file whether it is enabled.
    pub(crate) fn switch(&self, enabled: bool) {
        let (from, to) = if enabled { (DISABLED, ENABLED) } else { (ENABLED, DISABLED) };
        fs::write(self.folder.path().join("palisade.toml"), self.text().replacen(from, to, 1)).unwrap();
    }

    pub(crate) fn run(&self, words: &[String]) -> Reply {
        self.palisade(&[&["firewall".to_owned()], words].concat())
    }

    /// Takes over what another ufw keeps, and nothing else.
    pub(crate) fn import(&self, root: &Path) -> Reply {
        fs::write(self.folder.path().join("palisade.toml"), "").unwrap();
        let root = root.to_str().unwrap();
        self.palisade(&["import", "ufw", "--apply", "--force", "--root", root].map(str::to_owned))
    }

    fn palisade(&self, words: &[String]) -> Reply {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        let folder = self.folder.path();
        command.arg("--config").arg(folder).arg("--state").arg(folder.join("state"));
        command.args(words);
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Reply { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The rules as they are written in the file.
    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.folder.path().join("palisade.toml")).unwrap()
    }
}
