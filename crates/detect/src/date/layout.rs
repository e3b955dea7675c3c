//! The shape of the last date, by which the next is read in one look.
//!
//! Lines of a log carry dates of one shape: day and month stay for hours, and only the clock's digits change. So the way
//! through a program that a line took is kept as the bytes that it saw. A line that has the same bytes but for the
//! digits of its clock and of its fraction takes the same way, as long as no step on it tells one digit from another.

mod witness;

use witness::{TakenStep, Witness, steps};

use super::choices;
use super::directive::Directive;
use super::fields::{Fields, Slot};
use super::peek::Peek;
use super::program::{Op, Program};
use super::run::Hit;

/// Words of eight bytes of which a shape is made. A longer date is read without one.
const WORDS: usize = 4;
/// A step that was taken, and where.
pub(super) type Taken = (usize, usize);

#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The date begins after the first of this byte, else at the line's start.
    after: Option<u8>,
    words: [Word; WORDS],
    digits: Digits,
    /// Relative to where the shape begins; the match's start is the line's.
    end: usize,
    date: (usize, usize),
    looks: Vec<Look>,
    fields: Fields,
}

/// What the variable digits mean.
#[derive(Clone, Copy, Debug)]
enum Digits {
    /// `12:34:56` from here.
    Clock(usize),
    /// A count of seconds, from here to there.
    Epoch(usize, usize),
}

/// Eight bytes: those that are the same in each line, and those that are digits.
#[derive(Clone, Copy, Debug)]
struct Word {
    text: u64,
    same: u64,
    digits: u64,
}

/// A byte behind the date must be one of these.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: usize,
    peek: Peek,
}

impl Layout {
    /// The shape of a date that `program` read in `text`, by the steps in `taken`, of which none was a step back or left
    /// another way open. `None` if a line of the same shape could mean something else.
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
        for step in steps(taken).filter(|step| step.at >= base) {
            witness.check(step)?;
        }
        let looks = witness.looks;
        let words = words(text.get(base..)?, base, hit.end, &variable)?;
        let date = (hit.date.0.checked_sub(base)?, hit.date.1.checked_sub(base)?);
        let ascii = text.get(base..hit.end)?.is_ascii();
        (hit.start == 0 && ascii).then(|| Self {
            after,
            words,
            digits,
            end: hit.end - base,
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
            Digits::Clock(at) => read_clock(text.get(at..at + 8)?, fields)?,
            Digits::Epoch(from, till) => fields.epoch = choices::epoch_micros(text.get(from..till)?, false),
        }
        let date = (base + self.date.0, base + self.date.1);
        Some(Hit { start: 0, end: base + self.end, date, ascii: base == 0 })
    }

    /// The clock's text, and the date's place, in a line that begins with this shape. Lines with the same clock have the
    /// same date, but for a fraction.
    #[inline]
    pub(super) fn clock(&self, text: &[u8]) -> Option<([u8; 8], (usize, usize))> {
        let (Digits::Clock(at), None) = (self.digits, self.after) else { return None };
        let (_, text) = self.look(text)?;
        Some((*text.get(at..)?.first_chunk()?, self.date))
    }

    /// Where the shape begins in a line that has it, and the line from there on.
    #[inline]
    fn look<'t>(&self, text: &'t [u8]) -> Option<(usize, &'t [u8])> {
        let base = match self.after {
            None => 0,
            Some(byte) => memchr::memchr(byte, text)? + 1,
        };
        let text = &text[base..];
        let chunks = beginning_of(text);
        let other = (0..WORDS).fold(0, |other, at| other | self.words[at].other(chunks[at]));
        let same = other == 0 && self.looks.iter().all(|look| look.peek.allows(text.get(look.at)));
        same.then_some((base, text))
    }
}

/// Reads digits as a time of day, if they are one.
#[inline]
fn read_clock(clock: &[u8], fields: &mut Fields) -> Option<()> {
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

impl Word {
    /// Not zero where the bytes are not of this shape.
    #[inline]
    fn other(self, chunk: [u8; 8]) -> u64 {
        let text = u64::from_le_bytes(chunk);
        // Digits become 0 to 9: the high bits of the sum say where something else stood.
        let digits = (text ^ 0x3030_3030_3030_3030) & self.digits;
        let high =
            (digits.wrapping_add(0x7676_7676_7676_7676 & self.digits) | digits) & 0x8080_8080_8080_8080;
        (text ^ self.text) & self.same | high
    }
}

/// Digits that may be others in the next line.
#[derive(Clone, Copy)]
struct Variable {
    from: usize,
    till: usize,
    kind: VariableKind,
}

#[derive(Clone, Copy)]
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
    let [(start, 0), (first, 0), (second, _), (_, base), ..] = *taken else { return None };
    if !matches!(program.ops[start], Op::Start) {
        return None;
    }
    match (program.ops[first], program.ops[second]) {
        (Op::Run(run), Op::Byte(byte)) if program.runs[usize::from(run)].is_all_until(byte) => {
            Some((Some(byte), base))
        }
        _ => Some((None, 0)),
    }
}

fn variable(program: &Program, taken: &[Taken]) -> Vec<Variable> {
    let kind = |step: TakenStep| match program.ops[step.pc] {
        Op::Clock(_) if step.next.0 == step.pc + 5 => Some(VariableKind::Clock),
        Op::Fraction => Some(VariableKind::Fraction),
        Op::Directive(Directive::Epoch) => Some(VariableKind::Epoch),
        _ => None,
    };
    let span = |step: TakenStep| kind(step).map(|kind| Variable { from: step.at, till: step.next.1, kind });
    steps(taken).filter_map(span).collect()
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

/// The bytes from the shape's beginning to `end`. `None` if there are too many.
fn words(text: &[u8], base: usize, end: usize, variable: &[Variable]) -> Option<[Word; WORDS]> {
    if end - base > WORDS * 8 {
        return None;
    }
    let chunks = beginning_of(text);
    let word = |index: usize| {
        let chunk = chunks[index];
        let at = |lane: usize| base + index * 8 + lane;
        let is_variable = |at: usize| variable.iter().any(|span| span.holds(at));
        let mask = |wanted: &dyn Fn(usize, u8) -> bool| {
            u64::from_le_bytes(std::array::from_fn(
                |lane| if wanted(at(lane), chunk[lane]) { 0xff } else { 0 },
            ))
        };
        Word {
            text: u64::from_le_bytes(chunk),
            same: mask(&|at, byte| at < end && !(is_variable(at) && byte.is_ascii_digit())),
            digits: mask(&|at, byte| at < end && is_variable(at) && byte.is_ascii_digit()),
        }
    };
    Some(std::array::from_fn(word))
}

#[cfg(test)]
mod tests;
