//! The lines of a source as text, with the date read and cut out, for all filters that look for it in the same way.

use std::ops::Range;
use std::time::Duration;

use crate::Time;
use crate::date::{DateDetector, Found, Place, Reader, Seen};

use super::compile::Filter;
use super::members::Members;
use super::recent::Recent;
use super::streams::Run;
use super::text::{Encoding, Text};
use super::whole::Whole;

/// A line without a date has the last one, unless that is older.
const FRESH: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Stream {
    filters: Members,
    encoding: Encoding,
    dates: DateDetector,
    /// The last moment that a date said.
    last: Option<Time>,
    /// Of the line that was read last.
    date: Date,
    /// Since how many lines of the first stream it follows that, if it does.
    follows: Option<u64>,
    /// The line without its date, with a newline, if it had to be made.
    line: Vec<u8>,
    recent: Recent,
}

/// A line as filters read it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// Without the part that is its date, with a newline at its end.
    pub(super) line: Text<'a>,
    /// With its date, without a newline.
    pub(super) whole: Text<'a>,
    pub(super) dated: Dated,
    /// It and lines before it, if one of the filters reads several.
    pub(super) recent: &'a Recent,
}

/// The date of a line.
#[derive(Clone, Debug)]
pub(super) struct Date {
    /// The part of the line that it is.
    pub(super) span: Range<usize>,
    pub(super) dated: Dated,
}

/// When a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dated {
    /// It says so, or the source does.
    Known(Time),
    /// It does not; this is taken for it.
    Assumed(Time),
}

impl Dated {
    pub(super) fn time(self) -> Time {
        match self {
            Dated::Known(time) | Dated::Assumed(time) => time,
        }
    }
}

impl Stream {
    /// For a filter, which is yet to be [added](Stream::add).
    pub(super) fn new(filter: &Filter) -> Stream {
        Stream {
            filters: Members::default(),
            encoding: filter.encoding,
            dates: filter.date.clone(),
            last: None,
            date: Date { span: 0..0, dated: Dated::Known(Time::default()) },
            follows: None,
            line: Vec::new(),
            recent: Recent::default(),
        }
    }

    /// Whether a filter reads lines in the same way.
    pub(super) fn serves(&self, filter: &Filter) -> bool {
        self.encoding == filter.encoding && self.dates.same_pattern(&filter.date)
    }

    pub(super) fn add(&mut self, index: usize, filter: &Filter) {
        self.filters.insert(index);
        self.recent.want(filter.maxlines);
    }

    pub(super) fn filters(&self) -> Members {
        self.filters
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Reads the next line's date; `time` is when it was written, where the source knows.
    pub(super) fn read(&mut self, line: &Seen<'_>, time: Option<Time>, now: Time) {
        if !self.read_again(line.bytes(), time, now) {
            self.read_anew(line, time, now);
        }
    }

    /// Reads the next line if its date stands where that of the line before does, and is of the same day. False: it may have
    /// another.
    #[inline]
    pub(super) fn read_again(&mut self, line: &[u8], time: Option<Time>, now: Time) -> bool {
        if time.is_some() || !matches!(self.date.dated, Dated::Known(_)) {
            return false;
        }
        let Some(Found { time: Some(time), .. }) = self.dates.find_again(line, now) else { return false };
        self.line.clear();
        self.date.dated = Dated::Known(time);
        self.last = Some(time);
        true
    }

    /// As [`Stream::read`], where the line's date is not that of the line before.
    #[inline(never)]
    pub(super) fn read_anew(&mut self, line: &Seen<'_>, time: Option<Time>, now: Time) {
        self.line.clear();
        self.date = match time {
            Some(time) => {
                self.dates.settle();
                Date { span: 0..0, dated: Dated::Known(time) }
            }
            None => self.find(line, now),
        };
        if let Dated::Known(time) = self.date.dated {
            self.last = Some(time);
        }
    }

    fn find(&mut self, line: &Seen<'_>, now: Time) -> Date {
        let found = self.dates.find_anew(line, now);
        if let Some(Found { time: Some(time), span }) = found {
            return Date { span, dated: Dated::Known(time) };
        }
        match (self.last.filter(|&last| last > now - FRESH), found) {
            // What is no moment stays in the line, if there is another time for the line.
            (Some(last), _) => Date { span: 0..0, dated: Dated::Assumed(last) },
            (None, found) => {
                Date { span: found.map_or(0..0, |found| found.span), dated: Dated::Assumed(now) }
            }
        }
    }

    pub(super) fn date(&self) -> &Date {
        &self.date
    }

    pub(super) fn set_date(&mut self, date: &Date) {
        self.line.clear();
        self.date.clone_from(date);
    }

    /// Who reads the next date first, if the last was found and its answer is all that counts.
    pub(super) fn reader(&self) -> Option<Reader> {
        match self.date.dated {
            Dated::Known(_) => self.dates.reader(),
            Dated::Assumed(_) => None,
        }
    }

    /// Where the last date stood.
    pub(super) fn place(&self) -> Place {
        self.dates.place()
    }

    /// From the next line on, the first stream's dates are its dates.
    pub(super) fn follow(&mut self, run: &Run) {
        self.follows = Some(run.lines);
    }

    pub(super) fn follows(&self) -> bool {
        self.follows.is_some()
    }

    /// Takes note of the lines for which it followed.
    pub(super) fn part(&mut self, run: &Run) {
        let lines = self.follows.take().map_or(0, |since| run.lines - since);
        if lines > 0 {
            self.last = Some(run.time);
            self.dates.catch_up(lines, run.place, run.now);
        }
    }

    /// Keeps the line for filters that read several.
    pub(super) fn keep(&mut self, whole: &mut Whole<'_>) {
        self.recent.push(whole.text(self.encoding), &self.date.span);
    }

    /// What stands before and behind a date that is cut out of the line's midst.
    pub(super) fn seam<'a>(&self, whole: &'a mut Whole<'_>) -> Option<[&'a [u8]; 2]> {
        let Range { start, end } = self.date.span;
        let bytes = if 0 < start && start < end { whole.text(self.encoding).bytes() } else { return None };
        Some([&bytes[..start], &bytes[end..]])
    }

    /// The line for the filters.
    #[inline]
    pub(super) fn subject<'a>(&'a mut self, whole: &'a mut Whole<'_>) -> Subject<'a> {
        let Date { span, dated } = &self.date;
        let (line, whole) = match whole.simple_after(span.end) {
            Some(after) if span.start == 0 => (Text::Simple(after), Text::Simple(whole.bytes())),
            _ => {
                let whole = whole.text(self.encoding);
                (cut(&mut self.line, whole, span), whole)
            }
        };
        Subject { line, whole, dated: *dated, recent: &self.recent }
    }
}

#[inline(never)]
fn cut<'a>(line: &'a mut Vec<u8>, whole: Text<'_>, date: &Range<usize>) -> Text<'a> {
    let bytes = whole.bytes();
    if line.is_empty() {
        line.extend_from_slice(&bytes[..date.start]);
        line.extend_from_slice(&bytes[date.end..]);
        line.push(b'\n');
    }
    match whole {
        Text::Simple(_) => Text::Simple(line),
        // A date begins and ends between characters.
        Text::Other(_) => Text::Other(str::from_utf8(line).unwrap_or_default()),
    }
}
