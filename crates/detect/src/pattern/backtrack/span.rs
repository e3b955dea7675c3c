//! Quantifiers over single characters: one instruction, not one turn of a loop for each character.

use super::machine::{Flow, Machine, Step};
use super::place;
use super::program::{MANY, Pc, Probe, Span};
use super::scratch::Frame;
use crate::pattern::ast::Mode;

/// Characters that cost as much as one step.
const CHARS_A_STEP: usize = 16;

impl Machine<'_> {
    pub(super) fn probe(&self, probe: &Probe, pos: usize) -> bool {
        let found = place::back(self.text, pos, probe.behind).is_some_and(|start| {
            let step = |at, set: &u16| self.program.sets[usize::from(*set)].step(self.text, at);
            probe.sets.iter().try_fold(start, step).is_some()
        });
        found != probe.negative
    }

    pub(super) fn span(&mut self, pc: Pc, span: &Span, pos: usize) -> Step {
        let Some(low) = self.take_exactly(span, pos) else { return Ok(Flow::Fail) };
        let left = if span.max == MANY { MANY } else { span.max - span.min };
        // Without a bound each place that the span reaches is a choice that does not depend on where it began.
        if span.max != MANY && self.seen(pc, pos) {
            return Ok(Flow::Fail);
        }
        if span.mode == Mode::Lazy && !span.runs_out {
            return self.leave_or_take(pc, span, low, left);
        }
        let (end, seen) = match span.max {
            MANY if self.scratch.memo.is_on() => self.take_unseen(pc, span, low),
            _ => (self.take(span, low, left), false),
        };
        self.charge((end - pos) / CHARS_A_STEP)?;
        match span.runs_out || span.mode == Mode::Possessive {
            true if seen => Ok(Flow::Fail),
            true => Ok(self.leave(pc, span, end)),
            false => self.back_off(pc, span, low, if seen { end } else { end + 1 }),
        }
    }

    pub(super) fn more_lazy(&mut self, pc: Pc, span: &Span, pos: usize, left: u32) -> Step {
        match self.take_one(span, pos) {
            Some(pos) => self.leave_or_take(pc, span, pos, one_less(left)),
            None => Ok(Flow::Fail),
        }
    }

    /// Leave a greedy span at the last good place from `low` up to but not including `high`.
    pub(super) fn back_off(&mut self, pc: Pc, span: &Span, low: usize, high: usize) -> Step {
        let good = |pos: &usize| self.guard(span, *pos) && self.text.is_char_boundary(*pos);
        let Some(pos) = (low..high).rev().find(good) else {
            self.charge(high.saturating_sub(low) / CHARS_A_STEP)?;
            return Ok(Flow::Fail);
        };
        self.charge((high - pos) / CHARS_A_STEP)?;
        if pos > low {
            self.push(Frame::Greedy { pc, low: low as u32, high: pos as u32 })?;
        }
        Ok(Flow::Go(pc + 1, pos))
    }

    /// Leave a lazy span at the first good place.
    fn leave_or_take(&mut self, pc: Pc, span: &Span, start: usize, mut left: u32) -> Step {
        let mut pos = start;
        loop {
            if span.max == MANY && self.seen(pc, pos) {
                return Ok(Flow::Fail);
            }
            if self.guard(span, pos) {
                break;
            }
            match self.take_one(span, pos) {
                Some(next) if left > 0 => pos = next,
                _ => return Ok(Flow::Fail),
            }
            left = one_less(left);
        }
        self.charge((pos - start) / CHARS_A_STEP)?;
        if left > 0 {
            self.push(Frame::Lazy { pc, pos: pos as u32, left })?;
        }
        Ok(Flow::Go(pc + 1, pos))
    }

    fn leave(&self, pc: Pc, span: &Span, pos: usize) -> Flow {
        if self.guard(span, pos) { Flow::Go(pc + 1, pos) } else { Flow::Fail }
    }

    /// Whether what comes after the span can begin here.
    #[inline]
    fn guard(&self, span: &Span, pos: usize) -> bool {
        let bytes = self.text.as_bytes();
        self.program.guards[usize::from(span.guard)].allows(bytes.get(pos))
            && span.then.is_none_or(|(start, end)| {
                bytes[pos..].starts_with(&self.program.bytes[start as usize..end as usize])
            })
    }

    #[inline]
    fn take_one(&self, span: &Span, pos: usize) -> Option<usize> {
        if span.probe.is_some_and(|probe| !self.probe(&self.program.probes[usize::from(probe)], pos)) {
            return None;
        }
        self.program.sets[usize::from(span.set)].step(self.text, pos)
    }

    fn take_exactly(&self, span: &Span, pos: usize) -> Option<usize> {
        (0..span.min).try_fold(pos, |pos, _| self.take_one(span, pos))
    }

    /// As far as it goes, `left` characters at most.
    fn take(&self, span: &Span, pos: usize, mut left: u32) -> usize {
        let mut end = pos;
        if span.probe.is_none() {
            end = self.take_ascii(span, pos, left);
            // As many characters as bytes, so far.
            left = if left == MANY { MANY } else { left - (end - pos) as u32 };
        }
        while left > 0
            && let Some(next) = self.take_one(span, end)
        {
            end = next;
            left = one_less(left);
        }
        end
    }

    /// The plain and quick part of [`Self::take`]: no look-around, and up to the first character beyond ASCII.
    fn take_ascii(&self, span: &Span, pos: usize, left: u32) -> usize {
        let set = &self.program.sets[usize::from(span.set)];
        let rest = &self.text.as_bytes()[pos..];
        if left == MANY && set.all_but_newline() {
            return memchr::memchr(b'\n', rest).map_or(self.text.len(), |newline| pos + newline);
        }
        let most = rest.len().min(left as usize);
        let is_member = |byte: &u8| byte.is_ascii() && set.contains_ascii(*byte);
        pos + rest[..most].iter().position(|byte| !is_member(byte)).unwrap_or(most)
    }

    /// As far as it goes, or up to a place that it has reached before (then `true`): all that follows from there has
    /// been tried, and failed.
    fn take_unseen(&mut self, pc: Pc, span: &Span, pos: usize) -> (usize, bool) {
        let mut end = pos;
        loop {
            if self.seen(pc, end) {
                return (end, true);
            }
            match self.take_one(span, end) {
                Some(next) => end = next,
                None => return (end, false),
            }
        }
    }
}

fn one_less(left: u32) -> u32 {
    if left == MANY { MANY } else { left.saturating_sub(1) }
}
