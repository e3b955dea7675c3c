//! What a daemon holds and burns, at rest and after a flood.

use std::io::{BufWriter, Write};
use std::thread;
use std::time::Duration;

use crate::WithDaemon;
use crate::daemon::{Daemon, Place};
use crate::generate::{Log, Random};

const REST: Duration = Duration::from_secs(30);
const PART: u64 = 100_000;
const PARTS: u64 = 10;
/// Between looks at how far it is.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) fn memory(with: &WithDaemon) -> anyhow::Result<()> {
    let place = Place::new(with)?;
    let daemon = place.start()?;
    let before = daemon.ticks()?;
    thread::sleep(REST);
    let burnt = (daemon.ticks()? - before) as f64 / REST.as_secs_f64();
    println!("idle: {} KiB, {burnt:.2} % of a core", daemon.memory()?);
    flood(&place, &daemon, 20_000)?;
    // Two would quarrel over the table.
    drop(daemon);

    let place = Place::new(with)?;
    let daemon = place.start()?;
    flood(&place, &daemon, 1 << 30)
}

/// A million lines in ten parts.
fn flood(place: &Place, daemon: &Daemon, addresses: u64) -> anyhow::Result<()> {
    let mut costs = Vec::new();
    let mut random = Random::default();
    for part in 1..=PARTS {
        let before = daemon.ticks()?;
        let mut out = BufWriter::new(place.log()?);
        Log { lines: PART, addresses, percent: 60 }.write_to(&mut out, &mut random)?;
        out.flush()?;
        while place.lines_read()? < part * PART {
            thread::sleep(LOOK);
        }
        costs.push((daemon.ticks()? - before) * 10_000 / PART);
    }
    println!(
        "a million lines of {addresses} addresses: {} KiB, {} hosts dropped; µs a line in each tenth: {costs:?}",
        daemon.memory()?,
        place.dropped()?
    );
    Ok(())
}
