//! Runs a [`Program`] over a line: backtracking, in the order in which Python tries things, within a budget.

mod back;
mod stack;

pub(super) use stack::Stack;

use stack::Retry;

use super::class::{Class, Wide};
use super::directive::Directive;
use super::fields::Slot;
use super::layout::Taken;
use super::program::{self, Op, Program, TwoDigits};
use super::{names, word};

pub(super) const AUDIT: &[u8] = b"audit(";

/// Where a pattern matched. What it read is in [`Stack::fields`] until the next search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    /// What is cut out of the line.
    pub(super) date: (usize, usize),
    /// It was read by the shape of earlier ones: it stands at the line's start, and is ASCII.
    pub(super) ascii: bool,
}

/// The steps do not match on this way.
pub(super) struct Stuck;

pub(super) struct Runner<'a> {
    pub(super) program: &'a Program,
    pub(super) text: &'a [u8],
    pub(super) stack: &'a mut Stack,
    /// Where to write down the steps that are taken.
    pub(super) taken: Option<&'a mut Vec<Taken>>,
}

impl Runner<'_> {
    pub(super) fn hit(&self, start: usize, end: usize) -> Hit {
        let (from, till) = self.stack.notes.date;
        Hit { start, end, date: (from as usize, till as usize), ascii: false }
    }

    /// Takes steps until the program is done. Where the match ends.
    pub(super) fn straight(&mut self, mut pc: usize, mut pos: usize) -> Result<usize, Stuck> {
        let program = self.program;
        loop {
            if let Some(taken) = &mut self.taken {
                taken.push(Taken { pc, at: pos, stuck: false, astray: false });
            }
            match program.ops[pc] {
                Op::Byte(byte) => {
                    pos = if self.text.get(pos) == Some(&byte) { pos + 1 } else { return Err(Stuck) }
                }
                Op::Class(class) => {
                    pos += program.classes[usize::from(class)].length(self.text, pos).ok_or(Stuck)?
                }
                Op::Run(run) => pos = self.run_of(pc, pos, &program.runs[usize::from(run)]).ok_or(Stuck)?,
                Op::Directive(directive) => pos = self.directive(pc, pos, directive).ok_or(Stuck)?,
                Op::TwoDigits(directive, two) => {
                    pos = self.two_digits(pc, pos, directive, two).ok_or(Stuck)?
                }
                Op::Clock(directive) => {
                    if self.clock(pos) {
                        (pc, pos) = (pc + 5, pos + 8);
                        continue;
                    }
                    pos = self.choose(pc, pos, directive, 0).ok_or(Stuck)?;
                }
                Op::Fraction => {
                    let digits =
                        self.text[pos..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
                    pos = if digits > 0 { pos + digits } else { return Err(Stuck) };
                }
                Op::Split { first, second } => {
                    pc = self.split(pos, first.into(), second.into());
                    continue;
                }
                Op::Jump(to) => {
                    pc = to.into();
                    continue;
                }
                Op::OpenDate => self.stack.notes.date = (pos as u32, pos as u32),
                Op::CloseDate => self.stack.notes.date.1 = pos as u32,
                Op::OpenMark(mark) => self.stack.notes.marks[usize::from(mark)] = (pos as u32, pos as u32),
                Op::CloseMark(mark) => self.stack.notes.marks[usize::from(mark)].1 = pos as u32,
                Op::Same(mark) => pos += self.same(pos, mark).ok_or(Stuck)?,
                Op::Done => return Ok(pos),
                condition => {
                    if !self.holds(condition, pos) {
                        return Err(Stuck);
                    }
                }
            }
            pc += 1;
        }
    }

    /// Whether a step that takes no text may be passed.
    #[inline]
    fn holds(&self, condition: Op, pos: usize) -> bool {
        match condition {
            Op::Start => pos == 0,
            Op::End => matches!(self.text[pos..], [] | [b'\n']),
            Op::Boundary => word::begins_with(&self.text[pos..]) != word::ends_with(&self.text[..pos]),
            Op::BeginWord => pos == 0 || self.edge(pos),
            Op::EndWord => pos == self.text.len() || self.edge(pos),
            Op::BeginEpoch => self.begins_epoch(pos),
            _ => true,
        }
    }

    /// The step to go on with.
    #[inline]
    fn split(&mut self, pos: usize, first: usize, second: usize) -> usize {
        if !self.enters(first, pos) {
            return second;
        }
        if self.enters(second, pos) {
            self.wait(second, pos, Retry::Here);
        }
        first
    }

    /// Whether the steps from `pc` may match here, as far as a look at the next two bytes tells.
    #[inline]
    fn enters(&self, pc: usize, pos: usize) -> bool {
        let next = self.text.get(pos);
        let program = self.program;
        if !program.peeks[pc].allows(next) {
            return false;
        }
        match program.ops[pc] {
            Op::Byte(_) => program.peeks[pc + 1].allows(self.text.get(pos + 1)),
            Op::Run(run) if program.runs[usize::from(run)].exact => {
                let has = |byte: &u8| !byte.is_ascii() || program.runs[usize::from(run)].class.has(*byte);
                let second = self.text.get(pos + 1);
                !next.is_some_and(has) || second.is_some_and(has) || program.peeks[pc + 1].allows(second)
            }
            Op::Directive(Directive::WeekdayName) => names::weekday(&self.text[pos..]).is_some(),
            _ => true,
        }
    }

    /// The length of the text that is the same as the marked one.
    fn same(&self, pos: usize, mark: u8) -> Option<usize> {
        let (from, till) = self.stack.notes.marks[usize::from(mark)];
        let marked = &self.text[from as usize..till as usize];
        self.text[pos..].starts_with(marked).then_some(marked.len())
    }

    #[inline]
    fn two_digits(&mut self, pc: usize, pos: usize, directive: Directive, two: TwoDigits) -> Option<usize> {
        if let Some(&[tens, ones]) = self.text.get(pos..pos + 2) {
            let tens = if two.blank && tens == b' ' { 0 } else { tens.wrapping_sub(b'0') };
            let ones = ones.wrapping_sub(b'0');
            let number = tens.wrapping_mul(10).wrapping_add(ones);
            if tens < 10 && ones < 10 && (two.least..=two.most).contains(&number) {
                self.stack.notes.fields.set(two.slot, number as i8);
                return Some(pos + 2);
            }
        }
        self.choose(pc, pos, directive, 0)
    }

    /// Reads `12:34:56` in one look. Texts of other lengths go the long way.
    #[inline]
    fn clock(&mut self, pos: usize) -> bool {
        let text = self.text.get(pos..pos + 8).and_then(|text| <[u8; 8]>::try_from(text).ok());
        let Some(text) = text else { return false };
        // Digits become 0 to 9 and colons 0; the sum's high bits say where something else stood.
        let lanes = u64::from_le_bytes(text) ^ 0x3030_3a30_303a_3030;
        let other = (lanes.wrapping_add(0x7676_7f76_767f_7676) | lanes) & 0x8080_8080_8080_8080;
        let lane = |at: u32| (lanes >> (8 * at)) as u8;
        let number = |at: u32| lane(at).wrapping_mul(10).wrapping_add(lane(at + 1));
        let (hour, minute, second) = (number(0), number(3), number(6));
        if other != 0 || hour > 23 || minute > 59 || second > 59 {
            return false;
        }
        let fields = &mut self.stack.notes.fields;
        fields.set(Slot::Hour, hour as i8);
        fields.set(Slot::Twelve, 0);
        fields.set(Slot::Minute, minute as i8);
        fields.set(Slot::Second, second as i8);
        true
    }

    #[inline]
    fn directive(&mut self, pc: usize, pos: usize, directive: Directive) -> Option<usize> {
        let text = &self.text[pos..];
        let fields = &mut self.stack.notes.fields;
        match directive {
            Directive::MonthName => fields.set(Slot::Month, names::month(text)?),
            Directive::WeekdayName => fields.set(Slot::Weekday, names::weekday(text)?),
            Directive::ExactYear => {
                let &[b'2', b'0', tens @ b'0'..=b'3', ones @ b'0'..=b'9', ..] = text else { return None };
                fields.year = 2000 + i16::from(tens - b'0') * 10 + i16::from(ones - b'0');
                return Some(pos + 4);
            }
            Directive::Year => {
                let year = text.get(..4).filter(|year| year.iter().all(u8::is_ascii_digit))?;
                directive.read(year, fields);
                return Some(pos + 4);
            }
            Directive::ShortYear => {
                let year = text.get(..2).filter(|year| year.iter().all(u8::is_ascii_digit))?;
                directive.read(year, fields);
                return Some(pos + 2);
            }
            _ => return self.choose(pc, pos, directive, 0),
        }
        Some(pos + 3)
    }

    /// Takes the directive's choice number `from`, or the first after it with which the rest may begin.
    fn choose(&mut self, pc: usize, pos: usize, directive: Directive, from: usize) -> Option<usize> {
        let choices = directive.choices(&self.text[pos..], self.program.ignore_case);
        let follow = &self.program.follows[pc];
        let after = |length: u8| self.text.get(pos + usize::from(length));
        let mut viable =
            (0_u32..).zip(choices.as_slice()).skip(from).filter(|(_, length)| follow.allows(after(**length)));
        let (_, length) = viable.next()?;
        let settled = self.program.closing[pc] && after(*length).is_none_or(u8::is_ascii);
        if let Some((index, _)) = viable.next()
            && !settled
        {
            self.wait(pc, pos, Retry::Choice(index));
        }
        let end = pos + usize::from(*length);
        directive.read(&self.text[pos..end], &mut self.stack.notes.fields);
        Some(end)
    }

    #[inline]
    fn run_of(&mut self, pc: usize, pos: usize, run: &program::Run) -> Option<usize> {
        if let Some(until) = run.until.filter(|_| run.exact && run.max == u32::MAX && run.min <= 1) {
            let text = &self.text[pos..];
            let length = memchr::memchr(until, text).unwrap_or(text.len());
            self.spend(length / 8);
            return (length >= run.min as usize).then_some(pos + length);
        }
        let (mut end, mut count, mut shortest) = (pos, 0, pos);
        while count < run.max
            && let Some(length) = run.class.length(self.text, end)
        {
            end += length;
            count += 1;
            if count == run.min {
                shortest = end;
            }
        }
        self.spend(count as usize);
        if count < run.min {
            return None;
        }
        if !run.exact && end > shortest {
            self.wait(pc, end, Retry::Shorter(shortest as u32));
        }
        Some(end)
    }

    fn spend(&mut self, work: usize) {
        self.stack.budget = self.stack.budget.saturating_sub(work);
    }

    fn char_before(&self, pos: usize) -> usize {
        self.text[..pos].iter().rposition(|byte| byte & 0xC0 != 0x80).unwrap_or(0)
    }

    /// Not between two characters of a word.
    #[inline]
    fn edge(&self, pos: usize) -> bool {
        !word::begins_with(&self.text[pos..]) || !word::ends_with(&self.text[..pos])
    }

    fn begins_epoch(&self, pos: usize) -> bool {
        let before = &self.text[..pos];
        let audit = || before.strip_suffix(AUDIT).is_some_and(|before| !word::ends_with(before));
        pos == 0 || before == b"[" || audit()
    }
}

impl Class {
    /// Whether an ASCII character belongs to the class.
    #[inline]
    fn has(self, byte: u8) -> bool {
        let half = if byte < 64 { self.ascii as u64 } else { (self.ascii >> 64) as u64 };
        half >> (byte & 63) & 1 == 1
    }

    /// The length of the character at `pos`, if it belongs to the class.
    #[inline]
    fn length(self, text: &[u8], pos: usize) -> Option<usize> {
        let byte = *text.get(pos)?;
        if byte.is_ascii() {
            return self.has(byte).then_some(1);
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
