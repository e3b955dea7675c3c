//! Several filters that read the same lines.

use std::sync::Arc;

use crate::Time;

use super::compile::Filter;
use super::failure::Failure;
use super::gate::Gate;
use super::members::Members;
use super::plain::Scratch;
use super::state::{Counters, State};
use super::streams::Streams;
use super::whole::Whole;

/// Longer lines are not matched but counted. To match what is left of a cut line would let an attacker choose where
/// it seems to end, and patterns that end in `$` take what stands there for the daemon's own words. No daemon here
/// writes lines near as long.
const LONGEST: usize = 64 << 10;

/// The filters of one source, with what they remember of it: sessions, last lines, the last date.
#[derive(Debug)]
pub struct FilterSet {
    members: Vec<Member>,
    streams: Streams,
    gate: Option<Gate>,
    /// Filters that the next line concerns, whatever it holds.
    waiting: Members,
    lines: u64,
    scratch: Scratch,
}

#[derive(Debug)]
struct Member {
    filter: Arc<Filter>,
    /// Its stream's index.
    stream: usize,
    state: State,
}

/// A line of a log, with its newline or without.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// As the source has it.
    pub text: &'a [u8],
    /// When it was written, where the source knows (the journal); no date is looked for in the text then.
    pub time: Option<Time>,
    /// Whether it is known to be ASCII, with no newline but at its end. Where it is not, a look says so.
    pub ascii: bool,
}

impl<'a> Line<'a> {
    /// Its text without the carriage returns and newlines at its end.
    pub fn trimmed(self) -> &'a [u8] {
        let mut text = self.text;
        while let [rest @ .., b'\r' | b'\n'] = text {
            text = rest;
        }
        text
    }
}

impl FilterSet {
    /// Filters that are going to read one source from its start or after a gap.
    pub fn new(filters: Vec<Arc<Filter>>) -> FilterSet {
        let gate = Gate::new(&filters);
        let mut streams = Streams::default();
        let member = |(index, filter): (usize, Arc<Filter>)| Member {
            stream: streams.add(index, &filter),
            state: State::new(&filter),
            filter,
        };
        let members = filters.into_iter().enumerate().map(member).collect();
        let (waiting, scratch) = (Members::default(), Scratch::default());
        FilterSet { members, streams, gate, waiting, lines: 0, scratch }
    }

    /// From here on, all lines of this filter's failures are kept for [`Failure::lines`].
    pub fn keep_lines(&mut self, index: usize) {
        self.members[index].state.keep_lines();
    }

    /// Reads one line and reports the failures that it shows, each with the index of its filter. Time and memory are
    /// bounded, whatever the line holds.
    pub fn read(&mut self, line: Line<'_>, now: Time, report: &mut impl FnMut(usize, &Failure<'_>)) {
        self.lines += 1;
        let mut whole = Whole::of(line);
        if whole.bytes().len() > LONGEST {
            return self.members.iter_mut().for_each(|member| member.state.give_up());
        }
        self.streams.read(&mut whole, line.time, now);
        let (concerned, others) = match &mut self.gate {
            Some(gate) => {
                let mut concerned = self.streams.concerned(gate, &mut whole);
                concerned.add(self.waiting);
                (concerned, Members::MOST)
            }
            None => (Members::default(), 0),
        };
        for index in concerned.iter().chain(others..self.members.len()) {
            let Member { filter, stream, state } = &mut self.members[index];
            let subject = self.streams.subject(*stream, &mut whole);
            state.read(filter, subject, &mut self.scratch, |failure| report(index, failure));
            if filter.maxlines > 1 {
                match state.waits() {
                    true => self.waiting.insert(index),
                    false => self.waiting.remove(index),
                }
            }
        }
    }

    /// What each filter has seen, in the order in which they were given.
    pub fn counters(&self) -> Vec<Counters> {
        self.members.iter().map(|member| member.state.counters(self.lines)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_no_part_of_a_line() {
        assert_eq!(Line { text: b"a\rb\r\r\n", time: None, ascii: true }.trimmed(), b"a\rb");
    }
}
