//! A date pattern as a list of steps.

use super::class::Class;
use super::directive::Directive;
use super::emit::Writer;
use super::fields::Slot;
use super::head::Head;
use super::needs::Needs;
use super::parse::Node;
use super::peek::Peek;
use super::source::{Begin, Kind, Source};
use super::word::is_word_byte;

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Byte(u8),
    Class(ClassId),
    Run(RunId),
    Directive(Directive),
    /// [`Op::Directive`] of two digits that no further digit can follow, for the common texts.
    TwoDigits(Directive, TwoDigits),
    /// [`Op::Directive`] of the hour, and the four steps `:%M:%S` after it, for the common texts.
    Clock(Directive),
    /// [`Op::Directive`] of digits that no further digit can follow.
    Fraction,
    /// Tries `first`, then `second`.
    Split {
        first: u16,
        second: u16,
    },
    Jump(u16),
    OpenDate,
    CloseDate,
    OpenMark(u8),
    CloseMark(u8),
    Same(u8),
    Start,
    End,
    Boundary,
    BeginWord,
    EndWord,
    /// The line's start, or after `[` there, or after `audit(`.
    BeginEpoch,
    Done,
}

pub(super) type ClassId = u16;
pub(super) type RunId = u16;

/// As many characters of a class as there are, fewer if the rest wants them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) class: Class,
    pub(super) min: u32,
    pub(super) max: u32,
    /// The rest cannot begin with a character of the class, so fewer are never wanted.
    pub(super) exact: bool,
    /// The only byte that is not in the class.
    pub(super) until: Option<u8>,
}

impl Run {
    /// Takes all before the first such byte.
    pub(super) fn is_all_until(&self, byte: u8) -> bool {
        self.until == Some(byte) && self.exact && self.min == 0 && self.max == u32::MAX
    }
}

/// The numbers that [`Op::TwoDigits`] takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct TwoDigits {
    pub(super) slot: Slot,
    pub(super) least: u8,
    pub(super) most: u8,
    /// A blank may take the place of the first digit.
    pub(super) blank: bool,
}

/// Where a program can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    AtStart,
    /// Where this byte is.
    With(u8),
    /// At the places of [`Op::BeginEpoch`].
    Epoch,
    Anywhere,
}

#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) classes: Vec<Class>,
    pub(super) runs: Vec<Run>,
    /// For each step: what can come next if it is to succeed.
    pub(super) peeks: Vec<Peek>,
    /// For each step: what can come after it, when it ended with a word character.
    pub(super) follows: Vec<Peek>,
    /// For each step: nothing after it can fail that `follows` lets pass.
    pub(super) closing: Vec<bool>,
    pub(super) ignore_case: bool,
    pub(super) begins: Begins,
    pub(super) needs: Needs,
}

impl Program {
    /// `None` if it would be too long.
    pub(super) fn new(source: &Source, node: &Node) -> Option<Self> {
        let Writer { ops, classes, runs } = Self::written(source, node)?;
        let mut program = Self {
            peeks: Vec::new(),
            follows: Vec::new(),
            closing: Vec::new(),
            begins: Begins::Anywhere,
            ignore_case: source.flags.ignore_case,
            needs: Needs::NOTHING,
            ops,
            classes,
            runs,
        };
        program.look_ahead();
        program.specialise();
        program.begins = program.begins(source.line_begin);
        let at_start = program.begins == Begins::AtStart;
        program.needs = Needs::of(node, if at_start { Head::of(&program) } else { Head::ANYTHING });
        Some(program)
    }

    /// Its steps, before anything is found out about them.
    pub(super) fn written(source: &Source, node: &Node) -> Option<Writer> {
        let mut writer = Writer::default();
        match (source.begin, source.kind) {
            (Begin::Anywhere, Kind::Fields) => {}
            (Begin::Word, _) => writer.ops.push(Op::BeginWord),
            (_, Kind::BuiltinEpoch) => writer.ops.push(Op::BeginEpoch),
            (Begin::Line, _) => {
                writer.ops.push(Op::Start);
                writer.run(Class::NOT_WORD, 0, 2);
            }
        }
        writer.emit(node)?;
        if source.end_word {
            writer.ops.push(Op::EndWord);
        }
        writer.ops.push(Op::Done);
        Some(writer)
    }

    fn look_ahead(&mut self) {
        let all = 0..self.ops.len();
        let next = |at: usize| (at + 1).min(self.ops.len() - 1);
        let after_word = self.after_word();
        self.peeks = all.clone().map(|at| self.peek(at, after_word[at])).collect();
        self.follows = all.clone().map(|at| self.peek(next(at), true)).collect();
        let closes = |op: &Op| matches!(op, Op::CloseDate | Op::CloseMark(_) | Op::EndWord | Op::Done);
        self.closing = all.clone().map(|at| self.ops[next(at)..].iter().all(closes)).collect();
        for at in all {
            let follow = self.peek(next(at), false);
            if let Op::Run(run) = self.ops[at] {
                let run = &mut self.runs[usize::from(run)];
                run.exact = !follow.end && !follow.overlaps(&Peek::class(run.class));
            }
        }
    }

    /// For each step: whether a word character is always before it.
    fn after_word(&self) -> Vec<bool> {
        let mut after = vec![true; self.ops.len()];
        after[0] = false;
        loop {
            let mut changed = false;
            let mut arrive = |at: usize, word: bool| {
                if after.get(at) == Some(&true) && !word {
                    after[at] = false;
                    changed = true;
                }
                after.get(at).copied()
            };
            for (at, op) in self.ops.iter().enumerate() {
                let word = arrive(at, true).unwrap_or_default();
                match *op {
                    Op::Directive(_) => {}
                    Op::Byte(byte) if is_word_byte(byte) => {}
                    Op::Split { first, second } => {
                        arrive(first.into(), word);
                        arrive(second.into(), word);
                    }
                    Op::Jump(to) => {
                        arrive(to.into(), word);
                    }
                    Op::Byte(_) | Op::Class(_) | Op::Run(_) | Op::Same(_) | Op::Done => {
                        arrive(at + 1, false);
                    }
                    _ => {
                        arrive(at + 1, word);
                    }
                }
            }
            if !changed {
                return after;
            }
        }
    }

    fn specialise(&mut self) {
        for at in 0..self.ops.len() {
            let digit_follows = |at: usize| self.follows[at].overlaps(&Peek::DIGITS);
            let Op::Directive(directive) = self.ops[at] else { continue };
            let is_clock = matches!(
                self.ops[at + 1..],
                [
                    Op::Byte(b':'),
                    Op::Directive(Directive::Minute),
                    Op::Byte(b':'),
                    Op::Directive(Directive::Second),
                    ..
                ]
            );
            if directive.is_hour() && is_clock && !digit_follows(at + 4) {
                self.ops[at] = Op::Clock(directive);
            } else if directive == Directive::Fraction && !digit_follows(at) {
                self.ops[at] = Op::Fraction;
            } else if let Some(two) = directive.two_digits()
                && !digit_follows(at)
            {
                self.ops[at] = Op::TwoDigits(directive, two);
            }
        }
    }

    fn begins(&self, line_begin: bool) -> Begins {
        match self.ops[0] {
            Op::Start if line_begin => Begins::AtStart,
            Op::BeginEpoch => Begins::Epoch,
            _ => self.peeks[0].only().map_or(Begins::Anywhere, Begins::With),
        }
    }

    fn peek(&self, at: usize, after_word: bool) -> Peek {
        let mut peek = Peek::NONE;
        self.collect(at, after_word, &mut vec![false; self.ops.len()], &mut peek);
        peek
    }

    fn collect(&self, at: usize, after_word: bool, seen: &mut [bool], peek: &mut Peek) {
        if std::mem::replace(&mut seen[at], true) {
            return;
        }
        match self.ops[at] {
            Op::Byte(byte) => peek.add(byte),
            Op::Class(class) => peek.union(&Peek::class(self.classes[usize::from(class)])),
            Op::Run(run) => {
                let run = self.runs[usize::from(run)];
                peek.union(&Peek::class(run.class));
                if run.min == 0 {
                    self.collect(at + 1, after_word, seen, peek);
                }
            }
            Op::Directive(directive) => {
                peek.union(Peek::first_of(directive));
            }
            Op::Split { first, second } => {
                self.collect(first.into(), after_word, seen, peek);
                self.collect(second.into(), after_word, seen, peek);
            }
            Op::Jump(to) => self.collect(to.into(), after_word, seen, peek),
            Op::Same(mark) => peek.union(&self.marked(mark).unwrap_or(Peek::ALL)),
            Op::EndWord if after_word => peek.union(&Peek::AFTER_WORD),
            Op::EndWord | Op::End | Op::Done => peek.union(&Peek::ALL),
            _ => self.collect(at + 1, after_word, seen, peek),
        }
    }

    /// What a group takes, where that is one character.
    pub(super) fn marked(&self, mark: u8) -> Option<Peek> {
        let group = self.ops.iter().position(|op| matches!(op, Op::OpenMark(known) if *known == mark));
        match self.ops[group? + 1..] {
            [Op::Class(class), Op::CloseMark(_), ..] => Some(Peek::class(self.classes[usize::from(class)])),
            _ => None,
        }
    }
}
