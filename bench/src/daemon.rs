//! A daemon of this run alone, with one jail.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::WithDaemon;
use crate::process::Processes;

/// Where a daemon's files are.
pub(crate) struct Place {
    folder: TempDir,
    palisade: PathBuf,
}

/// A running one; dropped, it is killed.
pub(crate) struct Daemon {
    keeper: Child,
}

impl Place {
    /// A daemon that watches a file.
    pub(crate) fn new(with: &WithDaemon) -> anyhow::Result<Self> {
        let place = Self::bare(with)?;
        let log = place.path("auth.log");
        File::create(&log)?;
        place.configure(&format!("backend = polling\nlogpath = {}", log.display()))?;
        Ok(place)
    }

    /// A daemon that watches the journal.
    pub(crate) fn with_journal(with: &WithDaemon) -> anyhow::Result<Self> {
        let place = Self::bare(with)?;
        place.configure("backend = systemd\njournalmatch = SYSLOG_IDENTIFIER=sshd")?;
        Ok(place)
    }

    fn bare(with: &WithDaemon) -> anyhow::Result<Self> {
        let place = Self { folder: tempfile::tempdir()?, palisade: with.palisade.clone() };
        fs::create_dir_all(place.path("config/filter.d"))?;
        fs::create_dir(place.state())?;
        for entry in fs::read_dir(&with.filters)?.flatten() {
            fs::copy(entry.path(), place.path("config/filter.d").join(entry.file_name()))?;
        }
        Ok(place)
    }

    fn configure(&self, source: &str) -> anyhow::Result<()> {
        let jail = format!(
            "[sshd]\nenabled = true\nfilter = sshd\nport = ssh\n{source}\n\
             maxretry = 3\nfindtime = 1h\nbantime = 1h\n"
        );
        Ok(fs::write(self.path("config/jail.conf"), jail)?)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// The log, to append to.
    pub(crate) fn log(&self) -> anyhow::Result<File> {
        Ok(File::options().append(true).open(self.path("auth.log"))?)
    }

    pub(crate) fn start(&self) -> anyhow::Result<Daemon> {
        let mut keeper = self.command("run").stderr(Stdio::piped()).spawn()?;
        let mut said = BufReader::new(keeper.stderr.take().context("no standard error")?);
        let mut all = String::new();
        loop {
            let mut line = String::new();
            if said.read_line(&mut line)? == 0 {
                bail!("the daemon ended: {all}");
            }
            if line.contains("watching, process ") {
                // A full pipe would stop it.
                thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
                return Ok(Daemon { keeper });
            }
            all.push_str(&line);
        }
    }

    /// How many lines the watcher has read.
    pub(crate) fn lines_read(&self) -> anyhow::Result<u64> {
        Ok(number(&self.status()?, "\"lines\":").unwrap_or(0))
    }

    pub(crate) fn dropped(&self) -> anyhow::Result<u64> {
        Ok(number(&self.status()?, "\"dropped\":").unwrap_or(0))
    }

    fn status(&self) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.command("status").arg("--json").output()?.stdout)?)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.palisade);
        command.arg("--config").arg(self.path("config")).arg("--state").arg(self.state()).arg(name);
        command
    }
}

fn number(text: &str, key: &str) -> Option<u64> {
    let rest = text.split_once(key)?.1.trim_start();
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

impl Daemon {
    /// The keeper and those that it has started.
    pub(crate) fn processes(&self) -> Processes {
        Processes::with_descendants(self.keeper.id())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

/// Failures of one address, as one write.
pub(crate) fn fail(log: &mut File, host: std::net::IpAddr, times: usize) -> std::io::Result<()> {
    log.write_all(failures(host, times).as_bytes())
}

/// Each call tells of another connection: Fail2Ban takes whatever one process says for one attacker's.
pub(crate) fn failures(host: std::net::IpAddr, times: usize) -> String {
    static CONNECTIONS: AtomicU32 = AtomicU32::new(1000);
    let (now, pid) = (jiff::Timestamp::now(), CONNECTIONS.fetch_add(1, Ordering::Relaxed));
    format!("{now:.6} host sshd[{pid}]: {}\n", failure(host)).repeat(times)
}

/// What sshd says of a wrong password.
pub(crate) fn failure(host: std::net::IpAddr) -> String {
    format!("Failed password for root from {host} port 4 ssh2")
}
