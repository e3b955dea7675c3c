//! How long until a ban holds.

use std::collections::HashSet;
use std::io::Write;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::WithDaemon;
use crate::daemon::{Place, fail, failures};
use crate::generate::address;
use crate::kernel::Listener;

const BANS: u64 = 250;
const BURST: u64 = 2000;
const ROUNDS: u64 = 5;
const PATIENCE: Duration = Duration::from_secs(30);
/// So that each ban meets a daemon at rest.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn latency(with: &WithDaemon) -> anyhow::Result<()> {
    let place = Place::new(with)?;
    let _daemon = place.start()?;
    let mut kernel = Listener::open()?;
    let mut log = place.log()?;
    let mut took = Vec::new();
    for number in 0..BANS {
        let host = address(number);
        fail(&mut log, host, 2)?;
        thread::sleep(PAUSE);
        let written = Instant::now();
        fail(&mut log, host, 1)?;
        loop {
            let (came, hosts) = kernel.next(PATIENCE)?;
            if hosts.contains(&host) {
                took.push(came - written);
                break;
            }
        }
    }
    took.sort();
    let at = |percent: usize| took[took.len() * percent / 100].as_secs_f64() * 1e3;
    println!("latency of {BANS} bans: p50 {:.2} ms, p95 {:.2} ms", at(50), at(95));
    Ok(())
}

pub(crate) fn burst(with: &WithDaemon) -> anyhow::Result<()> {
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let place = Place::new(with)?;
        let _daemon = place.start()?;
        let mut kernel = Listener::open()?;
        let hosts: Vec<IpAddr> = (0..BURST).map(address).collect();
        let text: String = hosts.iter().map(|host| failures(*host, 3)).collect();
        let mut wanted: HashSet<IpAddr> = hosts.into_iter().collect();
        let mut log = place.log()?;
        let written = Instant::now();
        log.write_all(text.as_bytes())?;
        while !wanted.is_empty() {
            let (_, hosts) = kernel.next(PATIENCE)?;
            for host in hosts {
                wanted.remove(&host);
            }
        }
        took.push(written.elapsed());
    }
    took.sort();
    println!("burst of {BURST} addresses: {:.1} ms", took[took.len() / 2].as_secs_f64() * 1e3);
    Ok(())
}
