//! The lines of a source as text, with the date read and cut out, for all filters that look for it in the same way.

use std::ops::Range;
use std::time::Duration;

use crate::Time;
use crate::date::{DateDetector, Found, Seen};

use super::compile::Filter;
use super::recent::Recent;
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
            encoding: filter.encoding,
            date: filter.date.clone(),
            last: None,
            line: Vec::new(),
            recent: Recent::default(),
        }
    }

    /// Whether a filter reads lines in the same way.
    pub(super) fn serves(&self, filter: &Filter) -> bool {
        self.encoding == filter.encoding && self.date.same_pattern(&filter.date)
    }

    pub(super) fn add(&mut self, filter: &Filter) {
        self.recent.want(filter.maxlines);
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Reads the next line's date. Where it stands, and when the line was written.
    pub(super) fn next(
        &mut self,
        whole: Text<'_>,
        seen: &Seen<'_>,
        time: Option<Time>,
        now: Time,
    ) -> (Range<usize>, Dated) {
        let (date, dated) = self.date(seen, time, now);
        self.recent.push(whole, date.clone());
        (date, dated)
    }

    fn date(&mut self, line: &Seen<'_>, time: Option<Time>, now: Time) -> (Range<usize>, Dated) {
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

    /// The line for the filters. `ended` is it with the newline that it has in the log, where that is all that ends it.
    pub(super) fn subject<'a>(
        &'a mut self,
        whole: Text<'a>,
        ended: Option<&'a [u8]>,
        (date, dated): (Range<usize>, Dated),
    ) -> Subject<'a> {
        let line = match (whole, ended, date.start) {
            (Text::Simple(_), Some(ended), 0) => Text::Simple(&ended[date.end..]),
            _ => cut(&mut self.line, whole, date),
        };
        Subject { line, whole, dated, recent: &self.recent }
    }
}

fn cut<'a>(line: &'a mut Vec<u8>, whole: Text<'_>, date: Range<usize>) -> Text<'a> {
    let bytes = whole.bytes();
    line.clear();
    line.extend_from_slice(&bytes[..date.start]);
    line.extend_from_slice(&bytes[date.end..]);
    line.push(b'\n');
    match whole {
        Text::Simple(_) => Text::Simple(line),
        // A date begins and ends between characters.
        Text::Other(_) => Text::Other(str::from_utf8(line).unwrap_or_default()),
    }
}
