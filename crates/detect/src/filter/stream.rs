//! The lines of a source as text, with the date read and cut out, for all filters that look for it in the same way.

use std::ops::Range;
use std::time::Duration;

use crate::Time;
use crate::date::{DateDetector, Found};

use super::compile::Filter;
use super::text::Encoding;

/// A line without a date has the last one, unless that is older.
const FRESH: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Stream {
    encoding: Encoding,
    date: DateDetector,
    /// The last date that was read.
    last: Option<Time>,
    /// The line without its date, with a newline.
    subject: String,
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
        Stream { encoding: filter.encoding, date: filter.date.clone(), last: None, subject: String::new() }
    }

    /// Whether a filter reads lines in the same way.
    pub(super) fn serves(&self, filter: &Filter) -> bool {
        self.encoding == filter.encoding && self.date.same_pattern(&filter.date)
    }

    /// The subject of the next line and its time.
    pub(super) fn next(&mut self, text: &[u8], time: Option<Time>, now: Time) -> (&str, Dated) {
        let text = self.encoding.decode(text);
        let (cut, dated) = match time {
            Some(time) => {
                self.last = Some(time);
                (0..0, Dated::Known(time))
            }
            None => self.find(&text, now),
        };
        self.subject.clear();
        self.subject.push_str(&text[..cut.start]);
        self.subject.push_str(&text[cut.end..]);
        self.subject.push('\n');
        (&self.subject, dated)
    }

    fn find(&mut self, text: &str, now: Time) -> (Range<usize>, Dated) {
        let assumed = self.last.filter(|&last| last > now - FRESH);
        match self.date.find(text, now) {
            Some(Found { time: Some(time), span }) => {
                self.last = Some(time);
                (span, Dated::Known(time))
            }
            // What is no moment stays in the line, if there is another time for the line.
            Some(Found { time: None, span }) if assumed.is_none() => (span, Dated::Assumed(now)),
            _ => (0..0, Dated::Assumed(assumed.unwrap_or(now))),
        }
    }
}
