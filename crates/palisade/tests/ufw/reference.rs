//! The installed ufw, in namespaces with copies of its files.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use tempfile::TempDir;

const UFW: &str = "/usr/sbin/ufw";
/// ufw is a program of the distribution's own interpreter.
const PYTHON: &str = "/usr/bin/python3";

/// Its files are copied to `$1` and take the place of the host's, in these namespaces alone.
const SCENE: &str = r#"
set -e
for folder in /etc/ufw /lib/ufw /etc/default; do
    mkdir -p "$1$folder"
    cp -a "$folder/." "$1$folder"
    mount --bind "$1$folder" "$folder"
done
cp "$2" /etc/ufw/applications.d/
exec "$3" "$4"
"#;

/// What a command said.
#[derive(Debug, Deserialize)]
pub(crate) struct Reply {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A running ufw.
pub(crate) struct Reference {
    process: Child,
    words: ChildStdin,
    replies: BufReader<ChildStdout>,
    files: TempDir,
}

/// Why it cannot run here.
pub(crate) fn missing() -> Option<&'static str> {
    match () {
        () if !Path::new(UFW).exists() => Some("ufw is not installed"),
        () if !Path::new(PYTHON).exists() => Some("python3 is not installed"),
        () if !rustix::process::geteuid().is_root() => Some("ufw needs root"),
        () => None,
    }
}

impl Reference {
    /// Starts it with one more file of application profiles, enabled and without rules.
    pub(crate) fn start(profiles: &Path) -> Self {
        let files = TempDir::new().unwrap();
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ufw/reference.py");
        let mut process = Command::new("unshare")
            .args(["-mn", "--", "sh", "-c", SCENE, "sh"])
            .arg(files.path())
            .arg(profiles)
            .args([PYTHON.as_ref(), driver.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let words = process.stdin.take().unwrap();
        let replies = BufReader::new(process.stdout.take().unwrap());
        let mut reference = Self { process, words, replies, files };
        let started = reference.reply();
        assert_eq!(started.status, 0, "ufw cannot be enabled: {}{}", started.out, started.err);
        reference
    }

    /// A process on its network.
    pub(crate) fn network(&self) -> u32 {
        self.process.id()
    }

    /// Where its etc/ufw and etc/default are.
    pub(crate) fn root(&self) -> &Path {
        self.files.path()
    }

    /// Forgets all rules and settings.
    pub(crate) fn reset(&mut self) {
        self.send("null");
    }

    /// Writes into its files whether it is enabled. What it says of its rules is read from there.
    pub(crate) fn switch(&mut self, enabled: bool) {
        self.send(if enabled { "true" } else { "false" });
    }

    pub(crate) fn run(&mut self, words: &[String]) -> Reply {
        self.send(&serde_json::to_string(words).unwrap())
    }

    fn send(&mut self, line: &str) -> Reply {
        writeln!(self.words, "{line}").unwrap();
        self.reply()
    }

    fn reply(&mut self) -> Reply {
        let mut line = String::new();
        self.replies.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("ufw's driver ended: {error}"))
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // Its input ends with this, too; it may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
