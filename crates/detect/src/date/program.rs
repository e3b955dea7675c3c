//! A date pattern as a list of steps.

use super::directive::Directive;
use super::fields::Slot;
use super::parse::{Class, Node, Wide};
use super::source::{Begin, Kind, Source};
use super::word::is_word_byte;

/// Steps that a pattern may have; more come only from repetitions of repetitions.
const MOST: usize = 4000;

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

/// What can come next: bytes, and whether the text may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peek {
    ascii: [u64; 2],
    /// Bytes of characters beyond ASCII.
    wide: bool,
    end: bool,
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
    /// Matches only where a digit, a colon and a digit stand somewhere.
    pub(super) has_clock: bool,
}

impl Program {
    /// `None` if it would be too long.
    pub(super) fn new(source: &Source, node: &Node) -> Option<Self> {
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
        let Writer { ops, classes, runs } = writer;
        let mut program = Self {
            peeks: Vec::new(),
            follows: Vec::new(),
            closing: Vec::new(),
            begins: Begins::Anywhere,
            ignore_case: source.flags.ignore_case,
            has_clock: node.has_clock(),
            ops,
            classes,
            runs,
        };
        program.look_ahead();
        program.specialise();
        program.begins = program.begins(source.line_begin);
        Some(program)
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
                let begins = |byte: &u8| directive.may_begin(*byte);
                (0..=0x7f).filter(begins).for_each(|byte| peek.add(byte));
            }
            Op::Split { first, second } => {
                self.collect(first.into(), after_word, seen, peek);
                self.collect(second.into(), after_word, seen, peek);
            }
            Op::Jump(to) => self.collect(to.into(), after_word, seen, peek),
            Op::Same(mark) => peek.union(&self.marked(mark)),
            Op::EndWord if after_word => peek.union(&Peek::AFTER_WORD),
            Op::EndWord | Op::End | Op::Done => peek.union(&Peek::ALL),
            _ => self.collect(at + 1, after_word, seen, peek),
        }
    }

    /// What a group begins with, where it is one character.
    fn marked(&self, mark: u8) -> Peek {
        let group = self.ops.iter().position(|op| matches!(op, Op::OpenMark(known) if *known == mark));
        match group.map(|at| &self.ops[at + 1..]) {
            Some([Op::Class(class), Op::CloseMark(_), ..]) => Peek::class(self.classes[usize::from(*class)]),
            _ => Peek::ALL,
        }
    }
}

#[derive(Default)]
struct Writer {
    ops: Vec<Op>,
    classes: Vec<Class>,
    runs: Vec<Run>,
}

impl Writer {
    fn emit(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::Byte(byte) => self.ops.push(Op::Byte(*byte)),
            Node::Class(class) => {
                self.ops.push(Op::Class(u16::try_from(self.classes.len()).ok()?));
                self.classes.push(*class);
            }
            Node::Directive(directive) => self.ops.push(Op::Directive(*directive)),
            Node::Concat(all) => all.iter().try_for_each(|node| self.emit(node))?,
            Node::Alternate(all) => self.alternate(all)?,
            Node::Repeat { node, min, max, greedy } => self.repeat(node, *min, *max, *greedy)?,
            Node::Date(node) => self.enclosed(Op::OpenDate, node, Op::CloseDate)?,
            Node::Mark(mark, node) => self.enclosed(Op::OpenMark(*mark), node, Op::CloseMark(*mark))?,
            Node::Same(mark) => self.ops.push(Op::Same(*mark)),
            Node::Start => self.ops.push(Op::Start),
            Node::End => self.ops.push(Op::End),
            Node::Boundary => self.ops.push(Op::Boundary),
        }
        (self.ops.len() < MOST).then_some(())
    }

    fn enclosed(&mut self, open: Op, node: &Node, close: Op) -> Option<()> {
        self.ops.push(open);
        self.emit(node)?;
        self.ops.push(close);
        Some(())
    }

    /// The next step's number. [`MOST`] keeps it small.
    fn next(&self) -> u16 {
        u16::try_from(self.ops.len()).unwrap_or(u16::MAX)
    }

    fn alternate(&mut self, all: &[Node]) -> Option<()> {
        let (last, others) = all.split_last()?;
        let mut ends = Vec::new();
        for node in others {
            let split = self.ops.len();
            self.ops.push(Op::Done);
            let first = self.next();
            self.emit(node)?;
            ends.push(self.ops.len());
            self.ops.push(Op::Done);
            self.ops[split] = Op::Split { first, second: self.next() };
        }
        self.emit(last)?;
        ends.into_iter().for_each(|end| self.ops[end] = Op::Jump(self.next()));
        Some(())
    }

    fn run(&mut self, class: Class, min: u32, max: u32) {
        let id = u16::try_from(self.runs.len()).unwrap_or(u16::MAX);
        self.ops.push(Op::Run(id));
        let missing = !class.ascii;
        let until = (class.wide == Wide::All && missing.count_ones() == 1).then(|| missing.trailing_zeros());
        let until = until.and_then(|byte| u8::try_from(byte).ok());
        self.runs.push(Run { class, min, max, exact: false, until });
    }

    fn repeat(&mut self, node: &Node, min: u16, max: Option<u16>, greedy: bool) -> Option<()> {
        let class = match node {
            Node::Byte(byte) if byte.is_ascii() => Some(Class { ascii: 1 << byte, wide: Wide::None }),
            Node::Class(class) => Some(*class),
            _ => None,
        };
        if let Some(class) = class.filter(|_| greedy && max != Some(1)) {
            self.run(class, min.into(), max.map_or(u32::MAX, u32::from));
            return Some(());
        }
        (0..min).try_for_each(|_| self.emit(node))?;
        let mut splits = Vec::new();
        for _ in min..max.unwrap_or(min + 1) {
            splits.push(self.ops.len());
            self.ops.push(Op::Done);
            self.emit(node)?;
        }
        if max.is_none() {
            self.ops.push(Op::Jump(u16::try_from(*splits.first()?).ok()?));
        }
        let after = self.next();
        for at in splits {
            let body = u16::try_from(at + 1).ok()?;
            let (first, second) = if greedy { (body, after) } else { (after, body) };
            self.ops[at] = Op::Split { first, second };
        }
        Some(())
    }
}

impl Peek {
    const NONE: Self = Self { ascii: [0; 2], wide: false, end: false };
    const ALL: Self = Self { ascii: [u64::MAX; 2], wide: true, end: true };
    /// What lets a word end. A character beyond ASCII may.
    const AFTER_WORD: Self = Self { wide: true, ..Self::AFTER_WORD_ASCII };
    /// What certainly lets a word end.
    pub(super) const AFTER_WORD_ASCII: Self = Self { end: true, ..Self::class(Class::NOT_WORD.ascii_only()) };
    pub(super) const DIGITS: Self = Self { ascii: [0x3ff << b'0', 0], wide: false, end: false };

    pub(super) const fn class(class: Class) -> Self {
        let wide = !matches!(class.wide, Wide::None);
        Self { ascii: [class.ascii as u64, (class.ascii >> 64) as u64], wide, end: false }
    }

    fn add(&mut self, byte: u8) {
        match self.ascii.get_mut(usize::from(byte >> 6)) {
            Some(half) => *half |= 1 << (byte & 63),
            None => self.wide = true,
        }
    }

    fn union(&mut self, other: &Self) {
        self.ascii = [self.ascii[0] | other.ascii[0], self.ascii[1] | other.ascii[1]];
        self.wide |= other.wide;
        self.end |= other.end;
    }

    pub(super) fn without(mut self, byte: u8) -> Self {
        self.ascii[usize::from(byte >> 6) & 1] &= !(1 << (byte & 63));
        self
    }

    /// What is not allowed.
    pub(super) fn others(&self) -> Self {
        Self { ascii: self.ascii.map(|half| !half), wide: !self.wide, end: !self.end }
    }

    /// Allows only what the other allows too.
    pub(super) fn narrow(&mut self, other: &Self) {
        self.ascii = [self.ascii[0] & other.ascii[0], self.ascii[1] & other.ascii[1]];
        self.wide &= other.wide;
        self.end &= other.end;
    }

    fn overlaps(&self, other: &Self) -> bool {
        let ascii = self.ascii[0] & other.ascii[0] | self.ascii[1] & other.ascii[1];
        ascii != 0 || self.wide && other.wide
    }

    /// The only byte, if it is one.
    fn only(&self) -> Option<u8> {
        let mut bytes = (0..=0x80).filter(|byte| self.allows(Some(byte)));
        bytes.next().filter(|byte| byte.is_ascii() && bytes.next().is_none() && !self.end)
    }

    /// Allows all digits or none.
    pub(super) fn takes_digits_alike(&self) -> bool {
        let digits = self.ascii[0] & Self::DIGITS.ascii[0];
        digits == 0 || digits == Self::DIGITS.ascii[0]
    }

    #[inline]
    pub(super) fn allows(&self, next: Option<&u8>) -> bool {
        match next {
            Some(byte) => match self.ascii.get(usize::from(byte >> 6)) {
                Some(half) => half >> (byte & 63) & 1 == 1,
                None => self.wide,
            },
            None => self.end,
        }
    }
}

impl Node {
    /// Whether every match holds `1:2`: a directive, a colon and a directive, each of digits.
    fn has_clock(&self) -> bool {
        match self {
            Self::Concat(all) => {
                let clock = |three: &[Self]| {
                    matches!(three, [Self::Directive(hour), Self::Byte(b':'), Self::Directive(minute)]
                        if hour.shapes().is_some() && minute.shapes().is_some())
                };
                all.windows(3).any(clock) || all.iter().any(Self::has_clock)
            }
            Self::Alternate(all) => all.iter().all(Self::has_clock),
            Self::Repeat { node, min, .. } => *min > 0 && node.has_clock(),
            Self::Date(node) | Self::Mark(_, node) => node.has_clock(),
            _ => false,
        }
    }
}
