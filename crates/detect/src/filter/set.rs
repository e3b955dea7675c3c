//! Several filters that read the same lines.

use std::borrow::Cow;
use std::sync::Arc;

use crate::Time;
use crate::date::Seen;

use super::compile::Filter;
use super::failure::Failure;
use super::gate::{Gate, Members, Others};
use super::plain::Scratch;
use super::state::{Counters, State};
use super::stream::Stream;
use super::text::{Encoding, Text, is_simple};

/// Longer lines are not matched but counted. To match what is left of a cut line would let an attacker choose where
/// it seems to end, and patterns that end in `$` take what stands there for the daemon's own words. No daemon here
/// writes lines near as long.
const LONGEST: usize = 64 << 10;

/// The filters of one source, with what they remember of it: sessions, last lines, the last date.
#[derive(Debug)]
pub struct FilterSet {
    members: Vec<Member>,
    groups: Vec<Group>,
    gate: Option<Gate>,
    lines: u64,
    scratch: Scratch,
}

/// The filters that look for dates in the same way.
#[derive(Debug)]
struct Group {
    stream: Stream,
    indices: Vec<usize>,
    all: Others,
}

impl Group {
    fn new(index: usize, filter: &Filter) -> Group {
        let mut group = Group { stream: Stream::new(filter), indices: Vec::new(), all: Others::default() };
        group.add(index, filter);
        group
    }

    fn add(&mut self, index: usize, filter: &Filter) {
        self.stream.add(filter);
        self.indices.push(index);
        self.all.insert(index);
    }
}

#[derive(Debug)]
struct Member {
    filter: Arc<Filter>,
    state: State,
}

/// A line of a log, with its newline or without.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// As the source has it.
    pub text: &'a [u8],
    /// When it was written, where the source knows (the journal); no date is looked for in the text then.
    pub time: Option<Time>,
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
        let mut groups: Vec<Group> = Vec::new();
        for (index, filter) in filters.iter().enumerate() {
            match groups.iter_mut().find(|group| group.stream.serves(filter)) {
                Some(group) => group.add(index, filter),
                None => groups.push(Group::new(index, filter)),
            }
        }
        let gate = Gate::new(&filters);
        let member = |filter: Arc<Filter>| Member { state: State::new(&filter), filter };
        let members = filters.into_iter().map(member).collect();
        FilterSet { members, groups, gate, lines: 0, scratch: Scratch::default() }
    }

    /// From here on, all lines of this filter's failures are kept for [`Failure::lines`].
    pub fn keep_lines(&mut self, index: usize) {
        self.members[index].state.keep_lines();
    }

    /// Reads one line and reports the failures that it shows, each with the index of its filter. Time and memory are
    /// bounded, whatever the line holds.
    pub fn read(&mut self, line: Line<'_>, now: Time, report: &mut impl FnMut(usize, Failure<'_>)) {
        self.lines += 1;
        let text = line.trimmed();
        if text.len() > LONGEST {
            return self.members.iter_mut().for_each(|member| member.state.give_up());
        }
        let asked = self.gate.as_ref().map(|gate| gate.pass(text));
        let simple = is_simple(text).then(|| Seen::new(text));
        let ended = line.text.strip_suffix(b"\n").filter(|line| line.len() == text.len()).map(|_| line.text);
        let mut decoded: Option<(Encoding, Cow<'_, str>)> = None;
        for Group { stream, indices, all } in &mut self.groups {
            let (whole, dated) = match &simple {
                Some(seen) => {
                    let whole = Text::Simple(text);
                    (whole, stream.next(whole, seen, line.time, now))
                }
                None => {
                    let text = decode(&mut decoded, stream.encoding(), text);
                    let whole = Text::Other(text);
                    (whole, stream.next(whole, &Seen::from(text), line.time, now))
                }
            };
            let concerned = match (&mut self.gate, asked) {
                (Some(gate), Some(asked)) => Some(asked.and(gate.pass_seam(whole.bytes(), dated.0.clone()))),
                _ => None,
            };
            let only = concerned.and_then(|concerned| concerned.among(all));
            if only.is_some_and(Members::is_empty) {
                continue;
            }
            let subject = stream.subject(whole, ended, dated);
            let mut read = |index: usize| {
                let Member { filter, state } = &mut self.members[index];
                if let Some(failure) = state.read(filter, subject, &mut self.scratch) {
                    report(index, failure);
                }
            };
            match only {
                Some(only) => only.iter().for_each(read),
                None => {
                    let concerned =
                        |index: &&usize| concerned.is_none_or(|concerned| concerned.contains(**index));
                    indices.iter().filter(concerned).for_each(|index| read(*index));
                }
            }
        }
    }

    /// What each filter has seen, in the order in which they were given.
    pub fn counters(&self) -> Vec<Counters> {
        self.members.iter().map(|member| member.state.counters(self.lines)).collect()
    }
}

/// The text of a line, which streams of the same encoding share.
fn decode<'d, 'a>(
    known: &'d mut Option<(Encoding, Cow<'a, str>)>,
    encoding: Encoding,
    text: &'a [u8],
) -> &'d str {
    let (_, text) = match known.take().filter(|(known, _)| *known == encoding) {
        Some(same) => known.insert(same),
        None => known.insert((encoding, encoding.decode(text))),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_no_part_of_a_line() {
        assert_eq!(Line { text: b"a\rb\r\r\n", time: None }.trimmed(), b"a\rb");
    }
}
