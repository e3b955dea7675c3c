//! Where the daemon's log goes: a file, a stream, the system log, systemd's journal.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Where the log goes.
pub(super) enum Target {
    Stderr,
    Stdout,
    File(PathBuf, File),
    /// RFC 3164, as the C library's `syslog` writes it.
    Syslog(UnixDatagram),
    Journal(UnixDatagram),
}

/// Where the system log listens.
const SYSLOG: [&str; 2] = ["/dev/log", "/run/systemd/journal/dev-log"];
const JOURNAL: &str = "/run/systemd/journal/socket";
/// Of the facility `daemon`.
const FACILITY: u8 = 3 << 3;

impl Target {
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        Ok(Self::File(path.to_owned(), append(path)?))
    }

    /// As Fail2Ban names it; `None` for the one that it is. `syslog`: a socket, or `auto`.
    pub(super) fn parse(name: &str, syslog: Option<&str>) -> Result<Option<Self>, String> {
        let failed = |error| format!("{name}: {error}");
        let target = match name {
            "INHERITED" => return Ok(None),
            "STDERR" => Ok(Self::Stderr),
            "STDOUT" | "SYSOUT" => Ok(Self::Stdout),
            "SYSLOG" => match syslog.filter(|path| *path != "auto") {
                Some(path) => connect(&[path]).map(Self::Syslog),
                None => connect(&SYSLOG).map(Self::Syslog),
            },
            "SYSTEMD-JOURNAL" => connect(&[JOURNAL]).map(Self::Journal),
            path => Self::file(Path::new(path)),
        };
        target.map(Some).map_err(failed)
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
            Self::Syslog(socket) => {
                let head = format!("<{}>palisade[{}]: ", FACILITY | priority(line), std::process::id());
                send(socket, &[head.as_bytes(), line.trim_ascii_end()].concat());
                Ok(line.len())
            }
            Self::Journal(socket) => {
                let head = format!("SYSLOG_IDENTIFIER=palisade\nPRIORITY={}\nMESSAGE=", priority(line));
                send(socket, &[head.as_bytes(), line.trim_ascii_end(), b"\n"].concat());
                Ok(line.len())
            }
        }
    }

    /// The system log stamps what it is given.
    pub(super) fn wants_time(&self) -> bool {
        match self {
            Self::File(..) => true,
            Self::Syslog(_) | Self::Journal(_) => false,
            Self::Stderr | Self::Stdout => std::env::var_os("JOURNAL_STREAM").is_none(),
        }
    }
}

/// The number of a line's level, which is its first word.
fn priority(line: &[u8]) -> u8 {
    match line {
        [b'E', ..] => 3,
        [b'W', ..] => 4,
        [b'N', ..] => 5,
        _ => 7,
    }
}

/// A log that is full, or gone, must not hold the daemon up: what it does not take is lost.
fn send(socket: &UnixDatagram, message: &[u8]) {
    let _ = socket.send(message);
}

/// Connects to the first socket that answers.
fn connect(paths: &[&str]) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for path in paths {
        match socket.connect(path) {
            Ok(()) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn append(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_log_gets_one_message_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = UnixDatagram::bind(&path).unwrap();
        let mut target = Target::parse("SYSLOG", path.to_str()).unwrap().unwrap();
        assert!(!target.wants_time());
        target.write(b"WARNING the store is full\n").unwrap();
        let mut message = [0; 200];
        let length = log.recv(&mut message).unwrap();
        let expected = format!("<28>palisade[{}]: WARNING the store is full", std::process::id());
        assert_eq!(std::str::from_utf8(&message[..length]).unwrap(), expected);
        drop(log);
        assert!(target.write(b"NOTICE nobody listens\n").is_ok());
        assert!(Target::parse("SYSLOG", Some("/nowhere/log")).is_err());
    }
}
