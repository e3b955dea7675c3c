//! The shape of the last date, by which the next is read in one look.
//!
//! Lines of a log carry dates of one shape: day and month stay for hours, and only the clock's digits change. So the way
//! through a program that a line took is kept as the bytes that it saw. A line that has the same bytes but for the
//! digits of its clock and of its fraction takes the same way, as long as no step on it tells one digit from another.

mod witness;

use witness::{Step, Witness, steps};

use super::choices;
use super::directive::Directive;
use super::fields::{Fields, Slot};
use super::peek::Peek;
use super::program::{Op, Program};
use super::run::Hit;
use crate::masked::{Part, Word};

/// Words of eight bytes of which a shape is made. A longer date is read without one.
const WORDS: usize = 4;
/// A step that was taken, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) pc: usize,
    pub(super) at: usize,
    /// It did not match.
    pub(super) stuck: bool,
    /// It is on a way that led nowhere.
    pub(super) astray: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The date begins after the first of this byte, else at the line's start.
    after: Option<u8>,
    words: [Word; WORDS],
    /// The same where what was seen behind the date is the line's own; `None` if the shape has no clock at the line's start.
    again: Option<[Word; WORDS]>,
    digits: Digits,
    /// Relative to where the shape begins; the match's start is the line's.
    end: usize,
    date: (usize, usize),
    looks: Vec<Look>,
    fields: Fields,
}

/// The beginning of a line, as that of the next which carries the same date but for its time of day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Again {
    words: [Word; WORDS],
    date: (usize, usize),
    /// Where the time of day stands.
    clock: usize,
}

/// `12:34:56`, of which the digits are known to be some.
pub(super) type Clock = [u8; 8];

/// What the variable digits mean.
#[derive(Clone, Copy, Debug)]
enum Digits {
    /// `12:34:56` from here.
    Clock(usize),
    /// A count of seconds, from here to there.
    Epoch(usize, usize),
}

/// A byte behind the date must be one of these.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: usize,
    peek: Peek,
}

impl Layout {
    /// The shape of a date that `program` read in `text`, by the steps in `taken`. `None` if a line of the same shape could
    /// mean something else.
    pub(super) fn learn(
        program: &Program,
        text: &[u8],
        taken: &[Taken],
        hit: &Hit,
        fields: &Fields,
    ) -> Option<Self> {
        let (after, base) = beginning(program, taken)?;
        let variable = variable(program, taken);
        let digits = variable.iter().find_map(|span| span.meaning(base))?;
        let mut witness =
            Witness { program, text, base, end: hit.end, variable: &variable, looks: Vec::new() };
        for step in steps(taken) {
            match step.taken {
                Taken { astray: true, .. } => witness.check_astray(step)?,
                Taken { at, .. } if at >= base => witness.check(step)?,
                _ => {}
            }
        }
        let looks = witness.looks;
        let (shape, end) = (text.get(base..)?, hit.end - base);
        let variable = |at: usize| {
            let span = variable.iter().find(|span| span.holds(base + at))?;
            shape.get(at).filter(|byte| byte.is_ascii_digit()).map(|_| span.kind)
        };
        let words = words(shape, end, |at| if variable(at).is_some() { Part::Digit } else { Part::Same })?;
        let seen = |at: usize| at < end || looks.iter().any(|look| look.at == at);
        let part = |at: usize| match variable(at) {
            _ if !seen(at) => Part::Any,
            Some(_) => Part::Digit,
            None => Part::Same,
        };
        let has_clock = matches!(digits, Digits::Clock(_)) && after.is_none();
        let reach = looks.iter().map(|look| look.at + 1).fold(end, usize::max);
        let again = if has_clock { self::words(shape, reach, part) } else { None };
        let date = (hit.date.0.checked_sub(base)?, hit.date.1.checked_sub(base)?);
        let ascii = text.get(base..hit.end)?.is_ascii();
        (hit.start == 0 && ascii).then_some(Self {
            after,
            words,
            again,
            digits,
            end,
            date,
            looks,
            fields: *fields,
        })
    }

    /// The date of a line of this shape.
    #[inline]
    pub(super) fn read(&self, text: &[u8], fields: &mut Fields) -> Option<Hit> {
        let (base, text) = self.look(text)?;
        *fields = self.fields;
        match self.digits {
            Digits::Clock(at) => read_clock(*text.get(at..)?.first_chunk()?, fields)?,
            Digits::Epoch(from, till) => fields.epoch = choices::epoch_micros(text.get(from..till)?, false),
        }
        let date = (base + self.date.0, base + self.date.1);
        Some(Hit { start: 0, end: base + self.end, date, ascii: base == 0 })
    }

    /// By what the lines are known that carry the same date as this one, in which `hit` is that, but for its time of day;
    /// `None` if this one is not of the shape.
    pub(super) fn again(&self, text: &[u8], hit: &Hit) -> Option<Again> {
        let (again, Digits::Clock(clock)) = (self.again?, self.digits) else { return None };
        if !hit.ascii && self.look(text).is_none() {
            return None;
        }
        // Behind a line's end zeros are compared, which must be nothing that was seen.
        if self.looks.iter().any(|look| text.get(look.at).is_none_or(|byte| *byte == 0)) {
            return None;
        }
        let chunks = beginning_of(text);
        Some(Again { words: std::array::from_fn(|at| again[at].with(chunks[at])), date: self.date, clock })
    }

    /// Where the shape begins in a line that has it, and the line from there on.
    #[inline]
    fn look<'t>(&self, text: &'t [u8]) -> Option<(usize, &'t [u8])> {
        let base = match self.after {
            None => 0,
            Some(byte) => memchr::memchr(byte, text)? + 1,
        };
        let text = &text[base..];
        let same =
            fits(&self.words, text) && self.looks.iter().all(|look| look.peek.allows(text.get(look.at)));
        same.then_some((base, text))
    }
}

impl Again {
    /// The date's place in a line that carries it, and its time of day.
    #[inline]
    pub(super) fn date_in(&self, text: &[u8]) -> Option<((usize, usize), Clock)> {
        if fits(&self.words, text) { Some((self.date, self.clock_of(text)?)) } else { None }
    }

    /// The time of day in a line that carries the date.
    #[inline]
    pub(super) fn clock_of(&self, text: &[u8]) -> Option<Clock> {
        text.get(self.clock..)?.first_chunk().copied()
    }
}

#[inline]
fn fits(words: &[Word; WORDS], text: &[u8]) -> bool {
    let chunks = beginning_of(text);
    (0..WORDS).fold(0, |other, at| other | words[at].differs(chunks[at])) == 0
}

/// Reads digits as a time of day, if they are one.
#[inline]
pub(super) fn read_clock(clock: Clock, fields: &mut Fields) -> Option<()> {
    let number = |at: usize| (clock[at] - b'0') as i8 * 10 + (clock[at + 1] - b'0') as i8;
    let (hour, minute, second) = (number(0), number(3), number(6));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    fields.set(Slot::Hour, hour);
    fields.set(Slot::Minute, minute);
    fields.set(Slot::Second, second);
    Some(())
}

/// Digits that may be others in the next line.
#[derive(Clone, Copy)]
struct Variable {
    from: usize,
    till: usize,
    kind: VariableKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum VariableKind {
    Clock,
    Fraction,
    Epoch,
}

impl Variable {
    fn meaning(&self, base: usize) -> Option<Digits> {
        let from = self.from.checked_sub(base)?;
        match self.kind {
            VariableKind::Clock => Some(Digits::Clock(from)),
            VariableKind::Epoch => Some(Digits::Epoch(from, self.till - base)),
            VariableKind::Fraction => None,
        }
    }

    fn holds(&self, at: usize) -> bool {
        (self.from..self.till).contains(&at)
    }
}

/// The byte after which the shape begins, and where that is in this line.
fn beginning(program: &Program, taken: &[Taken]) -> Option<(Option<u8>, usize)> {
    let [start, first, second, Taken { at: base, .. }, ..] = *taken else { return None };
    if !matches!(program.ops[start.pc], Op::Start) || first.at > 0 {
        return None;
    }
    match (program.ops[first.pc], program.ops[second.pc]) {
        (Op::Run(run), Op::Byte(byte)) if program.runs[usize::from(run)].is_all_until(byte) => {
            Some((Some(byte), base))
        }
        _ => Some((None, 0)),
    }
}

fn variable(program: &Program, taken: &[Taken]) -> Vec<Variable> {
    let kind = |step: Step| match program.ops[step.taken.pc] {
        Op::Clock(_) if step.next.pc == step.taken.pc + 5 => Some(VariableKind::Clock),
        Op::Fraction => Some(VariableKind::Fraction),
        Op::Directive(Directive::Epoch) => Some(VariableKind::Epoch),
        _ => None,
    };
    let span = |step: Step| kind(step).map(|kind| Variable { from: step.taken.at, till: step.next.at, kind });
    steps(taken).filter(|step| !step.taken.stuck).filter_map(span).collect()
}

/// The first bytes of a text, zeros after a short one.
#[inline]
fn beginning_of(text: &[u8]) -> [[u8; 8]; WORDS] {
    match text.as_chunks().0.first_chunk() {
        Some(chunks) => *chunks,
        None => {
            let mut chunks = [[0; 8]; WORDS];
            let bytes = chunks.as_flattened_mut();
            let length = text.len().min(bytes.len());
            bytes[..length].copy_from_slice(&text[..length]);
            chunks
        }
    }
}

/// Words of the bytes before `end`, each of which is what `part` says. `None` if there are too many.
fn words(text: &[u8], end: usize, part: impl Fn(usize) -> Part) -> Option<[Word; WORDS]> {
    let chunks = beginning_of(text);
    let part = |at| if at < end { part(at) } else { Part::Any };
    let word = |index: usize| Word::of(chunks[index], |lane| part(index * 8 + lane));
    (end <= WORDS * 8).then(|| std::array::from_fn(word))
}

#[cfg(test)]
mod tests;
