//! The journal in the place of a file: a real journald, in a mount namespace that `bench/run` makes.

use std::fs;
use std::net::IpAddr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::WithDaemon;
use crate::daemon::{Place, failure};
use crate::figures::{Figures, row};
use crate::generate::address;
use crate::kernel::Listener;

const SERVER: &str = "/lib/systemd/systemd-journald";
const SOCKET: &str = "/run/systemd/journal/socket";
const BANS: u64 = 150;
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);
/// Between two attackers: no multiple of anything that the daemon waits for.
const PAUSE: Duration = Duration::from_millis(131);

/// A running journald; dropped, it is ended.
struct Journald {
    server: Child,
    socket: UnixDatagram,
}

pub(crate) fn latency(with: &WithDaemon) -> anyhow::Result<()> {
    let journald = Journald::start()?;
    let place = Place::with_journal(with)?;
    let _daemon = place.start()?;
    let mut kernel = Listener::open()?;
    let mut took = Vec::new();
    for number in 0..BANS {
        let host = address(number);
        journald.fail(host)?;
        journald.fail(host)?;
        thread::sleep(PAUSE);
        let sent = Instant::now();
        journald.fail(host)?;
        took.push(kernel.wait_for(host, PATIENCE)? - sent);
    }
    let took = Figures::of_times(took);
    row(&format!("journal entry to ban, {BANS} bans, p50"), "ms", took.median());
    row("journal entry to ban, p95", "ms", took.at(95));
    Ok(())
}

impl Journald {
    fn start() -> anyhow::Result<Self> {
        if !Path::new(SERVER).exists() {
            bail!("{SERVER} is not installed");
        }
        let machine = fs::read_to_string("/etc/machine-id")?;
        fs::create_dir_all(Path::new("/run/log/journal").join(machine.trim()))?;
        fs::create_dir_all("/run/systemd/journal")?;
        fs::create_dir_all("/run/systemd/journald.conf.d")?;
        fs::write("/run/systemd/journald.conf.d/bench.conf", "[Journal]\nRateLimitIntervalSec=0\n")?;
        let server = Command::new(SERVER).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let journald = Self { server, socket: UnixDatagram::unbound()? };
        let deadline = Instant::now() + PATIENCE;
        while journald.socket.connect(SOCKET).is_err() {
            if Instant::now() > deadline {
                bail!("journald does not start");
            }
            thread::sleep(LOOK);
        }
        Ok(journald)
    }

    /// One failure of an address, as sshd's own entry.
    fn fail(&self, host: IpAddr) -> std::io::Result<()> {
        let entry =
            format!("SYSLOG_IDENTIFIER=sshd\nSYSLOG_PID=4711\nPRIORITY=6\nMESSAGE={}\n", failure(host));
        self.socket.send(entry.as_bytes()).map(drop)
    }
}

impl Drop for Journald {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
