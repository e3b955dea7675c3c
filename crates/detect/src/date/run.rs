//! Runs a [`Program`] over a line: backtracking, in the order in which Python tries things, within a budget.

use super::directive::Directive;
use super::fields::Fields;
use super::parse::{Class, MARKS, Wide};
use super::program::{Op, Program};
use super::word;

/// Alternatives that may wait at a time.
const WAITING: usize = 2_000;
/// Alternatives that may be tried in a line, and more for each byte of it.
const BUDGET: usize = 20_000;
const BUDGET_PER_BYTE: usize = 8;

/// Where a pattern matched, and what it read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    /// What is cut out of the line.
    pub(super) date: (usize, usize),
    pub(super) fields: Fields,
}

/// What is known so far on one way through a program.
#[derive(Clone, Copy, Debug)]
struct Notes {
    fields: Fields,
    date: (usize, usize),
    marks: [(usize, usize); MARKS],
}

/// Another way to go on.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    pc: usize,
    pos: usize,
    retry: Retry,
    notes: Notes,
}

#[derive(Clone, Copy, Debug)]
enum Retry {
    Here,
    /// The run's characters, down to this position.
    Shorter(usize),
    /// The directive's choice of this number.
    Choice(usize),
}

/// Memory that is used again from line to line.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    waiting: Vec<Waiting>,
    budget: usize,
}

impl Program {
    /// The first match in `text` that starts at `from` or later. Nothing, too, when looking for it takes too long.
    pub(super) fn search(&self, text: &str, from: usize, stack: &mut Stack) -> Option<Hit> {
        stack.budget = BUDGET + text.len() * BUDGET_PER_BYTE;
        if self.at_start {
            return if from == 0 { self.run(text, 0, stack) } else { None };
        }
        let bytes = text.as_bytes();
        let first = &self.peeks[0];
        let mut at = from;
        loop {
            let next = bytes.get(at);
            let inside_char = next.is_some_and(|byte| byte & 0xC0 == 0x80);
            if !inside_char
                && first.allows(next)
                && let Some(hit) = self.run(text, at, stack)
            {
                return Some(hit);
            }
            if next.is_none() || stack.budget == 0 {
                return None;
            }
            at += 1;
        }
    }

    /// Matches at `start`.
    fn run(&self, text: &str, start: usize, stack: &mut Stack) -> Option<Hit> {
        stack.waiting.clear();
        let mut run = Run { program: self, text: text.as_bytes(), stack, notes: Notes::NONE };
        let (mut pc, mut pos) = (0, start);
        loop {
            match run.step(pc, pos) {
                Step::Next(at) => (pc, pos) = (pc + 1, at),
                Step::Go(to) => pc = to,
                Step::Fail => (pc, pos) = run.back()?,
                Step::Done => {
                    let Notes { fields, date, .. } = run.notes;
                    return Some(Hit { start, end: pos, date, fields });
                }
            }
        }
    }
}

impl Notes {
    const NONE: Self = Self { fields: Fields::NONE, date: (0, 0), marks: [(0, 0); MARKS] };
}

enum Step {
    /// To the next step, at this position.
    Next(usize),
    /// To that step, at the same position.
    Go(usize),
    Fail,
    Done,
}

impl Step {
    fn when(holds: bool, pos: usize) -> Self {
        if holds { Self::Next(pos) } else { Self::Fail }
    }
}

struct Run<'a> {
    program: &'a Program,
    text: &'a [u8],
    stack: &'a mut Stack,
    notes: Notes,
}

impl Run<'_> {
    #[inline]
    fn step(&mut self, pc: usize, pos: usize) -> Step {
        match self.program.ops[pc] {
            Op::Byte(byte) => Step::when(self.text.get(pos) == Some(&byte), pos + 1),
            Op::Class(class) => {
                class.length(self.text, pos).map_or(Step::Fail, |length| Step::Next(pos + length))
            }
            Op::Run { class, min, max, exact } => self.run_of(pc, pos, class, (min, max), exact),
            Op::Directive(directive) => self.choose(pc, pos, directive, 0),
            Op::Split { first, second } => self.split(pos, first, second),
            Op::Jump(to) => Step::Go(to),
            Op::OpenDate => {
                self.notes.date = (pos, pos);
                Step::Next(pos)
            }
            Op::CloseDate => {
                self.notes.date.1 = pos;
                Step::Next(pos)
            }
            Op::OpenMark(mark) => {
                self.notes.marks[mark] = (pos, pos);
                Step::Next(pos)
            }
            Op::CloseMark(mark) => {
                self.notes.marks[mark].1 = pos;
                Step::Next(pos)
            }
            Op::Same(mark) => self.same(pos, mark),
            Op::Start => Step::when(pos == 0, pos),
            Op::End => Step::when(matches!(self.text[pos..], [] | [b'\n']), pos),
            Op::Boundary => Step::when(self.boundary(pos), pos),
            Op::BeginWord => Step::when(pos == 0 || self.edge(pos), pos),
            Op::EndWord => Step::when(pos == self.text.len() || self.edge(pos), pos),
            Op::BeginEpoch => Step::when(self.begins_epoch(pos), pos),
            Op::Done => Step::Done,
        }
    }

    fn split(&mut self, pos: usize, first: usize, second: usize) -> Step {
        let next = self.text.get(pos);
        if !self.program.peeks[first].allows(next) {
            return Step::Go(second);
        }
        if self.program.peeks[second].allows(next) {
            self.wait(second, pos, Retry::Here);
        }
        Step::Go(first)
    }

    fn same(&self, pos: usize, mark: usize) -> Step {
        let (from, to) = self.notes.marks[mark];
        Step::when(self.text[pos..].starts_with(&self.text[from..to]), pos + to - from)
    }

    /// Takes the directive's choice number `from`, or the first after it with which the rest may begin.
    fn choose(&mut self, pc: usize, pos: usize, directive: Directive, from: usize) -> Step {
        let choices = directive.choices(&self.text[pos..], self.program.ignore_case);
        let follow = &self.program.follows[pc];
        let mut viable = (from..)
            .zip(&choices.as_slice()[from..])
            .filter(|(_, length)| follow.allows(self.text.get(pos + usize::from(**length))));
        let Some((_, length)) = viable.next() else { return Step::Fail };
        if let Some((index, _)) = viable.next() {
            self.wait(pc, pos, Retry::Choice(index));
        }
        let end = pos + usize::from(*length);
        directive.read(&self.text[pos..end], &mut self.notes.fields);
        Step::Next(end)
    }

    fn run_of(&mut self, pc: usize, pos: usize, class: Class, (min, max): (u32, u32), exact: bool) -> Step {
        let (mut end, mut count, mut shortest) = (pos, 0, pos);
        while count < max
            && let Some(length) = class.length(self.text, end)
        {
            end += length;
            count += 1;
            if count == min {
                shortest = end;
            }
        }
        if count < min {
            return Step::Fail;
        }
        if !exact && end > shortest {
            self.wait(pc, end, Retry::Shorter(shortest));
        }
        Step::Next(end)
    }

    /// Puts another way aside. When too many wait, the line is given up.
    fn wait(&mut self, pc: usize, pos: usize, retry: Retry) {
        if self.stack.waiting.len() == WAITING {
            self.stack.budget = 0;
        } else {
            self.stack.waiting.push(Waiting { pc, pos, retry, notes: self.notes });
        }
    }

    /// Goes back to the last way that was put aside.
    fn back(&mut self) -> Option<(usize, usize)> {
        loop {
            let waiting = self.stack.waiting.pop()?;
            self.stack.budget = self.stack.budget.checked_sub(1)?;
            self.notes = waiting.notes;
            let Waiting { pc, pos, .. } = waiting;
            match waiting.retry {
                Retry::Here => return Some((pc, pos)),
                Retry::Choice(from) => {
                    if let Op::Directive(directive) = self.program.ops[pc]
                        && let Step::Next(end) = self.choose(pc, pos, directive, from)
                    {
                        return Some((pc + 1, end));
                    }
                }
                Retry::Shorter(shortest) => {
                    let end = self.char_before(pos);
                    if end > shortest {
                        self.wait(pc, end, waiting.retry);
                    }
                    return Some((pc + 1, end));
                }
            }
        }
    }

    fn char_before(&self, pos: usize) -> usize {
        self.text[..pos].iter().rposition(|byte| byte & 0xC0 != 0x80).unwrap_or(0)
    }

    /// Not between two characters of a word.
    #[inline]
    fn edge(&self, pos: usize) -> bool {
        !word::begins_with(&self.text[pos..]) || !word::ends_with(&self.text[..pos])
    }

    fn boundary(&self, pos: usize) -> bool {
        word::begins_with(&self.text[pos..]) != word::ends_with(&self.text[..pos])
    }

    fn begins_epoch(&self, pos: usize) -> bool {
        let before = &self.text[..pos];
        let audit = || before.strip_suffix(b"audit(").is_some_and(|before| !word::ends_with(before));
        pos == 0 || before == b"[" || audit()
    }
}

impl Class {
    /// The length of the character at `pos`, if it belongs to the class.
    #[inline]
    fn length(self, text: &[u8], pos: usize) -> Option<usize> {
        let byte = *text.get(pos)?;
        if byte.is_ascii() {
            return (self.ascii >> byte & 1 == 1).then_some(1);
        }
        let char = word::first(&text[pos..])?;
        let belongs = match self.wide {
            Wide::None => false,
            Wide::All => true,
            Wide::Word => word::is_word(char),
            Wide::NotWord => !word::is_word(char),
            Wide::Space => word::is_space(char),
            Wide::NotSpace => !word::is_space(char),
        };
        belongs.then(|| char.len_utf8())
    }
}
