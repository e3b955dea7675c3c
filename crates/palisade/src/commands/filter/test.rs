use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Instant;

use detect::Time;
use detect::filter::{Failure, FieldValue, FilterSet, Line};
use jiff::Timestamp;
use serde::Serialize;

use super::{Accused, compile, present};
use crate::cli::{FilterTest, Place};
use crate::commands::bans::printed;
use crate::engine::compile::zone;
use crate::engine::input;
use crate::engine::place::tree;
use crate::exit::{CommandError, Outcome};
use crate::output::{Align, BOLD, Table, cut, json, plain};

/// Missed lines that are shown without `--missed`.
const MISSED: usize = 10;
/// Addresses in the report for people.
const TOP: usize = 10;
const WIDTH: usize = 78;

/// One failure, for programs.
#[derive(Serialize)]
struct Found {
    line: u64,
    time: f64,
    host: Accused,
    fields: BTreeMap<String, FieldValue>,
}

impl Found {
    fn of(line: u64, failure: &Failure<'_>) -> Self {
        let fields = failure.fields().iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        Self { line, time: failure.time.as_secs_f64(), host: failure.host.into(), fields }
    }
}

pub(crate) fn test(place: &Place, args: &FilterTest) -> Outcome {
    let zone = zone(args.clock.timezone.as_deref())?;
    let filter = compile(&tree(place)?, &args.filter, args.journal, &zone)?;
    let mut set = FilterSet::new(vec![filter]);
    let now = present(&args.clock);
    let time = args.journal.then_some(now);
    let log = input::open(&args.log)?;
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    let mut report = Report::default();
    let started = Instant::now();
    let mut number = 0;
    let mut written = Ok(());
    let read = sources::each_line(log.reader, &mut |text, info| {
        number += 1;
        let mut hit = false;
        let line = Line { text, time, ascii: info.ascii };
        set.read(line, now, &mut |_, failure| {
            hit = true;
            match args.json {
                true if written.is_ok() => written = json(&mut out, &Found::of(number, failure)),
                true => {}
                false => report.failure(failure.time, Accused::from(failure.host).0),
            }
        });
        if !args.json && !hit {
            report.missed(number, line.trimmed(), args.missed);
        }
    });
    read.map_err(|error| CommandError::io(args.log.display(), &error))?;
    if !args.json {
        let seconds = started.elapsed().as_secs_f64();
        written = report.write(&mut out, &set, seconds);
    }
    printed(written.and_then(|()| out.flush()))
}

/// What people want to know of a run.
#[derive(Default)]
struct Report {
    failures: u64,
    by_host: BTreeMap<String, u64>,
    span: Option<(Time, Time)>,
    missed_lines: u64,
    examples: Vec<(u64, String)>,
}

impl Report {
    fn failure(&mut self, time: Time, host: String) {
        self.failures += 1;
        *self.by_host.entry(host).or_default() += 1;
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    fn missed(&mut self, number: u64, text: &[u8], all: bool) {
        self.missed_lines += 1;
        if all || self.examples.len() < MISSED {
            self.examples.push((number, plain(&String::from_utf8_lossy(text))));
        }
    }

    fn write(&self, mut out: impl Write, set: &FilterSet, seconds: f64) -> io::Result<()> {
        let counters = set.counters()[0];
        writeln!(out, "{BOLD}{} lines{BOLD:#} in {seconds:.3} s", counters.lines)?;
        writeln!(out, "  failures     {:>10}   from {} hosts", self.failures, self.by_host.len())?;
        writeln!(out, "  ignored      {:>10}   (ignoreregex)", counters.ignored)?;
        writeln!(out, "  no date      {:>10}   (matched, but without a readable date)", counters.undated)?;
        writeln!(
            out,
            "  given up     {:>10}   (too long, or a pattern took too many steps)",
            counters.overruns
        )?;
        writeln!(out, "  no failure   {:>10}", self.missed_lines)?;
        if let Some((first, last)) = self.span {
            let said = |time: Time| Timestamp::from_second(time.as_secs()).unwrap_or_default();
            writeln!(out, "  from {} to {}", said(first), said(last))?;
        }
        self.write_hosts(&mut out)?;
        self.write_missed(&mut out)
    }

    fn write_hosts(&self, mut out: impl Write) -> io::Result<()> {
        if self.by_host.is_empty() {
            return Ok(());
        }
        writeln!(out)?;
        let mut hosts: Vec<_> = self.by_host.iter().collect();
        hosts.sort_by(|a, b| b.1.cmp(a.1));
        let mut table = Table::new(&[("HOST", Align::Left), ("FAILURES", Align::Right)]);
        hosts.iter().take(TOP).for_each(|(host, count)| table.row([plain(host), count.to_string()]));
        table.write(&mut out)?;
        match hosts.len().saturating_sub(TOP) {
            0 => Ok(()),
            more => writeln!(out, "and {more} more"),
        }
    }

    fn write_missed(&self, mut out: impl Write) -> io::Result<()> {
        if self.examples.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{BOLD}No failure in{BOLD:#}")?;
        for (number, text) in &self.examples {
            writeln!(out, "{}", cut(&format!("{number:>6}: {text}"), WIDTH))?;
        }
        match self.missed_lines - self.examples.len() as u64 {
            0 => Ok(()),
            more => writeln!(out, "and {more} more; --missed shows them all"),
        }
    }
}
