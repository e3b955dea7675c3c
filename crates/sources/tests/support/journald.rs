//! A real journald, alone in a mount namespace of its own.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

const SERVER: &str = "/lib/systemd/systemd-journald";
const SOCKET: &str = "/run/systemd/journal/socket";
/// Set for the test program that runs inside.
const INSIDE: &str = "SOURCES_TEST_INSIDE";
const SETUP: &str = r#"set -e
for directory in /run/systemd /run/log /var/log; do mount -t tmpfs tmpfs $directory; done
mkdir -p /run/systemd/journal /run/systemd/journald.conf.d
printf '[Journal]\nRateLimitIntervalSec=0\n' > /run/systemd/journald.conf.d/test.conf
exec "$@""#;

pub struct Journald {
    server: Child,
    socket: UnixDatagram,
}

/// Runs a test inside: this program again, for this test alone. Says so where that is not possible.
pub fn alone(name: &str, test: impl FnOnce(&Journald)) {
    if env::var_os(INSIDE).is_some() {
        return test(&Journald::start());
    }
    let possible = Command::new("unshare").args(["-Urm", "mount", "-t", "tmpfs", "tmpfs", "/run"]).output();
    if !Path::new(SERVER).exists() || !possible.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED {name}: needs {SERVER} and user namespaces");
        return;
    }
    let status = Command::new("unshare")
        .args(["-Urm", "--", "sh", "-c", SETUP, "sh"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{name} failed inside of its namespace");
}

impl Journald {
    fn start() -> Self {
        let server = Command::new(SERVER).stderr(Stdio::null()).spawn().unwrap();
        let socket = UnixDatagram::unbound().unwrap();
        wait_for(|| socket.connect(SOCKET).is_ok());
        let journald = Self { server, socket };
        wait_for(|| !journald.files().is_empty());
        journald
    }

    pub fn log(&self, identifier: &str, message: &str) {
        let entry = format!("SYSLOG_IDENTIFIER={identifier}\nMESSAGE={message}\n");
        self.socket.send(entry.as_bytes()).unwrap();
    }

    /// Closes the journal file and begins another.
    pub fn rotate(&self) {
        let before = self.files().len();
        self.signal("USR2");
        wait_for(|| self.files().len() > before);
    }

    /// Everything that was logged is in the journal when this returns.
    pub fn sync(&self) {
        let marker = Path::new("/run/systemd/journal/synced");
        let _ = fs::remove_file(marker);
        self.signal("RTMIN+1");
        wait_for(|| marker.exists());
    }

    pub fn files(&self) -> Vec<std::path::PathBuf> {
        let directories = fs::read_dir("/run/log/journal").into_iter().flatten().flatten();
        directories
            .flat_map(|directory| fs::read_dir(directory.path()).unwrap())
            .map(|file| file.unwrap().path())
            .collect()
    }

    fn signal(&self, name: &str) {
        let pid = self.server.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Journald {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

fn wait_for(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain");
        thread::sleep(Duration::from_millis(2));
    }
}
