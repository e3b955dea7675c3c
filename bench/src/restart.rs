//! A start with many bans to put back.

use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use store::{Ban, Batch, Change, Durability, Source, Store};

use crate::WithDaemon;
use crate::daemon::{Place, fail};
use crate::generate::address;
use crate::kernel::Listener;

const BANS: u64 = 100_000;
const PATIENCE: Duration = Duration::from_secs(60);
const AN_HOUR: i64 = 3_600_000_000;

pub(crate) fn restart(with: &WithDaemon) -> anyhow::Result<()> {
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
    let ready = started.elapsed();
    let (restored, new) = listening.join().map_err(|_| anyhow::anyhow!("the listener broke"))??;
    println!(
        "restart with {BANS} bans: watching after {:.2} s, all bans in the kernel after {:.2} s, a new one after {:.2} s",
        ready.as_secs_f64(),
        restored.as_secs_f64(),
        new.as_secs_f64()
    );
    Ok(())
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
