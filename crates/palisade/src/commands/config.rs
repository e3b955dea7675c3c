//! `palisade config`: what the daemon's own loader makes of the configuration.

use std::io::{self, Write};

use config::{Diagnostic, POSTURE_FILE, Posture, Severity, Tree};
use serde::Serialize;

use super::bans::printed;
use crate::cli::{ConfigCheck, ConfigShow, Place};
use crate::engine::compile;
use crate::engine::permit::Permits;
use crate::engine::place::{faulty, render, tree};
use crate::engine::posture;
use crate::exit::{CommandError, Exit, Outcome};
use crate::output::{count, json};

pub(crate) fn check(place: &Place, args: &ConfigCheck) -> Outcome {
    let tree = tree(place)?;
    let loaded = config::load(&tree);
    let faults = compile::check(&loaded).err();
    let (posture, wrong) = posture(&tree);
    let broken = faults.is_some() || !wrong.is_empty();
    let mut diagnostics = faults.unwrap_or_else(|| loaded.diagnostics.clone());
    diagnostics.extend(Permits::refusals(&loaded));
    diagnostics.extend(wrong);
    let mut out = anstream::stdout().lock();
    if args.json {
        printed(diagnostics.iter().try_for_each(|diagnostic| json(&mut out, &Fault::of(diagnostic))))?;
        return Ok(if broken { Exit::Config } else { Exit::Done });
    }
    if broken {
        return Err(faulty(&diagnostics));
    }
    let rules = posture.map(|posture| count(posture.policy().rules.len(), "rule") + ", ").unwrap_or_default();
    let jails = count(loaded.jails.len(), "jail");
    printed(writeln!(out, "{}{jails}, {rules}no errors.", render(&diagnostics)))
}

pub(crate) fn show(place: &Place, args: &ConfigShow) -> Outcome {
    let tree = tree(place)?;
    let loaded = config::load(&tree);
    let (posture, wrong) = posture(&tree);
    // As it is: nothing in it is coloured.
    let mut out = io::stdout().lock();
    if args.posture && wrong.is_empty() {
        let Some(posture) = posture else {
            return Err(CommandError::new(Exit::Nothing, format!("there is no {POSTURE_FILE}")));
        };
        return printed(out.write_all(posture.effective().as_bytes()));
    }
    if loaded.has_errors() || !wrong.is_empty() {
        return Err(faulty(&[loaded.diagnostics, wrong].concat()));
    }
    let posture = posture.map(|posture| in_comments(&posture)).unwrap_or_default();
    printed(write!(out, "{}{posture}", config::show(&loaded)))
}

/// What it says, or everything that is wrong with it.
fn posture(tree: &Tree) -> (Option<Posture>, Vec<Diagnostic>) {
    match posture::load(tree) {
        Ok(posture) => (posture, Vec::new()),
        Err(error) => (None, error.diagnostics()),
    }
}

/// Behind the jails, whose grammar is another one.
fn in_comments(posture: &Posture) -> String {
    let lines = posture
        .effective()
        .lines()
        .map(|line| format!("# {line}").trim_end().to_owned() + "\n")
        .collect::<String>();
    format!("\n# {}, everything resolved:\n#\n{lines}", posture.path().display())
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
