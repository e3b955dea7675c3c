//! The machine: runs a program from one place, and goes back to the last choice when there is no way on.

use super::place;
use super::program::{Inst, Key, Pc, Program, Span};
use super::scratch::{Frame, NONE, Scratch};
use crate::pattern::unicode;
use crate::pattern::{Groups, Overrun};

/// Steps for a search, and more for each byte of the text: a long line is no catastrophe.
const BASE_STEPS: usize = 100_000;
const STEPS_A_BYTE: usize = 4;
/// So many steps into a search the memo is worth its cost.
const STEPS_WITHOUT_MEMO: usize = 500;

/// What an instruction leads to.
pub(super) enum Flow {
    Go(Pc, usize),
    Fail,
    Matched(usize),
}

pub(super) type Step = Result<Flow, Overrun>;

impl Program {
    /// See [`Pattern::search`](crate::pattern::Pattern::search).
    pub(in crate::pattern) fn search(
        &self,
        text: &str,
        from: usize,
        groups: &mut Groups,
    ) -> Result<bool, Overrun> {
        self.search_with_memo_after(STEPS_WITHOUT_MEMO, text, from, groups)
    }

    /// What can be told before anything is set up; most patterns are anchored, and most lines are not theirs.
    fn is_hopeless(&self, text: &str, from: usize) -> bool {
        self.anchored
            && (from > 0 || !text.starts_with(&*self.prefix) || !self.first.allows(text.as_bytes().first()))
    }

    /// With the memo from so many steps on.
    pub(super) fn search_with_memo_after(
        &self,
        steps: usize,
        text: &str,
        from: usize,
        groups: &mut Groups,
    ) -> Result<bool, Overrun> {
        let scratch = &mut groups.scratch;
        if self.is_hopeless(text, from) {
            scratch.slots.clear();
            return Ok(false);
        }
        scratch.begin(self.slot_count);
        let result = match u32::try_from(text.len()) {
            Ok(length) if length < NONE => Machine::new(self, text, scratch, steps).search(from),
            _ => Err(Overrun),
        };
        scratch.end(if result == Ok(true) { 2 * (self.group_count + 1) } else { 0 });
        result
    }
}

pub(super) struct Machine<'a> {
    pub(super) program: &'a Program,
    pub(super) text: &'a str,
    pub(super) scratch: &'a mut Scratch,
    /// Until the memo is turned on, or until the end.
    steps: usize,
    /// After the memo is turned on.
    reserve: usize,
}

impl<'a> Machine<'a> {
    fn new(program: &'a Program, text: &'a str, scratch: &'a mut Scratch, steps: usize) -> Machine<'a> {
        let reserve = BASE_STEPS + STEPS_A_BYTE * text.len();
        Machine { program, text, scratch, steps, reserve }
    }

    fn search(&mut self, from: usize) -> Result<bool, Overrun> {
        let mut start = from;
        while let Some(at) = self.candidate(start) {
            if self.attempt(at)? {
                return Ok(true);
            }
            if self.program.anchored {
                break;
            }
            self.scratch.clear();
            start = at + self.text[at..].chars().next().map_or(1, char::len_utf8);
        }
        Ok(false)
    }

    /// The next place where a match can begin.
    fn candidate(&self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let rest = bytes.get(start..)?;
        if self.program.anchored {
            return (start == 0).then_some(0);
        }
        if let Some(byte) = self.program.first_byte {
            return memchr::memchr(byte, rest).map(|offset| start + offset);
        }
        let good =
            |pos: &usize| self.program.first.allows(bytes.get(*pos)) && self.text.is_char_boundary(*pos);
        (start..=bytes.len()).find(good)
    }

    fn attempt(&mut self, start: usize) -> Result<bool, Overrun> {
        self.scratch.slots[0] = start as u32;
        let (mut pc, mut pos) = (0, start);
        loop {
            self.charge(1)?;
            let mut flow = self.step(pc, pos)?;
            while let Flow::Fail = flow {
                let Some(frame) = self.scratch.stack.pop() else { return Ok(false) };
                self.charge(1)?;
                flow = self.resume(frame)?;
            }
            match flow {
                Flow::Go(next, at) => (pc, pos) = (next, at),
                Flow::Matched(end) => {
                    self.scratch.slots[1] = end as u32;
                    return Ok(true);
                }
                Flow::Fail => {}
            }
        }
    }

    #[inline(always)]
    fn step(&mut self, pc: Pc, pos: usize) -> Step {
        let next = pc + 1;
        let bytes = self.text.as_bytes();
        let go_if = |condition: bool, pos: usize| if condition { Flow::Go(next, pos) } else { Flow::Fail };
        Ok(match self.program.insts[pc as usize] {
            Inst::Byte(byte) => go_if(bytes.get(pos) == Some(&byte), pos + 1),
            Inst::Text { start, end } => {
                let text = &self.program.bytes[start as usize..end as usize];
                go_if(bytes[pos..].starts_with(text), pos + text.len())
            }
            Inst::Set(set) => match self.program.sets[usize::from(set)].step(self.text, pos) {
                Some(pos) => Flow::Go(next, pos),
                None => Flow::Fail,
            },
            Inst::Span(index) => self.span(pc, &self.span_of(index), pos)?,
            Inst::Split { first, second, first_guard, second_guard } => {
                if self.seen(pc, pos) {
                    return Ok(Flow::Fail);
                }
                let allows = |guard: u16| self.program.guards[usize::from(guard)].allows(bytes.get(pos));
                match (allows(first_guard), allows(second_guard)) {
                    (true, true) => {
                        self.push(Frame::Branch { pc: second, pos: pos as u32 })?;
                        Flow::Go(first, pos)
                    }
                    (true, false) => Flow::Go(first, pos),
                    (false, true) => Flow::Go(second, pos),
                    (false, false) => Flow::Fail,
                }
            }
            Inst::Jump(pc) => Flow::Go(pc, pos),
            Inst::Save(slot) | Inst::LoopTurn(slot) => self.set(slot, pos as u32, next, pos)?,
            Inst::LoopStart(slot) => self.set(slot, NONE, next, pos)?,
            Inst::LoopCheck { slot, exit } => match exit {
                _ if self.scratch.slots[slot as usize] != pos as u32 => Flow::Go(next, pos),
                Some(exit) => Flow::Go(exit, pos),
                None => Flow::Fail,
            },
            Inst::Anchor(anchor) => go_if(place::is_at(anchor, self.text, pos), pos),
            Inst::Probe(index) => go_if(self.probe(&self.program.probes[usize::from(index)], pos), pos),
            Inst::Look { negative, behind, after } => {
                match place::back(self.text, pos, behind.unwrap_or(0) as usize) {
                    Some(start) => self.enter(pc, pos, start)?,
                    None if negative => Flow::Go(after, pos),
                    None => Flow::Fail,
                }
            }
            Inst::Atomic { .. } => self.enter(pc, pos, pos)?,
            Inst::ScopeEnd => self.leave_scope(pos),
            Inst::Backreference { group, ignorecase } => match self.again(group, ignorecase, pos) {
                Some(pos) => Flow::Go(next, pos),
                None => Flow::Fail,
            },
            Inst::Conditional { group, no } => {
                Flow::Go(if self.scratch.is_set(group) { next } else { no }, pos)
            }
            Inst::Match => Flow::Matched(pos),
        })
    }

    /// Go on from what was left for later.
    fn resume(&mut self, frame: Frame) -> Step {
        Ok(match frame {
            Frame::Branch { pc, pos } => Flow::Go(pc, pos as usize),
            Frame::Greedy { pc, low, high } => {
                self.back_off(pc, &self.span_at(pc), low as usize, high as usize)?
            }
            Frame::Lazy { pc, pos, left } => self.more_lazy(pc, &self.span_at(pc), pos as usize, left)?,
            Frame::Restore { slot, old } => {
                self.scratch.slots[slot as usize] = old;
                Flow::Fail
            }
            Frame::Scope { pc, pos, mark } => {
                self.scratch.scopes.pop();
                self.scratch.memo.keep(mark);
                match self.program.insts[pc as usize] {
                    Inst::Look { negative: true, after, .. } => Flow::Go(after, pos as usize),
                    _ => Flow::Fail,
                }
            }
        })
    }

    fn span_of(&self, index: u16) -> Span {
        self.program.spans[usize::from(index)]
    }

    fn span_at(&self, pc: Pc) -> Span {
        match self.program.insts[pc as usize] {
            Inst::Span(index) => self.span_of(index),
            other => unreachable!("{other:?} leaves no span for later"),
        }
    }

    fn set(&mut self, slot: u32, value: u32, next: Pc, pos: usize) -> Step {
        if self.scratch.set(slot, value) { Ok(Flow::Go(next, pos)) } else { Err(Overrun) }
    }

    fn enter(&mut self, pc: Pc, pos: usize, start: usize) -> Step {
        self.scratch.scopes.push(self.scratch.stack.len() as u32);
        let mark = self.scratch.memo.mark();
        self.push(Frame::Scope { pc, pos: pos as u32, mark })?;
        Ok(Flow::Go(pc + 1, start))
    }

    /// What stands between `(?>` or `(?=` and its end has matched: its choices are final.
    fn leave_scope(&mut self, pos: usize) -> Flow {
        let Some(start) = self.scratch.scopes.pop().map(|start| start as usize) else { return Flow::Fail };
        let Frame::Scope { pc, pos: origin, mark } = self.scratch.stack[start] else { return Flow::Fail };
        self.scratch.memo.take_back(mark);
        match self.program.insts[pc as usize] {
            Inst::Look { negative: true, .. } => {
                self.scratch.undo(start);
                Flow::Fail
            }
            Inst::Look { after, .. } => {
                self.scratch.commit(start);
                Flow::Go(after, origin as usize)
            }
            _ => {
                self.scratch.commit(start);
                let Inst::Atomic { after } = self.program.insts[pc as usize] else { return Flow::Fail };
                Flow::Go(after, pos)
            }
        }
    }

    /// The end of the text of `group`, if it stands at `pos` again.
    fn again(&self, group: u32, ignorecase: bool, pos: usize) -> Option<usize> {
        if !self.scratch.is_set(group) {
            return None;
        }
        let slot = 2 * group as usize;
        let captured = &self.text[self.scratch.slots[slot] as usize..self.scratch.slots[slot + 1] as usize];
        let rest = &self.text[pos..];
        if !ignorecase {
            return rest.starts_with(captured).then_some(pos + captured.len());
        }
        let mut there = rest.chars();
        for char in captured.chars() {
            there.next().filter(|other| unicode::equal_in_some_case(char, *other))?;
        }
        Some(self.text.len() - there.as_str().len())
    }

    /// Whether this choice has been made before at this place, and in vain.
    pub(super) fn seen(&mut self, pc: Pc, pos: usize) -> bool {
        if !self.scratch.memo.is_on() {
            return false;
        }
        let Some(row) = self.program.rows.get(pc as usize).copied().flatten() else { return false };
        let mut row = usize::from(row);
        for key in &self.program.keys {
            let holds = match *key {
                Key::Group(group) => self.scratch.is_set(group),
                Key::Turn(slot) => self.scratch.slots[slot as usize] == pos as u32,
            };
            row = 2 * row + usize::from(holds);
        }
        let scoped = !self.scratch.scopes.is_empty();
        self.scratch.memo.visit(row, pos, scoped)
    }

    pub(super) fn push(&mut self, frame: Frame) -> Result<(), Overrun> {
        if self.scratch.push(frame) { Ok(()) } else { Err(Overrun) }
    }

    #[inline]
    pub(super) fn charge(&mut self, steps: usize) -> Result<(), Overrun> {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => self.use_reserve(),
        }
    }

    #[cold]
    fn use_reserve(&mut self) -> Result<(), Overrun> {
        if self.reserve == 0 {
            return Err(Overrun);
        }
        self.steps = std::mem::take(&mut self.reserve);
        let rows = self.program.row_count << self.program.keys.len();
        self.scratch.memo.turn_on(rows, self.text.len() + 1);
        Ok(())
    }
}
