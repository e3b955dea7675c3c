//! The systemd journal as a source of lines.

mod entry;
mod expression;
mod pulse;

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use self::entry::Entry;
pub use self::expression::{Expression, ExpressionError};
use self::pulse::Pulse;
use crate::Progress;
use crate::lines::MAX_LINE;
pub use sys::journal::OpenError;

/// How often to look shortly after anything was written, which is to be expected in a burst.
const BUSY: Pace = Pace { every: Duration::from_millis(3), lasts: Duration::from_millis(100) };
/// The same after a line that somebody wants. Half of it is the usual delay of a line that comes out of the blue.
const ALERT: Pace = Pace { every: Duration::from_millis(8), lasts: Duration::from_secs(60) };
/// The same when there were none for long: what a wake-up costs (3 to 50 µs, by the machine) is what being idle costs.
const QUIET: Duration = Duration::from_millis(200);
/// The journal is asked so often whatever its headers say.
const SURELY: Duration = Duration::from_secs(1);

struct Pace {
    every: Duration,
    lasts: Duration,
}

/// Where to begin when there is no cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JournalStart {
    /// The first entry there is.
    Beginning,
    /// Only what is added from now on.
    #[default]
    End,
    /// From this time on, in microseconds since the epoch.
    Since(u64),
}

/// One line of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalLine<'l> {
    /// `host program[pid]: message`, without a date.
    pub text: &'l [u8],
    /// When it was logged, in microseconds since the epoch.
    pub time: u64,
}

/// The system journal, read once for everybody who wants something of it.
pub struct Journal {
    journal: sys::journal::Journal,
    expressions: Vec<Expression>,
    pulse: Pulse,
    /// The entry that was delivered last; empty before the first one.
    cursor: String,
    changed: bool,
    entry: Entry,
    line: Vec<u8>,
    wanted: Vec<usize>,
    has: Vec<Vec<u8>>,
    busy_until: Instant,
    alert_until: Instant,
    surely_at: Instant,
    failed: bool,
    more: bool,
}

impl Journal {
    /// Opens this host's system journal (or the journal files of a directory), narrowed to what any of the expressions
    /// wants. `resume` is what [`cursor`](Self::cursor) gave: that entry is not delivered again.
    pub fn open(
        directory: Option<&Path>,
        expressions: Vec<Expression>,
        resume: Option<&str>,
        start: JournalStart,
    ) -> Result<Self, OpenError> {
        let mut journal = sys::journal::Journal::open(directory)?;
        narrow(&mut journal, &expressions).map_err(OpenError::Journal)?;
        let now = Instant::now();
        let mut source = Self {
            journal,
            expressions,
            pulse: Pulse::new(directory),
            cursor: String::new(),
            changed: true,
            entry: Entry::default(),
            line: Vec::new(),
            wanted: Vec::new(),
            has: Vec::new(),
            busy_until: now,
            alert_until: now,
            surely_at: now,
            failed: false,
            more: true,
        };
        source.begin(resume, start).map_err(OpenError::Journal)?;
        Ok(source)
    }

    fn begin(&mut self, resume: Option<&str>, start: JournalStart) -> io::Result<()> {
        match (resume, start) {
            (Some(""), _) | (None, JournalStart::Beginning) => self.journal.seek_head(),
            (Some(cursor), _) => self.go_after(cursor),
            (None, JournalStart::Since(micros)) => self.journal.seek_time(micros),
            (None, JournalStart::End) => self.go_to_end(),
        }
    }

    fn go_to_end(&mut self) -> io::Result<()> {
        self.journal.seek_tail()?;
        match self.journal.previous(1)? {
            // Nothing matches yet, so everything that will is new.
            0 => self.journal.seek_head(),
            _ => self.journal.cursor().map(|cursor| self.cursor = cursor),
        }
    }

    /// The entry of the cursor, if it is there, was delivered; the one nearest to it, if not, was not.
    fn go_after(&mut self, cursor: &str) -> io::Result<()> {
        self.cursor = cursor.to_owned();
        self.journal.seek_cursor(cursor)?;
        if !self.journal.advance()? {
            return Ok(());
        }
        if !self.journal.is_at(cursor)? {
            info!("the journal no longer has the entry that was read last; going on at the nearest one");
            if self.journal.previous(1)? == 0 {
                self.journal.seek_head()?;
            }
        }
        Ok(())
    }

    /// Readable when journal files come or go, and late when entries do.
    pub fn fd(&mut self) -> io::Result<BorrowedFd<'_>> {
        self.journal.fd()
    }

    /// When to call [`read`](Self::read) at the latest, from now.
    pub fn next_timeout(&self) -> Duration {
        let now = Instant::now();
        match () {
            () if self.more => Duration::ZERO,
            () if now < self.busy_until => BUSY.every,
            () if now < self.alert_until => ALERT.every,
            () => QUIET,
        }
    }

    /// Delivers up to `budget` bytes of new lines with the indices of the expressions that want each.
    pub fn read(&mut self, budget: usize, sink: &mut impl FnMut(&[usize], JournalLine<'_>)) -> Progress {
        let mut progress = Progress::default();
        let read = self.try_read(budget as u64, &mut progress, sink);
        self.more = progress.more;
        if let Err(error) = &read
            && !self.failed
        {
            warn!(%error, "cannot read the journal; trying again");
        }
        self.failed = read.is_err();
        progress
    }

    fn try_read(
        &mut self,
        budget: u64,
        progress: &mut Progress,
        sink: &mut impl FnMut(&[usize], JournalLine<'_>),
    ) -> io::Result<()> {
        if self.journal.process()? {
            self.pulse.find();
        }
        let now = Instant::now();
        if self.pulse.beats() {
            // The header grows a moment before an entry can be found by its fields: one look is not enough.
            self.busy_until = now + BUSY.lasts;
        }
        if now >= self.busy_until && now < self.surely_at && !self.more {
            return Ok(());
        }
        self.surely_at = now + SURELY;
        while progress.bytes < budget {
            if !self.journal.advance()? {
                break;
            }
            self.deliver(progress, sink)?;
        }
        progress.more = progress.bytes >= budget;
        if progress.lines > 0 {
            self.cursor = self.journal.cursor()?;
            self.changed = true;
            self.alert_until = now + ALERT.lasts;
        }
        Ok(())
    }

    fn deliver(
        &mut self,
        progress: &mut Progress,
        sink: &mut impl FnMut(&[usize], JournalLine<'_>),
    ) -> io::Result<()> {
        let Self { journal, entry, has, expressions, .. } = self;
        entry.clear();
        has.clear();
        let one = expressions.len() == 1;
        journal.fields(&mut |field| {
            entry.take(field);
            if !one && is_term(expressions, field) {
                has.push(field.to_vec());
            }
        })?;
        let time = match entry.source_time {
            Some(time) => time,
            None => journal.time()?,
        };
        entry.format(|| journal.time_since_boot().unwrap_or(0), &mut self.line);
        self.wanted.clear();
        let wants = |expression: &Expression| one || expression.wants(|term| self.has.contains(&term.text));
        self.wanted.extend((0..self.expressions.len()).filter(|index| wants(&self.expressions[*index])));
        progress.bytes += self.line.len() as u64 + 1;
        progress.lines += 1;
        sink(&self.wanted, JournalLine { text: &self.line, time });
        Ok(())
    }

    /// Where reading stopped, if that changed since it was last asked for. Empty: there was no entry yet.
    pub fn cursor(&mut self) -> Option<&str> {
        std::mem::take(&mut self.changed).then_some(self.cursor.as_str())
    }

    /// Delivers up to so many entries up to the cursor once more, to get the state back that they left. Call it before
    /// the first [`read`](Self::read).
    pub fn reread(
        &mut self,
        entries: u32,
        sink: &mut impl FnMut(&[usize], JournalLine<'_>),
    ) -> io::Result<()> {
        if self.cursor.is_empty() || entries == 0 {
            return Ok(());
        }
        let cursor = self.cursor.clone();
        self.journal.seek_cursor(&cursor)?;
        if self.journal.advance()? && self.journal.is_at(&cursor)? {
            let mut ignored = Progress::default();
            for entry in 0..=self.journal.previous(entries - 1)? {
                if entry == 0 || self.journal.advance()? {
                    self.deliver(&mut ignored, sink)?;
                }
            }
        }
        self.go_after(&cursor)
    }
}

fn narrow(journal: &mut sys::journal::Journal, expressions: &[Expression]) -> io::Result<()> {
    journal.set_data_threshold(MAX_LINE + 64)?;
    if expressions.iter().any(|expression| expression.alternatives.is_empty()) {
        return Ok(());
    }
    for group in expressions.iter().flat_map(|expression| &expression.alternatives) {
        for term in group {
            journal.add_match(&term.text)?;
        }
        journal.add_disjunction()?;
    }
    Ok(())
}

fn is_term(expressions: &[Expression], field: &[u8]) -> bool {
    let mut groups = expressions.iter().flat_map(|expression| &expression.alternatives);
    groups.any(|group| group.iter().any(|term| term.text == field))
}
