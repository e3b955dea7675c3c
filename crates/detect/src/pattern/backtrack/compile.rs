//! From the syntax tree to the program.

use super::analysis;
use super::program::{Inst, MANY, Pc, Probe, Program, Span};
use super::resolve::{self, Code};
use crate::pattern::PatternError;
use crate::pattern::ast::{Anchor, Ast, GroupInfo, Kind, Look, Mode, Node, Width};
use crate::pattern::set::Set;

/// Most instructions. The largest filters that are known stay below a thousand.
const MAX_INSTS: usize = 20_000;

type Result<T> = std::result::Result<T, PatternError>;

impl Program {
    /// Compile a tree; it may be too large.
    pub(in crate::pattern) fn new(ast: &Ast) -> Result<Program> {
        let mut compiler =
            Compiler { groups: &ast.groups, slots: 2 * to_u32(ast.groups.len()), ..Default::default() };
        compiler.node(&ast.root)?;
        compiler.push(&ast.root, Inst::Match)?;
        let mut code = Code { insts: compiler.insts, spans: compiler.spans };
        if !compiler.asks_from_within {
            code = resolve::resolve(code, MAX_INSTS);
        }
        let mut program = Program {
            insts: code.insts.into(),
            bytes: compiler.bytes.into(),
            sets: compiler.sets.into(),
            spans: code.spans.into(),
            probes: compiler.probes.into(),
            slot_count: compiler.slots as usize,
            group_count: ast.groups.len() - 1,
            anchored: is_anchored(&ast.root),
            prefix: prefix(&ast.root).into(),
            ..Program::default()
        };
        analysis::add_guards(&mut program);
        if !compiler.asks_from_within {
            analysis::add_memo_rows(&mut program);
        }
        Ok(program)
    }
}

/// Whether a match can only begin where the text does.
fn is_anchored(node: &Node) -> bool {
    match &node.kind {
        Kind::Anchor(anchor) => *anchor == Anchor::Start,
        Kind::Concat(nodes) => {
            let takes_nothing = |node: &&Node| node.width(&|_| Width { min: 0, max: None }).max == Some(0);
            let first = nodes.iter().take_while(takes_nothing).count();
            nodes.iter().take(first + 1).any(is_anchored)
        }
        Kind::Alternate(nodes) => nodes.iter().all(is_anchored),
        Kind::Group { body, .. } | Kind::Atomic(body) => is_anchored(body),
        Kind::Repeat { min, body, .. } => *min > 0 && is_anchored(body),
        Kind::Conditional { yes, no, .. } => is_anchored(yes) && is_anchored(no),
        _ => false,
    }
}

/// The text that a match of an anchored pattern begins with, as far as it is always the same.
fn prefix(node: &Node) -> String {
    let mut prefix = String::new();
    if let Kind::Concat(nodes) = &node.kind
        && let [Node { kind: Kind::Anchor(Anchor::Start), .. }, rest @ ..] = nodes.as_slice()
    {
        prefix.extend(rest.iter().map_while(|node| match node.kind {
            Kind::Literal { char, ignorecase: false } => Some(char),
            _ => None,
        }));
    }
    prefix
}

/// All counts here stay far below the size of the pattern times a constant.
fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[derive(Default)]
struct Compiler<'a> {
    groups: &'a [GroupInfo],
    insts: Vec<Inst>,
    bytes: Vec<u8>,
    sets: Vec<Set>,
    spans: Vec<Span>,
    probes: Vec<Probe>,
    slots: u32,
    open: Vec<usize>,
    /// Some conditional asks about a group that it stands in.
    asks_from_within: bool,
}

impl Compiler<'_> {
    fn here(&self) -> Pc {
        to_u32(self.insts.len())
    }

    fn push(&mut self, node: &Node, inst: Inst) -> Result<Pc> {
        if self.insts.len() >= MAX_INSTS {
            return Err(PatternError::new(node.span.start, "the pattern is too large from here on"));
        }
        let pc = self.here();
        self.insts.push(inst);
        Ok(pc)
    }

    /// A split whose ways are not known yet.
    fn split(&mut self, node: &Node) -> Result<Pc> {
        self.push(node, Inst::Split { first: 0, second: 0, first_guard: 0, second_guard: 0 })
    }

    fn set_split(&mut self, pc: Pc, ways: (Pc, Pc), mode: Mode) {
        let (first, second) = if mode == Mode::Lazy { (ways.1, ways.0) } else { ways };
        self.insts[pc as usize] = Inst::Split { first, second, first_guard: 0, second_guard: 0 };
    }

    fn node(&mut self, node: &Node) -> Result<()> {
        if let Some(set) = unit(&node.kind) {
            let set = self.set(node, set)?;
            return self.push(node, Inst::Set(set)).map(drop);
        }
        match &node.kind {
            Kind::Concat(nodes) => self.concat(nodes),
            Kind::Literal { .. } => self.concat(std::slice::from_ref(node)),
            Kind::Alternate(branches) => self.alternate(node, branches),
            Kind::Group { index, body } => self.group(node, *index, body),
            Kind::Repeat { min, max, mode, body } => self.repeat(node, body, *min, *max, *mode),
            Kind::Atomic(body) => self.atomic(node, |compiler| compiler.node(body)),
            Kind::Look(look) => self.look(node, look),
            Kind::Conditional { group, yes, no } => self.conditional(node, *group, yes, no),
            Kind::Anchor(anchor) => self.push(node, Inst::Anchor(*anchor)).map(drop),
            Kind::Backreference { group, ignorecase } => {
                let inst = Inst::Backreference { group: to_u32(*group), ignorecase: *ignorecase };
                self.push(node, inst).map(drop)
            }
            Kind::Empty | Kind::Any { .. } | Kind::Class(_) => Ok(()),
        }
    }

    fn set(&mut self, node: &Node, set: Set) -> Result<u16> {
        let index = self.sets.iter().position(|other| *other == set).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        self.index(node, index)
    }

    fn index(&self, node: &Node, index: usize) -> Result<u16> {
        u16::try_from(index)
            .map_err(|_| PatternError::new(node.span.start, "the pattern is too large from here on"))
    }

    /// Characters in a row become one instruction.
    fn concat(&mut self, nodes: &[Node]) -> Result<()> {
        let mut nodes = nodes.iter().peekable();
        while let Some(node) = nodes.next() {
            let Kind::Literal { char, ignorecase: false } = node.kind else {
                self.node(node)?;
                continue;
            };
            let mut text = String::from(char);
            let plain = |node: &&Node| matches!(node.kind, Kind::Literal { ignorecase: false, .. });
            while let Some(next) = nodes.next_if(plain) {
                if let Kind::Literal { char, .. } = next.kind {
                    text.push(char);
                }
            }
            self.text(node, &text)?;
        }
        Ok(())
    }

    fn text(&mut self, node: &Node, text: &str) -> Result<()> {
        if let [byte] = text.as_bytes() {
            return self.push(node, Inst::Byte(*byte)).map(drop);
        }
        let start = to_u32(self.bytes.len());
        self.bytes.extend(text.as_bytes());
        self.push(node, Inst::Text { start, end: to_u32(self.bytes.len()) }).map(drop)
    }

    fn alternate(&mut self, node: &Node, branches: &[Node]) -> Result<()> {
        let mut jumps = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            if index + 1 == branches.len() {
                self.node(branch)?;
                break;
            }
            let split = self.split(node)?;
            self.node(branch)?;
            jumps.push(self.push(node, Inst::Jump(0))?);
            self.set_split(split, (split + 1, self.here()), Mode::Greedy);
        }
        for jump in jumps {
            self.insts[jump as usize] = Inst::Jump(self.here());
        }
        Ok(())
    }

    fn group(&mut self, node: &Node, index: usize, body: &Node) -> Result<()> {
        self.push(node, Inst::Save(2 * to_u32(index)))?;
        self.open.push(index);
        self.node(body)?;
        self.open.pop();
        self.push(node, Inst::Save(2 * to_u32(index) + 1)).map(drop)
    }

    fn atomic(&mut self, node: &Node, body: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let start = self.push(node, Inst::Atomic { after: 0 })?;
        body(self)?;
        self.push(node, Inst::ScopeEnd)?;
        self.insts[start as usize] = Inst::Atomic { after: self.here() };
        Ok(())
    }

    fn look(&mut self, node: &Node, look: &Look) -> Result<()> {
        if let Some(probe) = self.probe(look)? {
            return self.push(node, Inst::Probe(probe)).map(drop);
        }
        let behind = look.behind.map(to_u32);
        let start = self.push(node, Inst::Look { negative: look.negative, behind, after: 0 })?;
        self.node(&look.body)?;
        self.push(node, Inst::ScopeEnd)?;
        let after = self.here();
        self.insts[start as usize] = Inst::Look { negative: look.negative, behind, after };
        Ok(())
    }

    /// Look-around whose body is just characters.
    fn probe(&mut self, look: &Look) -> Result<Option<u16>> {
        let body = match &look.body.kind {
            Kind::Concat(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(&*look.body),
        };
        let Some(units) = body.iter().map(|node| Set::of(&node.kind)).collect::<Option<Vec<Set>>>() else {
            return Ok(None);
        };
        let sets = units.into_iter().map(|set| self.set(&look.body, set)).collect::<Result<_>>()?;
        let probe = Probe { negative: look.negative, behind: look.behind.unwrap_or(0), sets };
        let index = self.probes.iter().position(|other| *other == probe).unwrap_or_else(|| {
            self.probes.push(probe);
            self.probes.len() - 1
        });
        self.index(&look.body, index).map(Some)
    }

    fn conditional(&mut self, node: &Node, group: usize, yes: &Node, no: &Node) -> Result<()> {
        self.asks_from_within |= self.open.contains(&group);
        let group = to_u32(group);
        let ask = self.push(node, Inst::Conditional { group, no: 0 })?;
        self.node(yes)?;
        let jump = self.push(node, Inst::Jump(0))?;
        self.insts[ask as usize] = Inst::Conditional { group, no: self.here() };
        self.node(no)?;
        self.insts[jump as usize] = Inst::Jump(self.here());
        Ok(())
    }

    fn repeat(&mut self, node: &Node, body: &Node, min: u32, max: Option<u32>, mode: Mode) -> Result<()> {
        if max == Some(0) {
            return Ok(());
        }
        if let Some((probe, set)) = self.run(body)? {
            return self.span(
                node,
                Span {
                    probe,
                    set,
                    mode,
                    min,
                    max: max.unwrap_or(MANY),
                    runs_out: false,
                    guard: 0,
                    then: None,
                },
            );
        }
        if mode == Mode::Possessive {
            return self.atomic(node, |compiler| compiler.turns(node, body, min, max, mode));
        }
        self.turns(node, body, min, max, mode)
    }

    /// A body that is one character, perhaps with look-around before it.
    fn run(&mut self, body: &Node) -> Result<Option<(Option<u16>, u16)>> {
        let (look, unit) = match &body.kind {
            Kind::Concat(nodes) => match nodes.as_slice() {
                [Node { kind: Kind::Look(look), .. }, unit] => (Some(look), unit),
                _ => return Ok(None),
            },
            _ => (None, body),
        };
        let Some(set) = Set::of(&unit.kind) else { return Ok(None) };
        let probe = match look {
            Some(look) => match self.probe(look)? {
                Some(probe) => Some(probe),
                None => return Ok(None),
            },
            None => None,
        };
        Ok(Some((probe, self.set(unit, set)?)))
    }

    fn span(&mut self, node: &Node, span: Span) -> Result<()> {
        let index = self.index(node, self.spans.len())?;
        self.spans.push(span);
        self.push(node, Inst::Span(index)).map(drop)
    }

    /// The turns that must be are written out; those that may be are a loop, or written out each with a way past it.
    fn turns(&mut self, node: &Node, body: &Node, min: u32, max: Option<u32>, mode: Mode) -> Result<()> {
        for _ in 0..min {
            let before = self.here();
            self.turn(body, mode)?;
            if self.here() == before {
                return Ok(());
            }
        }
        let may_be_empty = body.width(&|group| self.groups[group].width).min == 0;
        match max {
            None => {
                let slot = self.loop_slot(node, may_be_empty)?;
                self.endless(node, body, slot, mode)
            }
            // With one turn at most there is none before it that could have been empty.
            Some(max) => {
                let slot = self.loop_slot(node, may_be_empty && max > min + 1)?;
                self.optional(node, body, slot, max - min, mode)
            }
        }
    }

    /// Each turn of a possessive quantifier is final.
    fn turn(&mut self, body: &Node, mode: Mode) -> Result<()> {
        match mode {
            Mode::Possessive => self.atomic(body, |compiler| compiler.node(body)),
            _ => self.node(body),
        }
    }

    /// A turn that takes nothing is the last: Python tries no more after it.
    fn loop_slot(&mut self, node: &Node, needed: bool) -> Result<Option<u32>> {
        if !needed {
            return Ok(None);
        }
        let slot = self.slots;
        self.slots += 1;
        self.push(node, Inst::LoopStart(slot))?;
        Ok(Some(slot))
    }

    fn endless(&mut self, node: &Node, body: &Node, slot: Option<u32>, mode: Mode) -> Result<()> {
        let head = self.here();
        let way_on = self.one_more(node, body, slot, mode)?;
        self.push(node, Inst::Jump(head))?;
        self.end_turns(&[way_on], mode);
        Ok(())
    }

    fn optional(
        &mut self,
        node: &Node,
        body: &Node,
        slot: Option<u32>,
        count: u32,
        mode: Mode,
    ) -> Result<()> {
        let mut ways_on = Vec::new();
        for _ in 0..count {
            ways_on.push(self.one_more(node, body, slot, mode)?);
        }
        self.end_turns(&ways_on, mode);
        Ok(())
    }

    /// A turn with a way past it, whose end is set later.
    fn one_more(&mut self, node: &Node, body: &Node, slot: Option<u32>, mode: Mode) -> Result<WayOn> {
        let mut check = None;
        if let (Some(slot), false) = (slot, mode == Mode::Lazy) {
            check = Some(self.push(node, Inst::LoopCheck { slot, exit: None })?);
        }
        let split = self.split(node)?;
        if let Some(slot) = slot {
            if mode == Mode::Lazy {
                check = Some(self.push(node, Inst::LoopCheck { slot, exit: None })?);
            }
            self.push(node, Inst::LoopTurn(slot))?;
        }
        self.turn(body, mode)?;
        Ok(WayOn { split, check, slot })
    }

    fn end_turns(&mut self, ways_on: &[WayOn], mode: Mode) {
        let exit = self.here();
        for way in ways_on {
            self.set_split(way.split, (way.split + 1, exit), mode);
            if let (Some(check), Some(slot)) = (way.check, way.slot) {
                // A lazy loop has tried the exit before.
                let exit = (mode != Mode::Lazy).then_some(exit);
                self.insts[check as usize] = Inst::LoopCheck { slot, exit };
            }
        }
    }
}

/// One optional turn of a loop.
struct WayOn {
    split: Pc,
    check: Option<Pc>,
    slot: Option<u32>,
}

/// The set of a node that is one character and better not part of a text.
fn unit(kind: &Kind) -> Option<Set> {
    match kind {
        Kind::Literal { ignorecase: false, .. } => None,
        _ => Set::of(kind),
    }
}
