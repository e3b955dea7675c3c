//! The lines of a source as text, with the date read and cut out, for all filters that look for it in the same way.

use std::ops::Range;
use std::time::Duration;

use crate::Time;
use crate::date::{DateDetector, Found, Seen};

use super::compile::Filter;
use super::text::{Encoding, Text};

/// A line without a date has the last one, unless that is older.
const FRESH: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Stream {
    encoding: Encoding,
    date: DateDetector,
    /// The last date that was read.
    last: Option<Time>,
    /// The line without its date, with a newline.
    subject: Vec<u8>,
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
    pub(super) fn new(filter: &Filter) -> Stream {
        Stream { encoding: filter.encoding, date: filter.date.clone(), last: None, subject: Vec::new() }
    }

    /// Whether a filter reads lines in the same way.
    pub(super) fn serves(&self, filter: &Filter) -> bool {
        self.encoding == filter.encoding && self.date.same_pattern(&filter.date)
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// When the next line was written, and the part of it that says so.
    pub(super) fn date(&mut self, line: &Seen<'_>, time: Option<Time>, now: Time) -> (Range<usize>, Dated) {
        if let Some(time) = time {
            self.last = Some(time);
            return (0..0, Dated::Known(time));
        }
        let found = self.date.find_in(line, now);
        if let Some(Found { time: Some(time), span }) = found {
            self.last = Some(time);
            return (span, Dated::Known(time));
        }
        match (self.last.filter(|&last| last > now - FRESH), found) {
            // What is no moment stays in the line, if there is another time for the line.
            (Some(last), _) => (0..0, Dated::Assumed(last)),
            (None, found) => (found.map_or(0..0, |found| found.span), Dated::Assumed(now)),
        }
    }

    /// The line as the patterns read it: without the part that is its date, with a newline at its end. `ended` is the
    /// line with the newline that it has in the log, where that is all that ends it.
    pub(super) fn cut<'a>(
        &'a mut self,
        text: Text<'a>,
        ended: Option<&'a [u8]>,
        date: Range<usize>,
    ) -> Text<'a> {
        if let (Text::Simple(_), Some(ended), 0) = (text, ended, date.start) {
            return Text::Simple(&ended[date.end..]);
        }
        let bytes = text.bytes();
        self.subject.clear();
        self.subject.extend_from_slice(&bytes[..date.start]);
        self.subject.extend_from_slice(&bytes[date.end..]);
        self.subject.push(b'\n');
        match text {
            Text::Simple(_) => Text::Simple(&self.subject),
            // A date begins and ends between characters.
            Text::Other(_) => Text::Other(str::from_utf8(&self.subject).unwrap_or_default()),
        }
    }
}
