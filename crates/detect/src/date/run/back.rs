//! Ways put aside, and going back to them.

use super::Runner;
use super::stack::{Retry, Waiting};
use crate::date::layout::Taken;
use crate::date::program::Op;

/// Alternatives that may wait at a time.
const WAITING: usize = 2_000;
/// What an alternative that is tried takes of the budget. A character in a repetition takes 1.
const RETRY: usize = 8;

impl Runner<'_> {
    /// Puts another way aside. When too many wait, the line is given up.
    pub(super) fn wait(&mut self, pc: usize, pos: usize, retry: Retry) {
        if self.stack.waiting.len() == WAITING {
            self.stack.budget = 0;
        } else {
            self.stack.waiting.push(Waiting {
                pc: pc as u32,
                pos: pos as u32,
                retry,
                notes: self.stack.notes,
            });
        }
    }

    /// Goes back to the last way that was put aside.
    pub(in crate::date) fn back(&mut self) -> Option<(usize, usize)> {
        loop {
            let waiting = self.stack.waiting.pop()?;
            self.stack.budget = self.stack.budget.saturating_sub(RETRY);
            if self.stack.budget == 0 {
                return None;
            }
            self.stack.notes = waiting.notes;
            let (pc, pos) = (waiting.pc as usize, waiting.pos as usize);
            match waiting.retry {
                Retry::Here => return Some((pc, pos)),
                Retry::Choice(from) => {
                    if let Op::Directive(directive) | Op::TwoDigits(directive, _) | Op::Clock(directive) =
                        self.program.ops[pc]
                        && let Some(end) = self.choose(pc, pos, directive, from as usize)
                    {
                        return Some((pc + 1, end));
                    }
                }
                Retry::Shorter(shortest) => {
                    if let Some(end) = self.shorter(pc, pos, shortest as usize) {
                        if end > shortest as usize {
                            self.wait(pc, end, waiting.retry);
                        }
                        return Some((pc + 1, end));
                    }
                }
            }
        }
    }

    /// As [`Runner::back`], if the last way that was put aside is the second of a split. Notes which steps led nowhere.
    pub(in crate::date) fn back_to_split(&mut self) -> Option<(usize, usize)> {
        let Retry::Here = self.stack.waiting.last()?.retry else { return None };
        let (pc, pos) = self.back()?;
        let program = self.program;
        let taken = self.taken.as_deref_mut()?;
        let is_it = |step: &Taken| {
            let second = match program.ops[step.pc] {
                Op::Split { second, .. } => Some(second.into()),
                _ => None,
            };
            step.at == pos && second == Some(pc)
        };
        let split = taken.iter().rposition(is_it)?;
        taken.last_mut()?.stuck = true;
        taken[split + 1..].iter_mut().for_each(|step| step.astray = true);
        Some((pc, pos))
    }

    /// The next shorter end of a run with which the rest may match.
    fn shorter(&mut self, pc: usize, mut end: usize, shortest: usize) -> Option<usize> {
        let follow = &self.program.peeks[pc + 1];
        while end > shortest {
            end = self.char_before(end);
            self.spend(1);
            if follow.allows(self.text.get(end)) {
                return Some(end);
            }
        }
        None
    }
}
