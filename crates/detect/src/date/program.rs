//! A date pattern as a list of steps.

use super::directive::Directive;
use super::parse::{Class, Node, Wide};
use super::source::{Begin, Kind, Source};
use super::word::is_word_byte;

/// Steps that a pattern may have; more come only from repetitions of repetitions.
const MOST: usize = 4000;

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Byte(u8),
    Class(Class),
    /// As many characters of the class as there are, fewer if the rest wants them. `exact`: the rest cannot begin with one.
    Run {
        class: Class,
        min: u32,
        max: u32,
        exact: bool,
    },
    Directive(Directive),
    /// Tries `first`, then `second`.
    Split {
        first: usize,
        second: usize,
    },
    Jump(usize),
    OpenDate,
    CloseDate,
    OpenMark(usize),
    CloseMark(usize),
    Same(usize),
    Start,
    End,
    Boundary,
    BeginWord,
    EndWord,
    /// The line's start, or after `[` there, or after `audit(`.
    BeginEpoch,
    Done,
}

/// What can come next: bytes, and whether the text may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peek {
    bytes: [u64; 4],
    end: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    /// For each step: what can come next if it is to succeed.
    pub(super) peeks: Vec<Peek>,
    /// For each step: what can come after it, when it ended with a word character.
    pub(super) follows: Vec<Peek>,
    pub(super) ignore_case: bool,
    /// Matches at the line's start only.
    pub(super) at_start: bool,
}

impl Program {
    /// `None` if it would be too long.
    pub(super) fn new(source: &Source, node: &Node) -> Option<Self> {
        let mut ops = Vec::new();
        match (source.begin, source.kind) {
            (Begin::Anywhere, Kind::Fields) => {}
            (Begin::Word, _) => ops.push(Op::BeginWord),
            (_, Kind::BuiltinEpoch) => ops.push(Op::BeginEpoch),
            (Begin::Line, _) => {
                ops.extend([Op::Start, Op::Run { class: Class::NOT_WORD, min: 0, max: 2, exact: false }])
            }
        }
        emit(&mut ops, node)?;
        if source.end_word {
            ops.push(Op::EndWord);
        }
        ops.push(Op::Done);
        let at_start = source.line_begin && matches!(ops.first(), Some(Op::Start));
        let mut program = Self {
            peeks: Vec::new(),
            follows: Vec::new(),
            ops,
            ignore_case: source.flags.ignore_case,
            at_start,
        };
        program.look_ahead();
        Some(program)
    }

    fn look_ahead(&mut self) {
        let all = 0..self.ops.len();
        self.peeks = all.clone().map(|at| self.peek(at, false)).collect();
        self.follows = all.map(|at| self.peek((at + 1).min(self.ops.len() - 1), true)).collect();
        for at in 0..self.ops.len() {
            let follow = self.peek((at + 1).min(self.ops.len() - 1), false);
            if let Op::Run { class, exact, .. } = &mut self.ops[at] {
                *exact = !follow.overlaps(&Peek::class(*class)) && !follow.end;
            }
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
            Op::Class(class) => peek.union(&Peek::class(class)),
            Op::Run { class, min, .. } => {
                peek.union(&Peek::class(class));
                if min == 0 {
                    self.collect(at + 1, after_word, seen, peek);
                }
            }
            Op::Directive(directive) => {
                let begins = |byte: &u8| directive.may_begin(*byte);
                (0..=0x7f).filter(begins).for_each(|byte| peek.add(byte));
            }
            Op::Split { first, second } => {
                self.collect(first, after_word, seen, peek);
                self.collect(second, after_word, seen, peek);
            }
            Op::Jump(to) => self.collect(to, after_word, seen, peek),
            Op::EndWord if after_word => peek.union(&Peek::AFTER_WORD),
            Op::Same(_) | Op::End | Op::EndWord | Op::Done => peek.union(&Peek::ALL),
            _ => self.collect(at + 1, after_word, seen, peek),
        }
    }
}

fn emit(ops: &mut Vec<Op>, node: &Node) -> Option<()> {
    match node {
        Node::Byte(byte) => ops.push(Op::Byte(*byte)),
        Node::Class(class) => ops.push(Op::Class(*class)),
        Node::Directive(directive) => ops.push(Op::Directive(*directive)),
        Node::Concat(all) => all.iter().try_for_each(|node| emit(ops, node))?,
        Node::Alternate(all) => alternate(ops, all)?,
        Node::Repeat { node, min, max, greedy } => repeat(ops, node, *min, *max, *greedy)?,
        Node::Date(node) => {
            ops.push(Op::OpenDate);
            emit(ops, node)?;
            ops.push(Op::CloseDate);
        }
        Node::Mark(mark, node) => {
            ops.push(Op::OpenMark(*mark));
            emit(ops, node)?;
            ops.push(Op::CloseMark(*mark));
        }
        Node::Same(mark) => ops.push(Op::Same(*mark)),
        Node::Start => ops.push(Op::Start),
        Node::End => ops.push(Op::End),
        Node::Boundary => ops.push(Op::Boundary),
    }
    (ops.len() < MOST).then_some(())
}

fn alternate(ops: &mut Vec<Op>, all: &[Node]) -> Option<()> {
    let mut ends = Vec::new();
    for (index, node) in all.iter().enumerate() {
        let split = ops.len();
        if index + 1 < all.len() {
            ops.push(Op::Split { first: split + 1, second: 0 });
        }
        emit(ops, node)?;
        if index + 1 < all.len() {
            ends.push(ops.len());
            ops.push(Op::Jump(0));
            ops[split] = Op::Split { first: split + 1, second: ops.len() };
        }
    }
    for end in ends {
        ops[end] = Op::Jump(ops.len());
    }
    Some(())
}

fn repeat(ops: &mut Vec<Op>, node: &Node, min: u16, max: Option<u16>, greedy: bool) -> Option<()> {
    let class = match node {
        Node::Byte(byte) if byte.is_ascii() => Some(Class { ascii: 1 << byte, wide: Wide::None }),
        Node::Class(class) => Some(*class),
        _ => None,
    };
    if let Some(class) = class.filter(|_| greedy) {
        let max = max.map_or(u32::MAX, u32::from);
        ops.push(Op::Run { class, min: min.into(), max, exact: false });
        return Some(());
    }
    (0..min).try_for_each(|_| emit(ops, node))?;
    match max {
        Some(max) => {
            let mut splits = Vec::new();
            for _ in min..max {
                splits.push(ops.len());
                ops.push(Op::Done);
                emit(ops, node)?;
            }
            let end = ops.len();
            for at in splits {
                ops[at] = split(at + 1, end, greedy);
            }
        }
        None => {
            let start = ops.len();
            ops.push(Op::Done);
            emit(ops, node)?;
            ops.push(Op::Jump(start));
            ops[start] = split(start + 1, ops.len(), greedy);
        }
    }
    Some(())
}

fn split(body: usize, after: usize, greedy: bool) -> Op {
    if greedy { Op::Split { first: body, second: after } } else { Op::Split { first: after, second: body } }
}

impl Peek {
    const NONE: Self = Self { bytes: [0; 4], end: false };
    const ALL: Self = Self { bytes: [u64::MAX; 4], end: true };
    /// What lets a word end.
    const AFTER_WORD: Self = {
        let mut peek = Self { bytes: [0, 0, u64::MAX, u64::MAX], end: true };
        let mut byte = 0;
        while byte < 0x80 {
            let char = byte as u8;
            if !(char.is_ascii_alphanumeric() || char == b'_') {
                peek.bytes[byte >> 6] |= 1 << (byte & 63);
            }
            byte += 1;
        }
        peek
    };

    fn class(class: Class) -> Self {
        let wide = if class.wide == Wide::None { 0 } else { u64::MAX };
        Self { bytes: [class.ascii as u64, (class.ascii >> 64) as u64, wide, wide], end: false }
    }

    fn add(&mut self, byte: u8) {
        self.bytes[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn union(&mut self, other: &Self) {
        self.bytes.iter_mut().zip(other.bytes).for_each(|(mine, other)| *mine |= other);
        self.end |= other.end;
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.bytes.iter().zip(other.bytes).any(|(mine, other)| mine & other != 0)
    }

    #[inline]
    pub(super) fn allows(&self, next: Option<&u8>) -> bool {
        match next {
            Some(byte) => self.bytes[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1,
            None => self.end,
        }
    }
}

impl Directive {
    /// Whether one of the directive's texts may begin with `byte`. May say yes too often.
    fn may_begin(self, byte: u8) -> bool {
        match self.shapes() {
            Some(shapes) => shapes.iter().any(|shape| (shape[0].0..=shape[0].1).contains(&byte)),
            None => is_word_byte(byte) || matches!(byte, b'+' | b'-' | b'@'),
        }
    }
}
