//! `palisade replay`: what the jails would have done with a log, in the log's own time.

mod report;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Instant;

use config::{Loaded, Options, Which};
use detect::filter::{FilterSet, Line};
use detect::jail::{Ban, Decision, Offences, Verdict};
use detect::{Address, Time};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use self::report::Report;
use super::bans::printed;
use super::filter::present;
use crate::cli::{Place, Replay};
use crate::engine::compile::{all_or_nothing, zone};
use crate::engine::input;
use crate::engine::jails::Jails;
use crate::engine::lists::KeptLists;
use crate::engine::place::tree;
use crate::exit::{CommandError, Exit, Outcome};

/// Pairs of jail and address whose earlier bans are remembered.
const OFFENCES: usize = 1 << 20;
/// So many failures are judged together.
const TOGETHER: usize = 64;
/// So many bans are told of together: one at a time, the code that puts them into words would not be at hand.
const TOLD: usize = 256;

/// What came of it all.
#[derive(Default, Serialize)]
struct Summary {
    lines: u64,
    failures: u64,
    bans: u64,
    /// Of reading and deciding, on the clock on the wall.
    seconds: f64,
}

/// A failure that was not judged yet.
struct Found {
    jail: usize,
    address: Address,
    time: Time,
}

pub(crate) fn replay(place: &Place, args: &Replay) -> Outcome {
    let loaded = load(place, &args.jails)?;
    let filters = all_or_nothing(&loaded, &zone(args.clock.timezone.as_deref())?)?;
    let now = present(&args.clock);
    let mut jails = Jails::new(None, &KeptLists::built_in(&place.state));
    let specs = loaded.jails.into_iter().map(|jail| jail.spec).collect();
    jails.configure(specs, now).map_err(|error| CommandError::new(Exit::Config, error))?;
    let mut run = Run {
        set: FilterSet::new(filters),
        found: Vec::new(),
        bans: Vec::new(),
        jails,
        offences: Offences::new(OFFENCES),
        report: Report::new(io::BufWriter::new(io::stdout().lock()), args.json),
        now,
        summary: Summary::default(),
        written: Ok(()),
    };
    let started = Instant::now();
    args.logs.iter().try_for_each(|log| run.log(log))?;
    run.summary.seconds = started.elapsed().as_secs_f64();
    run.finish()
}

fn load(place: &Place, names: &[String]) -> Result<Loaded, CommandError> {
    let jails = if names.is_empty() { Which::Enabled } else { Which::Named(names.to_vec()) };
    let loaded =
        config::load_with(&tree(place)?, &Options { jails, assume_logs: true, ..Options::default() });
    if loaded.jails.is_empty() && !loaded.has_errors() {
        return Err(CommandError::new(Exit::Config, "no jail is enabled; name some with --jail"));
    }
    Ok(loaded)
}

struct Run<W> {
    set: FilterSet,
    found: Vec<Found>,
    /// Those that nobody was told of yet.
    bans: Vec<Ban>,
    jails: Jails,
    offences: Offences,
    report: Report<W>,
    now: Time,
    summary: Summary,
    written: io::Result<()>,
}

impl<W: Write> Run<W> {
    fn log(&mut self, path: &Path) -> Result<(), CommandError> {
        let log = input::open(path)?;
        let bar = bar(log.bytes, self.report.json);
        let mut shown = 0;
        let read = sources::each_line(log.reader, &mut |text, info| {
            if info.done != shown {
                shown = info.done;
                bar.set_position(info.done);
            }
            self.line(Line { text, time: None, ascii: info.ascii });
        });
        self.judge();
        self.tell();
        bar.finish_and_clear();
        self.summary.lines += read.map_err(|error| CommandError::io(path.display(), &error))?.lines;
        Ok(())
    }

    fn line(&mut self, line: Line<'_>) {
        let Self { set, found, summary, now, .. } = self;
        set.read(line, *now, &mut |jail, failure| {
            summary.failures += 1;
            if let Some(address) = failure.address() {
                found.push(Found { jail, address, time: failure.time });
            }
        });
        if self.found.len() >= TOGETHER {
            self.judge();
        }
    }

    /// What the jails make of the failures that were found.
    fn judge(&mut self) {
        let Self { found, bans, jails, offences, summary, .. } = self;
        let suspects = jails.suspects(found.iter().map(|found| (found.jail, found.address)), offences);
        for (Found { jail, time, .. }, suspect) in found.drain(..).zip(&suspects) {
            // In a replay the present is the time in the log.
            jails.book.expire(time).for_each(drop);
            let verdict =
                suspect.as_ref().and_then(|suspect| jails.failure(jail, suspect, time, time, offences));
            if let Some(Verdict::Reached(Decision::Ban { ban, .. })) = verdict {
                summary.bans += 1;
                // Nobody else asks for offences, and to write them down is a good part of what a ban costs.
                if jails.grow() {
                    offences.note(ban.jail, ban.host, ban.start, ban.count);
                }
                bans.push(ban);
            }
        }
        if self.bans.len() >= TOLD {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let Self { bans, jails, report, written, .. } = self;
        for ban in bans.drain(..) {
            if written.is_ok() {
                *written = report.ban(jails.book.name(ban.jail), &ban);
            }
        }
    }

    fn finish(self) -> Outcome {
        printed(self.written.and_then(|()| self.report.finish(&self.summary)))
    }
}

/// On a terminal, and where the results do not scroll through it.
fn bar(bytes: Option<u64>, results_on_stdout: bool) -> ProgressBar {
    let (Some(bytes), true) = (bytes, io::stderr().is_terminal()) else { return ProgressBar::hidden() };
    if results_on_stdout && io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
