//! A start with many bans to put back.

use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use store::{Ban, Batch, Change, Durability, Source, Store};

use crate::bans::all_at_once;
use crate::daemon::{Place, fail};
use crate::figures::{Figures, beside, row};
use crate::generate::address;
use crate::kernel::Listener;
use crate::{WithDaemon, fail2ban};

const ROUNDS: usize = 5;
const BANS: u64 = 100_000;
/// As many as Fail2Ban puts back in a time that a benchmark can wait for.
const PEER_BANS: u64 = 300;
const PATIENCE: Duration = Duration::from_secs(60);
const AN_HOUR: i64 = 3_600_000_000;

/// After the start of the process.
struct Start {
    watching: Duration,
    restored: Duration,
    newcomer: Duration,
}

pub(crate) fn restart(with: &WithDaemon) -> anyhow::Result<()> {
    let rounds = (0..ROUNDS).map(|_| ours(with)).collect::<anyhow::Result<Vec<Start>>>()?;
    let median = |of: fn(&Start) -> Duration| Figures::of_times(rounds.iter().map(of)).median();
    row(&format!("restart with {BANS} bans: watching"), "ms", median(|start| start.watching));
    row("  a new ban", "ms", median(|start| start.newcomer));
    let restored = median(|start| start.restored);
    row("  all bans in the kernel", "ms", restored);
    let Some(place) = fail2ban::Place::new()? else { return Ok(()) };
    let theirs = theirs(&place)?.as_secs_f64() * 1e3 * BANS as f64 / PEER_BANS as f64;
    beside(&format!("  Fail2Ban, from {PEER_BANS} bans, scaled"), "ms", theirs, restored);
    Ok(())
}

fn ours(with: &WithDaemon) -> anyhow::Result<Start> {
    let place = Place::new(with)?;
    fill(&place)?;
    let newcomer: IpAddr = "198.51.100.1".parse()?;
    let mut kernel = Listener::open()?;
    let started = Instant::now();
    let listening = thread::spawn(move || -> anyhow::Result<(Duration, Duration)> {
        let (mut restored, mut new) = (None, None);
        let mut count = 0;
        loop {
            if let (Some(restored), Some(new)) = (restored, new) {
                return Ok((restored, new));
            }
            let (came, hosts) = kernel.next(PATIENCE)?;
            count += hosts.len() as u64;
            if hosts.contains(&newcomer) {
                new = Some(came - started);
                count -= 1;
            }
            if count >= BANS {
                restored.get_or_insert(came - started);
            }
        }
    });
    let mut log = place.log()?;
    fail(&mut log, newcomer, 3)?;
    let _daemon = place.start()?;
    let watching = started.elapsed();
    let (restored, newcomer) = listening.join().map_err(|_| anyhow::anyhow!("the listener broke"))??;
    Ok(Start { watching, restored, newcomer })
}

/// Fail2Ban takes its bans out of the kernel when it ends, and puts them back when it starts.
fn theirs(place: &fail2ban::Place) -> anyhow::Result<Duration> {
    let server = place.start()?;
    all_at_once(PEER_BANS, &mut place.log()?)?;
    server.stop()?;
    let mut kernel = Listener::open()?;
    let started = Instant::now();
    let _server = place.start()?;
    let mut count = 0;
    loop {
        let (came, hosts) = kernel.next(PATIENCE)?;
        count += hosts.len() as u64;
        if count >= PEER_BANS {
            return Ok(came - started);
        }
    }
}

fn fill(place: &Place) -> anyhow::Result<()> {
    let now = jiff::Timestamp::now().as_microsecond();
    let ban = |number| {
        Change::Ban(Ban {
            jail: "sshd".into(),
            host: address(number).into(),
            start: now,
            until: Some(now + AN_HOUR),
            failures: 3,
            count: 1,
            source: Source::Log,
            reason: format!("Failed password for root from {} port 4 ssh2", address(number)),
        })
    };
    let changes = (0..BANS).map(ban).collect();
    Store::open(&place.state())?.commit(&Batch { changes }, Durability::Now)?;
    Ok(())
}
