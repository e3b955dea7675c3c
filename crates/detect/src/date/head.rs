//! What the first bytes of a line can be in which a pattern matches that begins at the line's start.

use super::class::Class;
use super::directive::Directive;
use super::peek::Peek;
use super::program::{Op, Program};

/// More bytes are not looked at.
const LENGTH: usize = 12;

/// For each place. Behind the last there can be anything, and so behind a character beyond ASCII.
#[derive(Clone, Debug)]
pub(super) struct Head(Vec<Peek>);

impl Head {
    pub(super) const ANYTHING: Self = Self(Vec::new());

    pub(super) fn of(program: &Program) -> Self {
        let seen = vec![[false; LENGTH]; program.ops.len()];
        let mut walk = Walk { program, seen, open: vec![(0, 0)], places: vec![Peek::NONE; LENGTH] };
        while let Some((pc, at)) = walk.open.pop() {
            if at < walk.places.len() && !std::mem::replace(&mut walk.seen[pc][at], true) {
                walk.step(pc, at);
            }
        }
        Self(walk.places)
    }

    /// For lines in which one of two patterns matches.
    pub(super) fn or(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        self.0.iter_mut().zip(&other.0).for_each(|(place, other)| place.union(other));
    }

    #[inline]
    pub(super) fn allows(&self, line: &[u8]) -> bool {
        for (place, byte) in self.0.iter().zip(line) {
            if !place.allows(Some(byte)) {
                return false;
            }
            if !byte.is_ascii() {
                break;
            }
        }
        true
    }
}

/// Goes all ways through a program at once.
struct Walk<'a> {
    program: &'a Program,
    /// Steps that were reached, and where.
    seen: Vec<[bool; LENGTH]>,
    open: Vec<(usize, usize)>,
    places: Vec<Peek>,
}

impl Walk<'_> {
    fn step(&mut self, pc: usize, at: usize) {
        let program = self.program;
        match program.ops[pc] {
            Op::Byte(byte) => {
                self.places[at].add(byte);
                self.open.push((pc + 1, at + 1));
            }
            Op::Class(class) => self.take(pc, at, &[Peek::class(program.classes[usize::from(class)])]),
            Op::Run(run) => {
                let run = &program.runs[usize::from(run)];
                let most = (run.max as usize).min(LENGTH);
                let all = [Peek::class(run.class); LENGTH];
                (run.min as usize..=most).for_each(|count| self.take(pc, at, &all[..count]));
            }
            Op::Directive(directive) | Op::TwoDigits(directive, _) | Op::Clock(directive) => {
                self.directive(pc, at, directive);
            }
            Op::Fraction => self.directive(pc, at, Directive::Fraction),
            Op::Split { first, second } => {
                self.open.extend([(first.into(), at), (second.into(), at)]);
            }
            Op::Jump(to) => self.open.push((to.into(), at)),
            Op::Same(mark) => match program.marked(mark) {
                Some(peek) => self.take(pc, at, &[peek]),
                None => self.end(at, &[]),
            },
            Op::Done => self.end(at, &[]),
            _ => self.open.push((pc + 1, at)),
        }
    }

    fn directive(&mut self, pc: usize, at: usize, directive: Directive) {
        const LETTER: Peek = Peek::class(Class::LETTERS);
        let first = *Peek::first_of(directive);
        match (directive, directive.shapes()) {
            (_, Some(shapes)) => shapes.iter().for_each(|shape| {
                let places: Vec<Peek> = shape.iter().map(|(from, to)| Peek::range(*from, *to)).collect();
                self.take(pc, at, &places);
            }),
            (Directive::MonthName | Directive::WeekdayName, _) => self.take(pc, at, &[first, LETTER, LETTER]),
            (Directive::Epoch | Directive::LongEpoch, _) => self.end(at, &[Peek::DIGITS; 10]),
            _ => self.end(at, &[first]),
        }
    }

    /// The step takes these, and what comes next is not known.
    fn end(&mut self, at: usize, bytes: &[Peek]) {
        self.places.truncate(at + bytes.len());
        self.union(at, bytes);
    }

    /// The step takes these, and the next is taken behind them.
    fn take(&mut self, pc: usize, at: usize, bytes: &[Peek]) {
        self.union(at, bytes);
        self.open.push((pc + 1, at + bytes.len()));
    }

    fn union(&mut self, at: usize, bytes: &[Peek]) {
        self.places[at..].iter_mut().zip(bytes).for_each(|(place, peek)| place.union(peek));
    }
}
