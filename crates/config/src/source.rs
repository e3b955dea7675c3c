//! What a jail reads.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::diagnostic::Fault;
use crate::host::{Host, is_glob};
use crate::text::{Text, lower_case};

/// Where a jail's lines come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Source {
    /// Log files.
    Files(Vec<LogPattern>),
    /// The systemd journal.
    Journal(Journal),
}

/// One entry of `logpath`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogPattern {
    /// A path, with `*`, `?` and `[...]` in it perhaps.
    pub glob: String,
    /// A file that was never read before is read from its end.
    pub tail: bool,
}

/// Which journal, and which of its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Journal {
    /// Fields of one group must all match; one group is enough. Empty takes everything.
    pub matches: Vec<Vec<String>>,
    /// `journalpath`: a directory to read in place of the host's own journal.
    pub path: Option<PathBuf>,
    /// `journalfiles`: files (patterns) to read in place of the host's own journal.
    pub files: Vec<String>,
}

/// `backend`, as far as it makes a difference here: files are always watched by the kernel's notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// Files if there are any, the journal if not.
    Auto,
    Files,
    Journal(Journal),
}

impl Backend {
    pub(crate) fn read(call: &Call) -> Result<Self, Fault> {
        match &*lower_case(call.name.as_str()) {
            "auto" => Ok(Self::Auto),
            "polling" | "pyinotify" | "gamin" | "files" => Ok(Self::Files),
            "systemd" => Ok(Self::Journal(journal(call))),
            other => {
                let fault = Fault::error(call.name.place(), format!("there is no backend {other}"));
                Err(fault.help("auto, systemd, polling or pyinotify"))
            }
        }
    }

    pub(crate) const fn is_journal(&self) -> bool {
        matches!(self, Self::Journal(_))
    }
}

fn journal(call: &Call) -> Journal {
    let option = |name: &str| call.option(name).map(Text::as_str).filter(|value| !value.is_empty());
    let files = option("journalfiles").map(|files| files.split([',', ' ']).filter(|file| !file.is_empty()));
    Journal {
        matches: Vec::new(),
        path: option("journalpath").map(PathBuf::from),
        files: files.map(|files| files.map(str::to_owned).collect()).unwrap_or_default(),
    }
}

/// Reads `logpath`: a pattern a line, each with ` tail` or ` head` behind it perhaps.
pub(crate) fn patterns(logpath: &Text) -> Result<Vec<LogPattern>, Fault> {
    let lines = logpath.lines().map(|line| line.trimmed()).filter(|line| !line.as_str().is_empty());
    lines.map(|line| pattern(&line)).collect()
}

fn pattern(line: &Text) -> Result<LogPattern, Fault> {
    let (glob, tail) = match line.as_str().rsplit_once([' ', '\t']) {
        Some((glob, "tail")) => (glob.trim_end(), true),
        Some((glob, "head")) => (glob.trim_end(), false),
        _ => (line.as_str(), false),
    };
    if !glob.starts_with('/') {
        let fault = Fault::error(line.place(), format!("{glob} is no absolute path"));
        return Err(
            fault.help("write the whole path, beginning with /; several paths stand on lines of their own")
        );
    }
    // A plain path is one for sure.
    if glob.contains(['*', '?', '[', ']', '{', '}', '\\'])
        && let Err(error) = globset::Glob::new(glob)
    {
        return Err(Fault::error(line.place(), format!("{glob} is no pattern: {}", error.kind())));
    }
    Ok(LogPattern { glob: glob.to_owned(), tail })
}

/// Looks for what a jail can read.
pub(crate) struct Search<'a> {
    pub(crate) patterns: Vec<LogPattern>,
    pub(crate) matches: Vec<Vec<String>>,
    /// The journal stands in for files that are not there.
    pub(crate) to_journal: bool,
    /// `None`: whatever is asked for is there.
    pub(crate) host: Option<&'a dyn Host>,
}

/// What came of the search.
pub(crate) enum Found {
    There(Source),
    /// Files that fit a pattern may come.
    MayCome(Source),
    Nothing,
}

impl Search<'_> {
    pub(crate) fn find(self, backend: &Backend) -> Found {
        let all_there = self.host.is_none();
        if let Backend::Journal(journal) = backend {
            return match all_there || self.host.is_some_and(|host| journal.present(host)) {
                true => Found::There(Source::Journal(Journal { matches: self.matches, ..journal.clone() })),
                false => Found::Nothing,
            };
        }
        let has_log = |host: &dyn Host| self.patterns.iter().any(|pattern| host.has_log(&pattern.glob));
        if all_there || self.host.is_some_and(has_log) {
            return Found::There(Source::Files(self.patterns));
        }
        let stands_in = *backend == Backend::Auto && self.to_journal && !self.matches.is_empty();
        if stands_in && self.host.is_some_and(|host| host.has_journal(None)) {
            return Found::There(Source::Journal(Journal { matches: self.matches, ..Journal::default() }));
        }
        match self.patterns.iter().any(|pattern| is_glob(&pattern.glob)) {
            true => Found::MayCome(Source::Files(self.patterns)),
            false => Found::Nothing,
        }
    }
}

impl Journal {
    /// Whether anything on the host may write what is wanted of its own journal; all of it is written for sure.
    pub(crate) fn may_be_written(&self, host: &dyn Host) -> bool {
        let elsewhere = self.path.is_some() || !self.files.is_empty() || self.matches.is_empty();
        elsewhere || self.matches.iter().any(|group| group.iter().all(|field| host.may_write(field)))
    }

    fn present(&self, host: &dyn Host) -> bool {
        match self.files.is_empty() {
            true => host.has_journal(self.path.as_deref()),
            false => self.files.iter().any(|file| host.has_log(file)),
        }
    }
}

impl Backend {
    /// What it is that is not there, for messages.
    pub(crate) fn missing(&self, logpath: Option<&Text>) -> String {
        match (self, logpath) {
            (Self::Journal(Journal { path: Some(path), .. }), _) => {
                format!("no journal in {}", path.display())
            }
            (Self::Journal(_), _) => "no systemd journal".to_owned(),
            (_, Some(paths)) => format!("no file {}", paths.as_str().replace('\n', ", ")),
            (_, None) => "no logpath".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_path_with_a_position_perhaps() {
        let read = patterns(&Text::plain("/var/log/a.log tail\n\n/var/log/b c.log\n/d head")).unwrap();
        let read: Vec<_> = read.iter().map(|pattern| (pattern.glob.as_str(), pattern.tail)).collect();
        assert_eq!(read, [("/var/log/a.log", true), ("/var/log/b c.log", false), ("/d", false)]);
        assert!(patterns(&Text::plain("auth.log")).is_err());
    }
}
