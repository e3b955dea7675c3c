//! The streams of one source.
//!
//! Nearly all lines of a log carry a date of one form, and most streams read it by the same pattern. So the first stream
//! leads: while it reads dates by one pattern that matches at the line's start only, those that read them by it too
//! follow. Their dates are its dates, and they take note of the lines when they stop following.

use crate::Time;
use crate::date::{Place, Reader, Seen};

use super::compile::Filter;
use super::gate::Gate;
use super::members::Members;
use super::stream::{Stream, Subject};
use super::whole::Whole;

#[derive(Debug, Default)]
pub(super) struct Streams {
    all: Vec<Stream>,
    /// Those of which some filters read several lines.
    keeping: Vec<usize>,
    /// Who reads the first's dates, while it leads.
    reader: Option<Reader>,
    run: Run,
}

/// The lines since the first stream leads.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) lines: u64,
    /// Of the last of them: when it was read, when it was written, and where its date stands.
    pub(super) now: Time,
    pub(super) time: Time,
    pub(super) place: Place,
}

impl Streams {
    /// Takes one more filter. The index of its stream.
    pub(super) fn add(&mut self, index: usize, filter: &Filter) -> usize {
        let at = self.all.iter().position(|stream| stream.serves(filter)).unwrap_or_else(|| {
            self.all.push(Stream::new(filter));
            self.all.len() - 1
        });
        self.all[at].add(index, filter);
        if filter.maxlines > 1 && !self.keeping.contains(&at) {
            self.keeping.push(at);
        }
        at
    }

    /// Reads a line's date for each stream; `time` is when it was written, where the source knows.
    #[inline]
    pub(super) fn read(&mut self, whole: &mut Whole<'_>, time: Option<Time>, now: Time) {
        match (whole.simple(), &mut self.all[..]) {
            (Some(text), [only]) => {
                if !only.read_again(text, time, now) {
                    only.read_anew(&Seen::new(text), time, now);
                }
            }
            (Some(text), _) => self.read_simple(&Seen::new(text), time, now),
            (None, _) => self.read_other(whole, time, now),
        }
        if !self.keeping.is_empty() {
            self.keep(whole);
        }
    }

    #[inline(never)]
    fn keep(&mut self, whole: &mut Whole<'_>) {
        for stream in &self.keeping {
            self.all[*stream].keep(whole);
        }
    }

    #[inline(never)]
    fn read_other(&mut self, whole: &mut Whole<'_>, time: Option<Time>, now: Time) {
        self.lead(None);
        for stream in &mut self.all {
            stream.read(&Seen::from(whole.text(stream.encoding()).as_str()), time, now);
        }
    }

    #[inline(never)]
    fn read_simple(&mut self, line: &Seen<'_>, time: Option<Time>, now: Time) {
        let Some(first) = self.all.first_mut() else { return };
        first.read(line, time, now);
        let reader = if time.is_none() { first.reader() } else { None };
        self.lead(reader);
        let [first, others @ ..] = &mut self.all[..] else { return };
        if reader.is_some() {
            let time = first.date().dated.time();
            self.run = Run { lines: self.run.lines + 1, now, time, place: first.place() };
        }
        for stream in others {
            if stream.follows() {
                stream.set_date(first.date());
                continue;
            }
            stream.read(line, time, now);
            if reader.is_some() && stream.reader() == reader {
                stream.follow(&self.run);
            }
        }
    }

    /// The filters that the line that was read can concern.
    pub(super) fn concerned(&self, gate: &mut Gate, whole: &mut Whole<'_>) -> Members {
        let mut concerned = gate.pass(whole.bytes());
        for stream in &self.all {
            if let Some(halves) = stream.seam(whole) {
                concerned.add(gate.pass_seam(halves).among(stream.filters()));
            }
        }
        concerned
    }

    /// The line that was read, for the filters of a stream.
    #[inline]
    pub(super) fn subject<'a>(&'a mut self, stream: usize, whole: &'a mut Whole<'_>) -> Subject<'a> {
        self.all[stream].subject(whole)
    }

    /// From this line on the first stream leads those that have the same reader, if it has any.
    fn lead(&mut self, reader: Option<Reader>) {
        if reader != self.reader {
            self.all.iter_mut().for_each(|stream| stream.part(&self.run));
            self.reader = reader;
        }
    }
}
