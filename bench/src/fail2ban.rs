//! The real Fail2Ban beside the daemon: its own jail, socket, database and log, all in a folder that goes with it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::process::Processes;

const SERVER: &str = "/usr/bin/fail2ban-server";
/// What Debian installs: its filters and its actions are used where they are.
const INSTALLED: &str = "/etc/fail2ban";
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(10);

/// Where one Fail2Ban's files are.
pub(crate) struct Place(TempDir);

/// A running one; dropped, it is ended.
pub(crate) struct Server(Child);

impl Place {
    /// `None` where it is not installed.
    pub(crate) fn new() -> anyhow::Result<Option<Self>> {
        if !Path::new(SERVER).exists() || !Path::new(INSTALLED).is_dir() {
            println!("fail2ban is not installed: nothing beside it");
            return Ok(None);
        }
        let place = Self(tempfile::tempdir()?);
        for folder in ["filter.d", "action.d"] {
            std::os::unix::fs::symlink(Path::new(INSTALLED).join(folder), place.path(folder))?;
        }
        let at = place.0.path().display();
        let server = format!(
            "[Definition]\nloglevel = INFO\nlogtarget = {at}/log\nallowipv6 = true\nsyslogsocket = auto\n\
             socket = {at}/socket\n\
             pidfile = {at}/pid\ndbfile = {at}/sqlite3\ndbpurgeage = 1d\n"
        );
        fs::write(place.path("fail2ban.conf"), server)?;
        // Nothing to look up, so that no name server is waited for.
        let jail = format!(
            "[sshd]\nenabled = true\nfilter = sshd\nbackend = auto\nlogpath = {at}/auth.log\nusedns = no\n\
             ignoreself = false\nmaxretry = 3\nfindtime = 1h\nbantime = 1h\n\
             action = nftables[type=multiport, name=sshd, port=ssh, protocol=tcp]\n"
        );
        fs::write(place.path("jail.conf"), jail)?;
        File::create(place.path("auth.log"))?;
        Ok(Some(place))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The log it watches, to append to.
    pub(crate) fn log(&self) -> anyhow::Result<File> {
        Ok(File::options().append(true).open(self.path("auth.log"))?)
    }

    /// Starts it and waits until its jail is at work.
    pub(crate) fn start(&self) -> anyhow::Result<Server> {
        let _ = fs::remove_file(self.path("log"));
        let mut command = Command::new(SERVER);
        command.args(["-f", "-x", "-c"]).arg(self.0.path()).arg("start");
        let server = Server(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?);
        let deadline = Instant::now() + PATIENCE;
        while !fs::read_to_string(self.path("log")).is_ok_and(|log| log.contains("Jail 'sshd' started")) {
            if Instant::now() > deadline {
                let log = fs::read_to_string(self.path("log")).unwrap_or_default();
                bail!("Fail2Ban does not start: {log}");
            }
            thread::sleep(LOOK);
        }
        Ok(server)
    }
}

impl Server {
    pub(crate) fn processes(&self) -> Processes {
        Processes::of(self.0.id())
    }

    /// As `systemctl stop` ends it: it lifts its bans in the kernel, and keeps them in its database.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.terminate()?;
        self.0.wait().context("Fail2Ban does not end")?;
        Ok(())
    }

    fn terminate(&self) -> anyhow::Result<()> {
        let pid = rustix::process::Pid::from_child(&self.0);
        Ok(rustix::process::kill_process(pid, rustix::process::Signal::TERM)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
