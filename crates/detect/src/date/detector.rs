use std::ops::Range;

use super::fields::Fields;
use super::layout::{Again, Clock, read_clock};
use super::needs::Needs;
use super::place::{Place, chars};
use super::resolve::Resolver;
use super::run::{Hit, Stack};
use super::seen::Seen;
use super::template::Template;
use super::{DateError, Zone, list};
use crate::Time;

/// A pattern that was not taken for so long gives way to one that was, in seconds.
const UNUSED: i64 = 300;

/// A date that a line carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// `None`: the text stands where the pattern says and is no moment (February 30th), or the pattern matched an
    /// empty text (`{NONE}`), which says that lines carry no date.
    pub time: Option<Time>,
    /// The bytes that are cut out of the line before anything else reads it. Empty for an empty match.
    pub span: Range<usize>,
}

/// Finds dates by one datepattern. Learns from each line which of its patterns to try first, as Fail2Ban does, so one
/// detector serves one stream of lines.
#[derive(Clone, Debug)]
pub struct DateDetector {
    key: (Option<String>, Zone),
    templates: Vec<Template>,
    /// What every line shows in which one of them matches.
    needs: Needs,
    /// The pattern that was taken last.
    last: Option<usize>,
    /// Patterns before this one have all been taken.
    first_unused: usize,
    place: Place,
    /// Of the pattern taken last, if it reads a clock at the line's start.
    known: Option<Known>,
    resolver: Resolver,
    stack: Stack,
}

/// Which pattern reads, and in which zone: their addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reader([usize; 2]);

/// The date that was read last, and which moment it was: most lines have the date of the line before, or another time of the
/// same day. As long as it is known, [`Stack::fields`] are its but for the time of day.
#[derive(Clone, Copy, Debug)]
struct Known {
    again: Again,
    clock: Clock,
    /// When it was read; `None` where the whole day is said and the present does not matter.
    now: Option<Time>,
    time: Option<Time>,
    /// How many more lines have carried it, and when the last of them was read. Its pattern takes note of them at the next
    /// other date.
    lines: u64,
    read: Time,
}

impl DateDetector {
    /// Reads `datepattern`: one pattern a line; `None` is the built-in list. Dates without a zone of their own are in
    /// `zone`.
    pub fn compile(datepattern: Option<&str>, zone: Zone) -> Result<Self, DateError> {
        let templates = list::templates(datepattern)?;
        let needs = templates.split_first().map(|(first, others)| {
            others.iter().fold(first.needs().clone(), |needs, other| needs.or(other.needs()))
        });
        Ok(Self {
            templates,
            needs: needs.unwrap_or(Needs::NOTHING),
            last: None,
            first_unused: 0,
            place: Place::default(),
            known: None,
            resolver: Resolver::new(zone.clone()),
            stack: Stack::new(),
            key: (datepattern.map(str::to_owned), zone),
        })
    }

    /// The errors of [`DateDetector::compile`].
    pub(crate) fn check(datepattern: Option<&str>) -> Result<(), DateError> {
        list::check(datepattern)
    }

    /// Its patterns as they are written, in the order in which they are tried now, with the dates that each has given.
    pub fn patterns(&self) -> impl Iterator<Item = (&str, u64)> {
        let known = self.last.zip(self.known.as_ref().map(|known| known.lines));
        self.templates.iter().enumerate().map(move |(index, template)| {
            let known = known.filter(|(last, _)| *last == index).map_or(0, |(_, lines)| lines);
            (&*template.pattern, template.hits + known)
        })
    }

    /// Whether the two give the same answers on the same lines, so that one search can serve both.
    pub fn same_pattern(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Finds the date in `line`, which ends before its newline. `now` settles dates without a year or a day; it is the
    /// only clock.
    pub fn find(&mut self, line: &str, now: Time) -> Option<Found> {
        match self.find_again(line.as_bytes(), now) {
            Some(found) => Some(found),
            None => self.find_anew(&Seen::from(line), now),
        }
    }

    /// Who reads the next line first, if that is a pattern that can match at one end of it only: then its answer is all that
    /// counts, and other detectors with the same reader give the same.
    #[inline]
    pub(crate) fn reader(&self) -> Option<Reader> {
        let last = self.templates.get(self.last?)?;
        last.anchored.then(|| Reader([last.address(), self.key.1.address()]))
    }

    /// Where the last date stood.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Takes note of dates that another detector read with the same reader, the last at `place`.
    pub(crate) fn catch_up(&mut self, lines: u64, place: Place, now: Time) {
        self.settle();
        self.place = place;
        if let Some(last) = self.last {
            self.templates[last].take_known(lines, place.start, now);
        }
    }

    /// As [`DateDetector::find`], in a line that other detectors look at too and in which this one has not found the last date
    /// again.
    pub(crate) fn find_anew(&mut self, seen: &Seen<'_>, now: Time) -> Option<Found> {
        let (index, hit) = match self.at_last_shape(seen.bytes()) {
            Some(found) => found,
            None => self.search(seen)?,
        };
        self.settle();
        self.remember(seen, index, &hit, now);
        let span = hit.date.0..hit.date.1;
        let time = if span.is_empty() { None } else { self.resolver.time(self.stack.fields(), now) };
        let day_depends_on = (!self.stack.fields().say_the_day()).then_some(now);
        self.known = self.last.and_then(|last| {
            let again = self.templates[last].again(seen.bytes(), &hit)?;
            let clock = again.clock_of(seen.bytes())?;
            Some(Known { again, clock, now: day_depends_on, time, lines: 0, read: now })
        });
        Some(Found { time, span })
    }

    /// The date of the line before, if this one carries it too but for its time of day. The line need not be known to be text:
    /// what is read of it is.
    #[inline]
    pub(crate) fn find_again(&mut self, line: &[u8], now: Time) -> Option<Found> {
        let known = self.known.as_mut().filter(|known| known.now.is_none_or(|then| then == now))?;
        let (date, clock) = known.again.date_in(line)?;
        if clock != known.clock {
            known.time = Some(at_clock(clock, &mut self.stack, &mut self.resolver, now)?);
            known.clock = clock;
        }
        known.lines += 1;
        known.read = now;
        Some(Found { time: known.time, span: date.0..date.1 })
    }

    /// Its pattern takes note of the lines whose date was known, and it is known no longer.
    pub(crate) fn settle(&mut self) {
        if let Some(known) = self.known.take()
            && let Some(last) = self.last
            && known.lines > 0
        {
            self.templates[last].take_known(known.lines, self.place.start, known.read);
        }
    }

    /// The last pattern's match, if it can stand at one end of the line only and has the shape of earlier ones: there is no
    /// better one. Reads no more of the line than the date.
    fn at_last_shape(&mut self, line: &[u8]) -> Option<(usize, Hit)> {
        let last = self.last?;
        Some((last, self.templates[last].read_shape(line, &mut self.stack)?))
    }

    /// The pattern to take, and where it matches.
    #[inline(never)]
    fn search(&mut self, seen: &Seen<'_>) -> Option<(usize, Hit)> {
        if !self.needs.are_met(seen) {
            return None;
        }
        self.settle();
        self.at_last_anchor(seen.text()).or_else(|| self.choose(seen))
    }

    /// The last pattern's match, if it can stand at one end of the line only.
    fn at_last_anchor(&mut self, line: &str) -> Option<(usize, Hit)> {
        let last = self.last?;
        let template = &mut self.templates[last];
        if !template.anchored {
            return None;
        }
        Some((last, template.search_start(line, &mut self.stack)?))
    }

    /// The pattern to take, and where it matches: the last one if it matches where it did, else the first in the list
    /// that matches no further right than it and the last one did, else the one that matches leftmost.
    fn choose(&mut self, seen: &Seen<'_>) -> Option<(usize, Hit)> {
        let line = seen.text();
        let mut best: Option<(usize, Hit, Fields)> = None;
        let mut tried = None;
        if let Some(last) = self.last {
            let part = if self.templates[last].anchored { None } else { self.place.again(line) };
            tried = part.is_none().then_some(last);
            let (from, till) = part.unwrap_or((0, line.len()));
            if !self.templates[last].anchored
                && let Some(hit) = self.templates[last].search(&line[..till], from, &mut self.stack)
            {
                if self.templates.len() == 1 || self.place.is_that_of(line, &hit) {
                    return Some((last, hit));
                }
                best = Some((last, hit, *self.stack.fields()));
            }
        }
        for index in (0..self.templates.len()).filter(|index| Some(*index) != tried) {
            if !self.templates[index].needs().are_met(seen) {
                continue;
            }
            let Some(hit) = self.templates[index].search(line, 0, &mut self.stack) else { continue };
            if self.wins(index, chars(line, hit.start)) {
                return Some((index, hit));
            }
            // Maybe in the message: look on for a date before it.
            if best.is_none_or(|(_, best, _)| hit.start < best.start) {
                best = Some((index, hit, *self.stack.fields()));
            }
        }
        let (index, hit, fields) = best?;
        *self.stack.fields() = fields;
        Some((index, hit))
    }

    /// Whether a match of the pattern so far from the line's start ends the search.
    fn wins(&self, index: usize, distance: usize) -> bool {
        let template = &self.templates[index];
        let Some(next) = self.templates.get(index + 1) else { return true };
        let settled = distance == 0 && template.hits > 0 && next.matches == 0;
        template.anchored || settled || distance <= template.distance && distance <= self.place.start
    }

    fn remember(&mut self, seen: &Seen<'_>, index: usize, hit: &Hit, now: Time) {
        let template = &mut self.templates[index];
        self.place = match hit.ascii {
            true => Place::at_start(hit.end),
            false => Place::of(seen.text(), hit, template.anchored),
        };
        template.take(1, self.place.start, now);
        if Some(index) != self.last {
            self.promote(index);
        }
    }

    /// Makes a pattern the last one. It may come to stand further in front.
    fn promote(&mut self, index: usize) {
        if self.first_unused == index {
            self.first_unused += 1;
        }
        self.last = Some(if index > 0 { self.bubble_up(index) } else { index });
    }

    /// Moves a pattern that was taken towards the front, if it is worth more than those it passes. Its new place.
    fn bubble_up(&mut self, index: usize) -> usize {
        let far = if self.first_unused < index { self.first_unused } else { index / 2 };
        let Some(to) = [far, index - 1].into_iter().find(|to| self.may_pass(index, *to)) else {
            return index;
        };
        self.templates[to..=index].rotate_right(1);
        while self.templates.get(self.first_unused).is_some_and(|template| template.hits > 0) {
            self.first_unused += 1;
        }
        to
    }

    fn may_pass(&self, index: usize, to: usize) -> bool {
        let (mover, passed) = (&self.templates[index], &self.templates[to]);
        mover.weight() > passed.weight() || mover.last_used - UNUSED > passed.last_used
    }
}

/// The moment of the date that was read last, at another time of its day. Apart from the way that most lines take.
#[inline(never)]
fn at_clock(clock: Clock, stack: &mut Stack, resolver: &mut Resolver, now: Time) -> Option<Time> {
    read_clock(clock, stack.fields())?;
    resolver.time(stack.fields(), now)
}

#[cfg(test)]
mod tests;
