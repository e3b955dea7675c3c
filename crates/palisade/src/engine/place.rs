//! Which configuration is meant, and how its faults are shown.

use std::fmt::Write as _;
use std::path::Path;

use config::{Diagnostic, Severity, Tree};

use crate::cli::Place;
use crate::exit::{CommandError, Exit};
use crate::output::{ALERT, BOLD, count};

/// Where the owner's configuration lies, if there is one.
pub(crate) const INSTALLED: &str = "/etc/palisade";
const WIDTH: usize = 78;

/// The tree that `--config` names; without it the installed one, or what is built in.
pub(crate) fn tree(place: &Place) -> Result<Tree, CommandError> {
    match &place.config {
        Some(folder) if folder.is_dir() => Ok(Tree::Dir(folder.clone())),
        Some(folder) => {
            let what =
                format!("{} is no folder; give one that holds jail.conf and filter.d", folder.display());
            Err(CommandError::new(Exit::Config, what))
        }
        None if Path::new(INSTALLED).join("jail.conf").exists() => Ok(Tree::Dir(INSTALLED.into())),
        None => Ok(Tree::Shipped),
    }
}

/// All faults, each with its place, the line and a caret.
pub(crate) fn render(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let (style, kind) = match diagnostic.severity {
            Severity::Error => (ALERT, "error"),
            _ => (BOLD, "warning"),
        };
        // What was said on the command line has no place in a file.
        let place = match diagnostic.path.as_os_str().is_empty() {
            true => String::new(),
            false => diagnostic.place() + ": ",
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{place}{style}{kind}{style:#}: {}", diagnostic.message);
        if let Some((line, caret)) = diagnostic.excerpt(WIDTH) {
            let _ = writeln!(text, "  {line}\n  {style}{caret}{style:#}");
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(text, "  = {help}");
        }
    }
    text
}

/// The end of a command whose configuration has errors; all of them.
pub(crate) fn faulty(diagnostics: &[Diagnostic]) -> CommandError {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    CommandError::new(
        Exit::Config,
        format!("{} in the configuration\n{}", count(errors, "error"), render(diagnostics)),
    )
}
