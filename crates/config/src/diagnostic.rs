//! Messages about what people wrote, each with its place.

use std::cmp::Ordering;
use std::fmt;
use std::path::PathBuf;

use crate::place::{Files, Place};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Probably not what was meant, but there is a meaning.
    Warning,
    /// No meaning: the jail, filter or file cannot be used.
    Error,
}

/// One message. `Display` gives `path:line:column`, the line, a caret and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file it is about.
    pub path: PathBuf,
    /// Counted from 1; 0 when the message is about the whole file.
    pub line: usize,
    /// In characters, counted from 1; 0 when the message is about the whole file.
    pub column: usize,
    /// The line itself.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// A message that does not know its file's name and text yet.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) severity: Severity,
    pub(crate) place: Option<Place>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Fault {
    pub(crate) fn error(place: Option<Place>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place, message: message.into(), help: None }
    }

    pub(crate) fn warning(place: Option<Place>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, message) }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Where to point when the fault has no place of its own.
    pub(crate) fn or_at(self, place: Option<Place>) -> Self {
        Self { place: self.place.or(place), ..self }
    }

    pub(crate) fn diagnostic(self, files: &Files) -> Diagnostic {
        let (line, column) = self.place.map_or((0, 0), |place| files.position(place));
        Diagnostic {
            severity: self.severity,
            path: self.place.map(|place| files.path(place).to_owned()).unwrap_or_default(),
            line,
            column,
            text: self.place.map(|place| files.line(place).to_owned()).unwrap_or_default(),
            message: self.message,
            help: self.help,
        }
    }
}

/// The value, or `instead` after noting the fault.
pub(crate) fn keep<T>(value: Result<T, Fault>, instead: T, faults: &mut Vec<Fault>) -> T {
    value.unwrap_or_else(|fault| {
        faults.push(fault);
        instead
    })
}

impl Diagnostic {
    /// An error about a whole file.
    pub(crate) fn file(path: PathBuf, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            path,
            line: 0,
            column: 0,
            text: String::new(),
            message: message.into(),
            help: None,
        }
    }

    /// In the order in which people read files.
    #[must_use]
    pub fn by_place(&self, other: &Self) -> Ordering {
        (&self.path, self.line, self.column).cmp(&(&other.path, other.line, other.column))
    }

    /// A warning about no place in particular.
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::file(PathBuf::new(), message) }
    }

    /// `path:line:column`, or the path alone, or nothing for what was given on a command line.
    #[must_use]
    pub fn place(&self) -> String {
        match (self.line, self.path.as_os_str().is_empty()) {
            (_, true) => String::new(),
            (0, false) => self.path.display().to_string(),
            (line, false) => format!("{}:{line}:{}", self.path.display(), self.column),
        }
    }

    /// The line and a caret under the place, at most `width` columns wide; `None` without a line.
    #[must_use]
    pub fn excerpt(&self, width: usize) -> Option<(String, String)> {
        (self.line > 0).then(|| excerpt(&self.text, self.column.saturating_sub(1), width))
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        match self.place() {
            place if place.is_empty() => write!(f, "{severity}: {}", self.message)?,
            place => write!(f, "{place}: {severity}: {}", self.message)?,
        }
        if let Some((line, caret)) = self.excerpt(EXCERPT_WIDTH) {
            write!(f, "\n  {line}\n  {caret}")?;
        }
        match &self.help {
            Some(help) => write!(f, "\n  {help}"),
            None => Ok(()),
        }
    }
}

const EXCERPT_WIDTH: usize = 78;

/// Cuts a window of `width` characters around `column`, and draws the caret for it.
fn excerpt(text: &str, column: usize, width: usize) -> (String, String) {
    let chars: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let start = match chars.len() > width {
        // The caret stands in the first third, so that what follows the place is seen.
        true => column.saturating_sub(width / 3).min(chars.len() - width),
        false => chars.iter().take_while(|c| c.is_whitespace()).count().min(column),
    };
    let shown: String = chars.iter().skip(start).take(width).collect();
    let caret = format!("{}^", " ".repeat((column - start).min(width)));
    (shown.trim_end().to_owned(), caret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let text = format!("{}X{}", "a".repeat(100), "b".repeat(100));
        let (line, caret) = excerpt(&text, 100, 78);
        assert_eq!(line.chars().count(), 78);
        assert_eq!(line.chars().nth(caret.len() - 1), Some('X'));
    }

    #[test]
    fn indentation_is_not_shown() {
        assert_eq!(excerpt("        ^foo", 9, 78), ("^foo".to_owned(), " ^".to_owned()));
    }

    #[test]
    fn terminal_escapes_do_not_come_through() {
        assert_eq!(excerpt("a\u{1b}[2Jb", 0, 78).0, "a [2Jb");
    }
}
