//! The daemon's own log: `TIME LEVEL message`, a line an event.
//!
//! The recidive filter reads it, so its form is a contract: a ban is `NOTICE [JAIL] Ban ADDRESS`.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use jiff::Timestamp;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::exit::CommandError;

/// Lets events go to `file`, or to standard error.
pub(crate) fn start(file: Option<&Path>) -> Result<(), CommandError> {
    // systemd's journal stamps what it is given.
    let stamped = file.is_some() || std::env::var_os("JOURNAL_STREAM").is_none();
    let log = tracing_subscriber::fmt().event_format(Line { stamped }).with_max_level(Level::INFO);
    match file {
        None => log.with_writer(io::stderr).init(),
        Some(path) => log.with_writer(Mutex::new(append(path)?)).init(),
    }
    Ok(())
}

fn append(path: &Path) -> Result<File, CommandError> {
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|error| CommandError::io(path.display(), &error))
}

struct Line {
    stamped: bool,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static> FormatEvent<S, N>
    for Line
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.stamped {
            write!(out, "{:.6} ", Timestamp::now())?;
        }
        // Palisade's everyday news is what syslog calls a notice.
        let level = match *event.metadata().level() {
            Level::INFO => "NOTICE",
            Level::WARN => "WARNING",
            Level::ERROR => "ERROR",
            _ => "DEBUG",
        };
        write!(out, "{level} ")?;
        context.field_format().format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
}
