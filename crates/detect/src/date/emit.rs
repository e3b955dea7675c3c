//! From a syntax tree to steps.

use super::class::{Class, Wide};
use super::parse::Node;
use super::program::{Op, Run};

/// Steps that a pattern may have; more come only from repetitions of repetitions.
const MOST: usize = 4000;

/// Writes the steps of a pattern. Functions that say `None` found it too long.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) ops: Vec<Op>,
    pub(super) classes: Vec<Class>,
    pub(super) runs: Vec<Run>,
}

impl Writer {
    pub(super) fn emit(&mut self, node: &Node) -> Option<()> {
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

    pub(super) fn run(&mut self, class: Class, min: u32, max: u32) {
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
