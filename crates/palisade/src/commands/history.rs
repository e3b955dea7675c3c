//! `palisade history`: the changes, and what became of them.

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use posture::{Author, Change, Journal, Listing, Moment, State};

use super::bans::printed;
use crate::cli::History;
use crate::exit::{CommandError, Exit, Outcome};
use crate::output::{ALERT, Align, BOLD, Table, cut, json, plain, span};

/// Columns for who and for the command, in a line of 80.
const WHO: usize = 20;
const COMMAND: usize = 24;

pub(crate) fn history(state: &Path, args: &History) -> Outcome {
    let journal = Journal::of(state);
    let out = anstream::stdout().lock();
    let Some(id) = args.id else {
        let listing = journal.list()?;
        return printed(if args.json { objects(out, &listing) } else { list(out, &listing) });
    };
    let change = journal.get(id)?.ok_or_else(|| {
        CommandError::new(
            Exit::Nothing,
            format_args!("there is no change {id}; `palisade history` lists them"),
        )
    })?;
    printed(if args.json { json(out, &change) } else { one(out, &change) })
}

fn objects(mut out: impl Write, listing: &Listing) -> io::Result<()> {
    listing.changes.iter().try_for_each(|change| json(&mut out, change))
}

fn list(mut out: impl Write, listing: &Listing) -> io::Result<()> {
    let left = Align::Left;
    let mut table = Table::new(&[
        ("ID", Align::Right),
        ("WHEN", left),
        ("WHO", left),
        ("STATE", left),
        ("COMMAND", left),
    ]);
    for change in &listing.changes {
        let step = change.steps.last();
        let (who, command) = step.map_or_else(Default::default, |step| (who(&step.by), &*step.command));
        let more = match change.steps.len() {
            0 | 1 => String::new(),
            steps => format!(" +{}", steps - 1),
        };
        let command = cut(&plain(command), COMMAND) + &more;
        let state = change.state.name().to_owned();
        let when = shown(change.at(), "%Y-%m-%d %H:%M");
        table.row([change.id.to_string(), when, cut(&plain(&who), WHO), state, command]);
    }
    match listing.changes.is_empty() {
        true => writeln!(out, "Nothing was changed by a command yet.")?,
        false => table.write(&mut out)?,
    }
    listing
        .unreadable
        .iter()
        .try_for_each(|path| writeln!(out, "{ALERT}!{ALERT:#} {} is damaged", path.display()))
}

/// As `alice 192.0.2.9`.
fn who(by: &Author) -> String {
    by.from.map_or_else(|| by.user.clone(), |from| format!("{} {from}", by.user))
}

fn one(mut out: impl Write, change: &Change) -> io::Result<()> {
    writeln!(out, "{BOLD}Change {}{BOLD:#}: {}", change.id, state(change))?;
    for step in &change.steps {
        writeln!(out, "\n{}  {}\n  {}", when(step.at), plain(&step.by.to_string()), plain(&step.command))?;
        for line in &step.diff {
            writeln!(out, "    {}", plain(line))?;
        }
    }
    Ok(())
}

/// What has become of it, in a sentence.
fn state(change: &Change) -> String {
    match &change.state {
        State::Waiting { deadline, .. } => {
            format!("waits to be confirmed, {} left", span(deadline.left(&Moment::now())))
        }
        State::Kept { why } => format!("stays ({why})"),
        State::Confirmed { at, by } => format!("confirmed {} by {}", when(*at), plain(&by.to_string())),
        State::RollingBack { why } => format!("is being taken back: {}", plain(why)),
        State::RolledBack { at, why, trouble } => {
            let trouble =
                trouble.as_ref().map_or(String::new(), |what| format!("\nnot as before: {}", plain(what)));
            format!("taken back {}: {}{trouble}", when(*at), plain(why))
        }
    }
}

fn when(at: Timestamp) -> String {
    shown(at, "%Y-%m-%d %H:%M:%S")
}

/// In the host's time.
fn shown(at: Timestamp, format: &str) -> String {
    at.to_zoned_datetime(TimeZone::system()).strftime(format).to_string()
}
