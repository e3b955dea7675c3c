//! Where the kernel's lines are: in the journal, in its own log, or in a file.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use detect::Time;
use firewall::LoggedPacket;
use sources::{Expression, FileSpec, Files, Journal, JournalLine, JournalStart, Start};

use super::kmsg::{self, Kmsg};
use super::line::{Knock, Lines, of_kernel};
use crate::engine::input;
use crate::exit::{CommandError, Exit};

/// What is read at once, in bytes.
const BUDGET: usize = 1 << 20;
/// Only the kernel's own lines have it.
const OF_KERNEL: &str = "_TRANSPORT=kernel";
/// Between looks at a file that grows.
const PACE: Duration = Duration::from_millis(100);
const STANDARD_INPUT: &str = "-";

/// An opened log.
pub(super) enum Origin {
    Journal(Box<Journal>, Follow),
    Kmsg(Kmsg),
    Whole(Box<dyn Read>, Box<Lines>),
    Growing(Box<Files>, Box<Lines>),
}

/// Whether what comes later is waited for.
type Follow = bool;

impl Origin {
    /// The file, or what this host has: its journal, or without one the kernel's own log.
    pub(super) fn open(
        file: Option<&Path>,
        follow: Follow,
        since: Option<Time>,
    ) -> Result<Self, CommandError> {
        let Some(path) = file else {
            return match journal(follow, since) {
                Some(journal) => Ok(Self::Journal(Box::new(journal), follow)),
                None => kernel(follow),
            };
        };
        if path == Path::new(kmsg::PATH) {
            return kernel(follow);
        }
        let lines = Box::new(Lines::new()?);
        // It must be there, and readable.
        let whole = input::open(path)?.reader;
        if !follow || path == Path::new(STANDARD_INPUT) {
            return Ok(Self::Whole(whole, lines));
        }
        let path = std::path::absolute(path).map_err(|error| CommandError::io(path.display(), &error))?;
        let spec = FileSpec { pattern: path.display().to_string(), start: Start::End };
        let files = Files::open(&[spec], &[]).map_err(|error| CommandError::new(Exit::Usage, error))?;
        Ok(Self::Growing(Box::new(files), lines))
    }

    /// Shows each packet until it is told to stop, or there are no more.
    pub(super) fn each(&mut self, show: &mut impl FnMut(Knock) -> bool) -> Result<(), CommandError> {
        let going_on = Cell::new(true);
        let mut take = |knock: Option<Knock>| {
            going_on.set(going_on.get() && knock.is_none_or(&mut *show));
        };
        match self {
            Self::Kmsg(log) => log.each(show).map_err(|error| unreadable(&error)),
            Self::Whole(reader, lines) => {
                let gate = Gate { reader, is_open: &going_on };
                let read = sources::each_line(gate, &mut |line, _| take(lines.read(line)));
                read.map(drop).map_err(|error| CommandError::io("the log", &error))
            }
            Self::Journal(journal, follow) => {
                let mut more = true;
                while going_on.get() && (more || *follow) {
                    thread::sleep(journal.next_timeout());
                    more = journal.read(BUDGET, &mut |_, line| take(of_journal(line))).more;
                }
                Ok(())
            }
            Self::Growing(files, lines) => {
                while going_on.get() {
                    thread::sleep(files.next_timeout().min(PACE));
                    files.read(BUDGET, &mut |_, line| take(lines.read(line)));
                }
                Ok(())
            }
        }
    }
}

fn journal(follow: Follow, since: Option<Time>) -> Option<Journal> {
    let start = match since {
        _ if follow => JournalStart::End,
        Some(since) => JournalStart::Since(u64::try_from(since.as_micros()).unwrap_or(0)),
        None => JournalStart::Beginning,
    };
    let open = |start| Journal::open(None, vec![Expression::new(OF_KERNEL).ok()?], None, start).ok();
    // A journal to which the kernel's lines do not go is none.
    let has_lines = open(JournalStart::Beginning)?.read(1, &mut |_, _| ()).lines > 0;
    if has_lines { open(start) } else { None }
}

fn of_journal(line: JournalLine<'_>) -> Option<Knock> {
    let message = of_kernel(std::str::from_utf8(line.text).ok()?)?;
    let time = Time::from_micros(i64::try_from(line.time).ok()?);
    Some(Knock { time, packet: LoggedPacket::read(message)? })
}

fn kernel(follow: Follow) -> Result<Origin, CommandError> {
    Kmsg::open(follow).map(Origin::Kmsg).map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> CommandError {
    CommandError::io(
        format_args!("{}, and there is no journal; a log can be given with --file", kmsg::PATH),
        error,
    )
}

/// Ends when it is closed.
struct Gate<'a, R> {
    reader: R,
    is_open: &'a Cell<bool>,
}

impl<R: Read> Read for Gate<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_open.get() { self.reader.read(buffer) } else { Ok(0) }
    }
}
