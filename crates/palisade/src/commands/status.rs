//! `palisade status`: what is protected, what failed, who is banned.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use posture::Journal;
use serde::Serialize;

use super::bans::{printed, table, unexpected};
use crate::cli::Status;
use crate::control::client::ask;
use crate::control::protocol::{JailReport, Reply, Request, StatusReport};
use crate::exit::Outcome;
use crate::output::{ALERT, Align, BOLD, Table, ago, count, cut, json, plain, span};
use crate::transaction::notice::{self, Waiting};

/// Columns for the ports, in a line of 80; `palisade status JAIL` shows them all.
const PORTS: usize = 18;

pub(crate) fn status(state: &Path, args: &Status) -> Outcome {
    let Reply::Status(report) = ask(state, &Request::Status { jail: args.jail.clone() })? else {
        return unexpected();
    };
    let open = Journal::of(state).open()?;
    let mut out = anstream::stdout().lock();
    printed(match (args.json, &args.jail, report.jails.first()) {
        (true, ..) => json(out, &Shown { report: &report, waiting: open.as_ref().and_then(Waiting::of) }),
        (false, Some(_), Some(jail)) => one(out, &report, jail),
        _ => all(&mut out, &report).and_then(|()| {
            match open.and_then(|change| notice::waiting(state, &change)) {
                Some(line) => writeln!(out, "\n{ALERT}!{ALERT:#} {line}"),
                None => Ok(()),
            }
        }),
    })
}

/// What programs read.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    report: &'a StatusReport,
    /// The change of the rules that is taken back unless it is confirmed.
    waiting: Option<Waiting>,
}

fn all(mut out: impl Write, report: &StatusReport) -> io::Result<()> {
    let up = ago(report.started, Timestamp::now().as_second());
    writeln!(out, "Palisade {}, process {}, started {up}", report.version, report.pid)?;
    writeln!(out, "Configuration: {}\n", report.config)?;
    let number = Align::Right;
    let mut jails = Table::new(&[
        ("JAIL", Align::Left),
        ("PORTS", Align::Left),
        ("FAILURES", number),
        ("WATCHED", number),
        ("BANS", number),
        ("BANNED", number),
        ("REFUSED", number),
    ]);
    for jail in &report.jails {
        let counts = [jail.failures, jail.watched as u64, jail.bans, jail.banned as u64, jail.packets];
        let names = [jail.name.clone(), cut(&jail.ports, PORTS)];
        jails.row(names.into_iter().chain(counts.map(|count| count.to_string())));
    }
    jails.write(&mut out)?;
    troubles(&mut out, report)
}

fn troubles(mut out: impl Write, report: &StatusReport) -> io::Result<()> {
    if !report.troubles.is_empty() {
        writeln!(out)?;
    }
    report.troubles.iter().try_for_each(|trouble| writeln!(out, "{ALERT}!{ALERT:#} {}", plain(trouble)))
}

fn one(mut out: impl Write, report: &StatusReport, jail: &JailReport) -> io::Result<()> {
    let bantime = jail.bantime.map_or("for ever".into(), |secs| span(Duration::from_secs(secs)));
    let findtime = span(Duration::from_secs(jail.findtime));
    writeln!(out, "{BOLD}{}{BOLD:#}: filter {}, ports {}", jail.name, jail.filter, jail.ports)?;
    writeln!(out, "  {} in {findtime} ban for {bantime}", count(jail.maxretry, "failure"))?;
    if !jail.actions.is_empty() {
        writeln!(out, "  runs {}", jail.actions.join(", "))?;
    }
    for source in &jail.sources {
        writeln!(out, "  reads {source}")?;
    }
    writeln!(out)?;
    writeln!(out, "  lines read      {:>10}   (since the watcher started)", jail.lines)?;
    writeln!(out, "  matched         {:>10}   (without a readable date: {})", jail.matched, jail.undated)?;
    writeln!(out, "  given up        {:>10}   (a pattern took too long)", jail.overruns)?;
    writeln!(out, "  failures        {:>10}", jail.failures)?;
    writeln!(out, "  watched now     {:>10}   (dropped at the bound: {})", jail.watched, jail.dropped)?;
    writeln!(out, "  bans            {:>10}", jail.bans)?;
    writeln!(out, "  refused packets {:>10}", jail.packets)?;
    writeln!(out)?;
    match report.bans.is_empty() {
        true => writeln!(out, "Nobody is banned.")?,
        false => table(&report.bans).write(&mut out)?,
    }
    if !jail.notes.is_empty() {
        writeln!(out)?;
    }
    jail.notes.iter().try_for_each(|note| writeln!(out, "{ALERT}!{ALERT:#} {note}"))?;
    troubles(out, report)
}
