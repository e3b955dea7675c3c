//! What a daemon holds and burns, at rest and after a flood.

use std::io::{BufWriter, Write};
use std::thread;
use std::time::Duration;

use crate::daemon::{Daemon, Place};
use crate::figures::{Figures, beside, row};
use crate::generate::{Log, Random};
use crate::process::Processes;
use crate::{WithDaemon, fail2ban};

const ROUNDS: usize = 5;
/// What a start costs is over by then.
const SETTLED: Duration = Duration::from_secs(3);
const REST: Duration = Duration::from_secs(15);
const PART: u64 = 100_000;
const PARTS: u64 = 10;
/// Between looks at how far it is.
const LOOK: Duration = Duration::from_millis(50);

/// At rest: proportional set size in MiB, and the share of a core in percent.
struct Idle {
    memory: f64,
    busy: f64,
}

pub(crate) fn idle(with: &WithDaemon) -> anyhow::Result<()> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let place = Place::new(with)?;
        rounds.push(at_rest(&place.start()?.processes())?);
    }
    let memory = rounds.iter().map(|idle| idle.memory).collect::<Figures>().median();
    let busy = rounds.iter().map(|idle| idle.busy).collect::<Figures>().median();
    row("memory at rest, all processes", "MiB", memory);
    // A thousandth of a percent is ten microseconds a second.
    println!("{:<52} {busy:>10.4} % of a core", "processor at rest");
    let Some(place) = fail2ban::Place::new()? else { return Ok(()) };
    let theirs = at_rest(&place.start()?.processes())?;
    beside("  Fail2Ban, memory", "MiB", theirs.memory, memory);
    beside("  Fail2Ban, processor", "%", theirs.busy, busy);
    Ok(())
}

fn at_rest(processes: &Processes) -> anyhow::Result<Idle> {
    thread::sleep(SETTLED);
    let before = processes.busy()?;
    thread::sleep(REST);
    let busy = (processes.busy()? - before).as_secs_f64() / REST.as_secs_f64() * 100.0;
    Ok(Idle { memory: mebibytes(processes)?, busy })
}

fn mebibytes(processes: &Processes) -> anyhow::Result<f64> {
    Ok(processes.memory()? as f64 / 1024.0)
}

/// After a million lines: memory, hosts that were dropped at the bound, and what a line cost in each tenth.
struct Flooded {
    memory: f64,
    dropped: u64,
    costs: Vec<f64>,
}

pub(crate) fn memory(with: &WithDaemon) -> anyhow::Result<()> {
    for (addresses, named) in [(20_000, "20,000 addresses"), (1 << 30, "each address new")] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let place = Place::new(with)?;
            rounds.push(flood(&place, &place.start()?, addresses)?);
        }
        let memory = rounds.iter().map(|flooded| flooded.memory).collect::<Figures>().median();
        row(&format!("memory after a million lines, {named}"), "MiB", memory);
        let cost =
            |tenth: usize| rounds.iter().map(|flooded| flooded.costs[tenth]).collect::<Figures>().median();
        row("  processor for a line, first tenth", "µs", cost(0));
        row("  processor for a line, last tenth", "µs", cost(PARTS as usize - 1));
        println!("{:<52} {:>10}", "  hosts dropped at the bound", rounds[0].dropped);
    }
    Ok(())
}

/// A million lines in ten parts.
fn flood(place: &Place, daemon: &Daemon, addresses: u64) -> anyhow::Result<Flooded> {
    let processes = daemon.processes();
    let mut costs = Vec::new();
    let mut random = Random::default();
    for part in 1..=PARTS {
        let before = processes.busy()?;
        let mut out = BufWriter::new(place.log()?);
        Log { lines: PART, addresses, percent: 60 }.write_to(&mut out, &mut random)?;
        out.flush()?;
        while place.lines_read()? < part * PART {
            thread::sleep(LOOK);
        }
        costs.push((processes.busy()? - before).as_secs_f64() * 1e6 / PART as f64);
    }
    Ok(Flooded { memory: mebibytes(&processes)?, dropped: place.dropped()?, costs })
}
