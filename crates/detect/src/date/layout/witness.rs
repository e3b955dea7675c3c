//! Goes over the steps that a line took: whether another line of its shape takes the same.

use super::{Look, Taken, Variable};
use crate::date::directive::Directive;
use crate::date::peek::Peek;
use crate::date::program::{Op, Program};

#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) taken: Taken,
    pub(super) next: Taken,
}

pub(super) fn steps(taken: &[Taken]) -> impl Iterator<Item = Step> {
    taken.windows(2).map(|pair| Step { taken: pair[0], next: pair[1] })
}

/// Goes over the steps that were taken.
pub(super) struct Witness<'a> {
    pub(super) program: &'a Program,
    pub(super) text: &'a [u8],
    pub(super) base: usize,
    pub(super) end: usize,
    pub(super) variable: &'a [Variable],
    /// What was seen behind the date.
    pub(super) looks: Vec<Look>,
}

impl Witness<'_> {
    /// `None` if the step sees more of the variable digits than that they are digits, or more behind the date than
    /// a [`Look`] can say.
    pub(super) fn check(&mut self, Step { taken: Taken { pc, at, .. }, next }: Step) -> Option<()> {
        let (program, next) = (self.program, next.at);
        match program.ops[pc] {
            Op::Split { first, second } => {
                self.entering(first.into(), at)?;
                self.entering(second.into(), at)?;
            }
            Op::Run(run) => {
                let run = &program.runs[usize::from(run)];
                self.look(next, Peek::class(run.class))?;
            }
            Op::Fraction => _ = self.look(next, Peek::DIGITS)?,
            Op::TwoDigits(..) => _ = self.look(next, program.follows[pc])?,
            Op::EndWord => return self.look(at, Peek::AFTER_WORD_ASCII)?.then_some(()),
            Op::Directive(Directive::ZoneOffset) => {
                // `+02` may go on in another line; longer texts, and letters, may not.
                let whole = next - at >= 5 || self.text[at].is_ascii_alphabetic();
                self.look(next, program.follows[pc])?;
                return whole.then_some(());
            }
            Op::Directive(Directive::Epoch) => {
                self.look(next, program.follows[pc])?;
                // Neither more digits nor a fraction where there is none.
                return self.look(next, Peek::AFTER_WORD_ASCII.without(b'.'))?.then_some(());
            }
            Op::Directive(directive) if !directive.is_plain() => return None,
            Op::End | Op::Boundary | Op::BeginWord | Op::BeginEpoch => return None,
            _ => {}
        }
        Some(())
    }

    /// The same of a step on a way that led nowhere: it leads nowhere again, if all that it saw is behind the date.
    pub(super) fn check_astray(&mut self, step: Step) -> Option<()> {
        let Taken { pc, at, stuck, .. } = step.taken;
        match self.program.ops[pc] {
            _ if at < self.end => return None,
            Op::Byte(byte) => _ = self.look(at, Peek::range(byte, byte))?,
            Op::Fraction if !stuck => {
                for at in at..=step.next.at {
                    self.look(at, Peek::DIGITS)?;
                }
            }
            Op::EndWord if stuck => return (!self.look(at, Peek::AFTER_WORD)?).then_some(()),
            Op::CloseDate | Op::Jump(_) => {}
            Op::Split { .. } => self.check(step)?,
            _ => return None,
        }
        Some(())
    }

    /// What a split sees of the way that begins at `pc`.
    fn entering(&mut self, pc: usize, at: usize) -> Option<()> {
        let program = self.program;
        if !self.look(at, program.peeks[pc])? {
            return Some(());
        }
        match program.ops[pc] {
            Op::Byte(_) => _ = self.look(at + 1, program.peeks[pc + 1])?,
            Op::Run(run) => {
                let class = Peek::class(program.runs[usize::from(run)].class);
                self.look(at, class)?;
                self.look(at + 1, class)?;
                self.look(at + 1, program.peeks[pc + 1])?;
            }
            Op::Directive(Directive::WeekdayName) => {
                let apart = self.variable.iter().all(|span| at + 3 <= span.from || span.till <= at);
                return (apart && at + 3 <= self.end).then_some(());
            }
            _ => {}
        }
        Some(())
    }

    fn look(&mut self, at: usize, peek: Peek) -> Option<bool> {
        let allows = peek.allows(self.text.get(at));
        if at >= self.end {
            let at = at - self.base;
            let peek = if allows { peek } else { peek.others() };
            match self.looks.iter_mut().find(|look| look.at == at) {
                Some(look) => look.peek.narrow(&peek),
                None => self.looks.push(Look { at, peek }),
            }
        }
        let variable = self.variable.iter().any(|span| span.holds(at));
        (!variable || peek.takes_digits_alike()).then_some(allows)
    }
}
