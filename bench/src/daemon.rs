//! A daemon of this run alone, with one jail.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::WithDaemon;

/// Where a daemon's files are.
pub(crate) struct Place {
    folder: TempDir,
    palisade: PathBuf,
}

/// A running one; dropped, it is killed.
pub(crate) struct Daemon {
    keeper: Child,
    watcher: u32,
}

impl Place {
    pub(crate) fn new(with: &WithDaemon) -> anyhow::Result<Self> {
        let place = Self { folder: tempfile::tempdir()?, palisade: with.palisade.clone() };
        fs::create_dir_all(place.path("config/filter.d"))?;
        fs::create_dir(place.state())?;
        for entry in fs::read_dir(&with.filters)?.flatten() {
            fs::copy(entry.path(), place.path("config/filter.d").join(entry.file_name()))?;
        }
        let log = place.path("auth.log");
        File::create(&log)?;
        let jail = format!(
            "[sshd]\nenabled = true\nfilter = sshd\nport = ssh\nbackend = polling\nlogpath = {}\n\
             maxretry = 3\nfindtime = 1h\nbantime = 1h\n",
            log.display()
        );
        fs::write(place.path("config/jail.conf"), jail)?;
        Ok(place)
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
            if let Some((_, pid)) = line.trim_end().rsplit_once("watching, process ") {
                let watcher = pid.parse()?;
                // A full pipe would stop it.
                thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
                return Ok(Daemon { keeper, watcher });
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
    /// Proportional set size of both processes, in KiB.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        self.sum("smaps_rollup", |text| {
            let line = text.lines().find(|line| line.starts_with("Pss:"))?;
            line.split_whitespace().nth(1)?.parse().ok()
        })
    }

    /// Processor time of both so far, in hundredths of a second.
    pub(crate) fn ticks(&self) -> anyhow::Result<u64> {
        self.sum("stat", |text| {
            let fields = text.rsplit_once(')')?.1.split_whitespace();
            fields.skip(11).take(2).map(|field| field.parse::<u64>().ok()).sum()
        })
    }

    fn sum(&self, file: &str, read: impl Fn(&str) -> Option<u64>) -> anyhow::Result<u64> {
        let mut sum = 0;
        for pid in [self.keeper.id(), self.watcher] {
            let path = Path::new("/proc").join(pid.to_string()).join(file);
            sum += read(&fs::read_to_string(&path)?)
                .with_context(|| format!("{} reads otherwise", path.display()))?;
        }
        Ok(sum)
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

pub(crate) fn failures(host: std::net::IpAddr, times: usize) -> String {
    let now = jiff::Timestamp::now();
    format!("{now:.6} host sshd[4711]: Failed password for root from {host} port 4 ssh2\n").repeat(times)
}
