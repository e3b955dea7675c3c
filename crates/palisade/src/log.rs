//! The daemon's own log: `TIME LEVEL message`, a line an event.
//!
//! The recidive filter reads it, so its form is a contract: a ban is `NOTICE [JAIL] Ban ADDRESS`.

mod target;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use self::target::Target;
use crate::exit::{CommandError, Exit};

/// Fail2Ban's levels; an event is written if its number is not below the one that is set.
const LEVELS: [(&str, u8); 9] = [
    ("CRITICAL", 50),
    ("ERROR", 40),
    ("WARNING", 30),
    ("NOTICE", 25),
    ("INFO", 20),
    ("MSG", 18),
    ("DEBUG", 10),
    ("TRACEDEBUG", 7),
    ("HEAVYDEBUG", 5),
];

/// What a target that is no file is called.
const NAMES: [&str; 6] = ["STDERR", "STDOUT", "SYSOUT", "SYSLOG", "SYSTEMD-JOURNAL", "INHERITED"];

/// Where events go, and which.
struct Log {
    target: Target,
    /// As Fail2Ban names it.
    name: String,
    /// As it was set, and its number.
    level: (String, u8),
}

static LOG: Mutex<Option<Log>> = Mutex::new(None);

/// Lets events go to a file or what [`set_target`] knows, or to standard error.
pub(crate) fn start(path: Option<&Path>) -> Result<(), CommandError> {
    let named = path.and_then(Path::to_str).filter(|name| NAMES.contains(name));
    let target = match (path, named) {
        (None, _) => Target::Stderr,
        (_, Some(name)) => {
            let target = Target::parse(name, None).map_err(|why| CommandError::new(Exit::Io, why))?;
            target.unwrap_or(Target::Stderr)
        }
        (Some(path), None) => Target::file(path).map_err(|error| CommandError::io(path.display(), &error))?,
    };
    let name = path.map_or_else(|| "STDERR".into(), |path| path.display().to_string());
    *lock() = Some(Log { target, name, level: ("INFO".into(), 20) });
    tracing_subscriber::fmt().event_format(Line).with_max_level(Level::INFO).with_writer(|| Sink).init();
    Ok(())
}

/// The level as it was set.
pub(crate) fn level() -> String {
    lock().as_ref().map_or(String::new(), |log| log.level.0.clone())
}

/// Sets the level, by its name or its number. False: there is none of this name.
pub(crate) fn set_level(name: &str) -> bool {
    let named = LEVELS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    let Some(number) = named.or_else(|| name.parse().ok()) else { return false };
    if let Some(log) = lock().as_mut() {
        log.level = (name.to_owned(), number);
    }
    true
}

/// `STDERR`, `STDOUT`, `SYSLOG`… or a file's path.
pub(crate) fn target() -> String {
    lock().as_ref().map_or(String::new(), |log| log.name.clone())
}

/// Lets events go elsewhere. If they cannot, they go on where they went. `syslog` is the system log's socket, where it
/// is not the usual one.
pub(crate) fn set_target(name: &str, syslog: Option<&str>) -> Result<(), String> {
    let target = Target::parse(name, syslog)?;
    if let Some(log) = lock().as_mut() {
        log.target = target.unwrap_or_else(|| std::mem::replace(&mut log.target, Target::Stderr));
        name.clone_into(&mut log.name);
    }
    Ok(())
}

/// Opens the log's file again, after it was renamed. True: it is a file.
pub(crate) fn reopen() -> io::Result<bool> {
    lock().as_mut().map_or(Ok(false), |log| log.target.reopen())
}

fn lock() -> MutexGuard<'static, Option<Log>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to whatever the target is at the moment.
struct Sink;

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match lock().as_mut() {
            Some(log) => log.target.write(line),
            None => Ok(line.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Line;

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static> FormatEvent<S, N>
    for Line
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Palisade's everyday news is what syslog calls a notice.
        let (level, number) = match *event.metadata().level() {
            Level::INFO => ("NOTICE", 25),
            Level::WARN => ("WARNING", 30),
            Level::ERROR => ("ERROR", 40),
            _ => ("DEBUG", 10),
        };
        let (wanted, stamped) =
            lock().as_ref().map_or((false, false), |log| (number >= log.level.1, log.target.wants_time()));
        if !wanted {
            return Ok(());
        }
        if stamped {
            write!(out, "{:.6} ", Timestamp::now())?;
        }
        write!(out, "{level} ")?;
        context.field_format().format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
}
