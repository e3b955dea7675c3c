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

/// A line as the patterns read it: without its date, with a newline at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) text: &'a str,
    /// ASCII, and without another newline.
    pub(super) simple: bool,
}

impl<'a> Subject<'a> {
    /// Without its newline.
    pub(super) fn line(self) -> &'a str {
        self.text.strip_suffix('\n').unwrap_or(self.text)
    }
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

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// When the next line was written, and the part of it that says so.
    pub(super) fn date(&mut self, text: &str, time: Option<Time>, now: Time) -> (Range<usize>, Dated) {
        if let Some(time) = time {
            self.last = Some(time);
            return (0..0, Dated::Known(time));
        }
        let found = self.date.find(text, now);
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

    /// The line without the part that is its date.
    pub(super) fn cut(&mut self, text: &str, date: Range<usize>) -> Subject<'_> {
        self.subject.clear();
        self.subject.push_str(&text[..date.start]);
        self.subject.push_str(&text[date.end..]);
        self.subject.push('\n');
        Subject { text: &self.subject, simple: is_simple(text.as_bytes()) }
    }
}

/// Whether a text is ASCII without a newline. Eight bytes at a time, the last ones perhaps twice: every line is asked.
fn is_simple(text: &[u8]) -> bool {
    let ascii = match (text.as_chunks::<8>().0, text.last_chunk::<8>()) {
        (chunks, Some(last)) => {
            let seen = chunks
                .iter()
                .fold(u64::from_ne_bytes(*last), |seen, chunk| seen | u64::from_ne_bytes(*chunk));
            seen & 0x8080_8080_8080_8080 == 0
        }
        (_, None) => text.is_ascii(),
    };
    ascii && memchr::memchr(b'\n', text).is_none()
}
