//! How long until a ban holds.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::daemon::{Place, fail, failures};
use crate::figures::{Figures, beside, row};
use crate::generate::address;
use crate::kernel::Listener;
use crate::{WithDaemon, fail2ban};

const BANS: u64 = 250;
/// Fail2Ban takes most of a second for each.
const PEER_BANS: u64 = 20;
const BURST: u64 = 2000;
const ROUNDS: u64 = 5;
/// Longer than a peer needs for its burst.
const PATIENCE: Duration = Duration::from_secs(60);
/// So that each ban meets a daemon at rest.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn latency(with: &WithDaemon) -> anyhow::Result<()> {
    let place = Place::new(with)?;
    let daemon = place.start()?;
    let ours = latencies(BANS, &mut place.log()?)?;
    drop(daemon);
    row(&format!("write to ban, {BANS} bans, p50"), "ms", ours.median());
    row("write to ban, p95", "ms", ours.at(95));
    let Some(place) = fail2ban::Place::new()? else { return Ok(()) };
    let _server = place.start()?;
    let theirs = latencies(PEER_BANS, &mut place.log()?)?;
    beside(&format!("  Fail2Ban, {PEER_BANS} bans, p50"), "ms", theirs.median(), ours.median());
    beside("  Fail2Ban, p95", "ms", theirs.at(95), ours.at(95));
    Ok(())
}

/// From the write of each deciding line to the kernel's word that the address is in its set.
fn latencies(bans: u64, log: &mut File) -> anyhow::Result<Figures> {
    let mut kernel = Listener::open()?;
    let mut took = Vec::new();
    for number in 0..bans {
        let host = address(number);
        fail(log, host, 2)?;
        thread::sleep(PAUSE);
        let written = Instant::now();
        fail(log, host, 1)?;
        took.push(kernel.wait_for(host, PATIENCE)? - written);
    }
    Ok(Figures::of_times(took))
}

pub(crate) fn burst(with: &WithDaemon) -> anyhow::Result<()> {
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let place = Place::new(with)?;
        let _daemon = place.start()?;
        took.push(all_at_once(BURST, &mut place.log()?)?);
    }
    let ours = Figures::of_times(took).median();
    row(&format!("burst of {BURST} addresses in one write"), "ms", ours);
    let Some(place) = fail2ban::Place::new()? else { return Ok(()) };
    let _server = place.start()?;
    let theirs = all_at_once(BURST, &mut place.log()?)?.as_secs_f64() * 1e3;
    beside("  Fail2Ban, one run", "ms", theirs, ours);
    Ok(())
}

/// Bans so many addresses with one write; how long until all are in the kernel.
pub(crate) fn all_at_once(addresses: u64, log: &mut File) -> anyhow::Result<Duration> {
    let mut kernel = Listener::open()?;
    let hosts: Vec<IpAddr> = (0..addresses).map(address).collect();
    let text: String = hosts.iter().map(|host| failures(*host, 3)).collect();
    let mut wanted: HashSet<IpAddr> = hosts.into_iter().collect();
    let written = Instant::now();
    log.write_all(text.as_bytes())?;
    while !wanted.is_empty() {
        let (_, hosts) = kernel.next(PATIENCE)?;
        for host in hosts {
            wanted.remove(&host);
        }
    }
    Ok(written.elapsed())
}
