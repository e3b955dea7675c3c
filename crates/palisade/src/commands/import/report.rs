//! What was understood, what was not, and what else is there; then, perhaps, into `palisade.toml`.

use std::io::{self, Write};

use firewall::import::{Import, Kind, Note};
use serde::Serialize;

use super::beside;
use crate::cli::{ImportRules, Place};
use crate::commands::bans::printed;
use crate::commands::firewall::{Taken, take_over, text_of};
use crate::exit::Outcome;
use crate::output::{ALERT, BOLD, json, plain};

/// Of what needs no rule, so many lines are shown for each reason.
const SHOWN: usize = 3;

/// What was read.
pub(super) struct Found {
    /// Where from.
    pub(super) what: String,
    /// As it stands in the history.
    pub(super) command: &'static str,
    pub(super) import: Import,
}

/// For programs.
#[derive(Serialize)]
struct Document<'a> {
    from: &'a str,
    enabled: Option<bool>,
    logging: Option<&'static str>,
    defaults: serde_json::Map<String, serde_json::Value>,
    rules: Vec<String>,
    notes: Vec<Told<'a>>,
    /// Other firewalls that are on.
    beside: &'a [String],
    /// Whether palisade.toml was written.
    applied: bool,
    /// Rules that palisade.toml had not had.
    added: usize,
}

#[derive(Serialize)]
struct Told<'a> {
    kind: &'static str,
    file: &'a str,
    /// None for the file as a whole.
    line: Option<usize>,
    text: &'a str,
    why: &'a str,
}

/// Shows it, and carries out what is asked for.
pub(super) fn report(place: &Place, how: ImportRules, found: Found) -> Outcome {
    let beside = beside::firewalls();
    if !how.json {
        // First of all, so that what is refused then is seen as well.
        let text = text_of(place, &found.import)?;
        printed(show(anstream::stdout().lock(), &found, &text, &beside))?;
    }
    let taken = take_over(place, found.command, how, &found.import)?;
    let mut out = anstream::stdout().lock();
    printed(match how.json {
        true => json(&mut out, &document(&found, &beside, how, &taken)),
        false => last(&mut out, how, &taken),
    })
}

fn document<'a>(found: &'a Found, beside: &'a [String], how: ImportRules, taken: &Taken) -> Document<'a> {
    let import = &found.import;
    let told = |note: &'a Note| Told {
        kind: note.kind.name(),
        file: &note.file,
        line: Some(note.line).filter(|line| *line > 0),
        text: &note.text,
        why: &note.why,
    };
    let defaults = import.defaults.iter().map(|(way, stance)| (way.name().to_owned(), stance.name().into()));
    Document {
        from: &found.what,
        enabled: import.enabled,
        logging: import.logging.map(firewall::rules::Logging::name),
        defaults: defaults.collect(),
        rules: import.rules.iter().map(ToString::to_string).collect(),
        notes: import.notes.iter().map(told).collect(),
        beside,
        applied: how.apply,
        added: taken.added,
    }
}

fn show(mut out: impl Write, found: &Found, text: &str, beside: &[String]) -> io::Result<()> {
    let rules = found.import.rules.len();
    writeln!(out, "{BOLD}Understood{BOLD:#} of {}: {rules} rules\n\n{text}", plain(&found.what))?;
    for kind in Kind::ALL {
        notes(&mut out, kind, &found.import.notes)?;
    }
    if !beside.is_empty() {
        writeln!(out, "{BOLD}Other firewalls are on{BOLD:#}, and every packet has to pass them too")?;
        beside.iter().try_for_each(|line| writeln!(out, "  {}", plain(line)))?;
        writeln!(out)?;
    }
    Ok(())
}

fn notes(mut out: impl Write, kind: Kind, notes: &[Note]) -> io::Result<()> {
    let (style, heading) = match kind {
        Kind::Lost => (ALERT, "Not carried over"),
        Kind::Changed => (BOLD, "Not quite the same"),
        Kind::Others => (BOLD, "Left to others"),
        Kind::Already => (BOLD, "Needs no rule"),
    };
    let of_kind: Vec<&Note> = notes.iter().filter(|note| note.kind == kind).collect();
    if of_kind.is_empty() {
        return Ok(());
    }
    writeln!(out, "{style}{heading}{style:#}")?;
    // What needs no rule may be long; what does has to be seen.
    let shown = if kind <= Kind::Changed { usize::MAX } else { SHOWN };
    let mut reasons: Vec<&str> = Vec::new();
    for note in &of_kind {
        if !reasons.contains(&note.why.as_str()) {
            reasons.push(&note.why);
        }
    }
    for why in reasons {
        writeln!(out, "  {}:", plain(why))?;
        let lines: Vec<&&Note> = of_kind.iter().filter(|note| note.why == why).collect();
        lines.iter().take(shown).try_for_each(|note| writeln!(out, "    {}", place(note)))?;
        if let Some(more) = lines.len().checked_sub(shown).filter(|more| *more > 0) {
            writeln!(out, "    and {more} more")?;
        }
    }
    writeln!(out)
}

/// Where it stands, and what.
fn place(note: &Note) -> String {
    let line = if note.line == 0 { String::new() } else { format!(":{}", note.line) };
    let text = if note.text.is_empty() { String::new() } else { format!(": {}", note.text) };
    plain(&format!("{}{line}{text}", note.file))
}

fn last(mut out: impl Write, how: ImportRules, taken: &Taken) -> io::Result<()> {
    if !how.apply {
        return writeln!(out, "Nothing was changed. `--apply` writes it into {}.", taken.path.display());
    }
    let there = match taken.there {
        0 => String::new(),
        there => format!(", {there} were there already"),
    };
    writeln!(out, "{} rules were written into {}{there}.", taken.added, taken.path.display())?;
    match taken.in_force {
        true => writeln!(out, "They are in force."),
        false => writeln!(out, "They are not in force yet: palisade firewall enable"),
    }
}
