use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where the log goes.
pub(super) enum Target {
    Stderr,
    Stdout,
    File(PathBuf, File),
}

impl Target {
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        Ok(Self::File(path.to_owned(), append(path)?))
    }

    /// As Fail2Ban names it.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        match name {
            "STDERR" => Ok(Self::Stderr),
            "STDOUT" => Ok(Self::Stdout),
            "SYSLOG" | "SYSOUT" | "SYSTEMD-JOURNAL" => {
                Err(format!("Palisade does not write to {name}: give STDOUT, STDERR or a file"))
            }
            path => Self::file(Path::new(path)).map_err(|error| format!("Unable to log to {path}: {error}")),
        }
    }

    /// Opens a file again. True: it is a file.
    pub(super) fn reopen(&mut self) -> io::Result<bool> {
        match self {
            Self::File(path, file) => {
                *file = append(path)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stderr => io::stderr().write(line),
            Self::Stdout => io::stdout().write(line),
            Self::File(_, file) => file.write(line),
        }
    }

    /// systemd's journal stamps what it is given.
    pub(super) fn wants_time(&self) -> bool {
        matches!(self, Self::File(..)) || std::env::var_os("JOURNAL_STREAM").is_none()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stderr => f.write_str("STDERR"),
            Self::Stdout => f.write_str("STDOUT"),
            Self::File(path, _) => write!(f, "{}", path.display()),
        }
    }
}

fn append(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}
