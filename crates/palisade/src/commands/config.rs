//! `palisade config`: what the daemon's own loader makes of the configuration.

use std::io::Write;

use config::{Diagnostic, Severity};
use serde::Serialize;

use super::bans::printed;
use crate::cli::{ConfigCheck, Place};
use crate::engine::compile::{filters, zone};
use crate::engine::permit::Permits;
use crate::engine::place::{faulty, render, tree};
use crate::exit::{Exit, Outcome};
use crate::output::json;

pub(crate) fn check(place: &Place, args: &ConfigCheck) -> Outcome {
    let loaded = config::load(&tree(place)?);
    let faults = filters(&loaded, &zone(None)?).err();
    let broken = faults.is_some();
    let mut diagnostics = faults.unwrap_or_else(|| loaded.diagnostics.clone());
    diagnostics.extend(Permits::refusals(&loaded));
    let mut out = anstream::stdout().lock();
    if args.json {
        printed(diagnostics.iter().try_for_each(|diagnostic| json(&mut out, &Fault::of(diagnostic))))?;
        return Ok(if broken { Exit::Config } else { Exit::Done });
    }
    if broken {
        return Err(faulty(&diagnostics));
    }
    let count = loaded.jails.len();
    let plural = if count == 1 { "" } else { "s" };
    printed(
        write!(out, "{}", render(&diagnostics))
            .and_then(|()| writeln!(out, "{count} jail{plural}, no errors.")),
    )
}

pub(crate) fn show(place: &Place) -> Outcome {
    let loaded = config::load(&tree(place)?);
    if loaded.has_errors() {
        return Err(faulty(&loaded.diagnostics));
    }
    printed(anstream::stdout().lock().write_all(config::show(&loaded).as_bytes()))
}

/// A diagnostic for programs.
#[derive(Serialize)]
struct Fault<'a> {
    severity: &'static str,
    path: String,
    line: usize,
    column: usize,
    message: &'a str,
    help: Option<&'a str>,
}

impl<'a> Fault<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Self {
        let severity = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        let path = diagnostic.path.display().to_string();
        let (line, column, help) = (diagnostic.line, diagnostic.column, diagnostic.help.as_deref());
        Self { severity, path, line, column, message: &diagnostic.message, help }
    }
}
