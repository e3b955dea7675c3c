//! From the syntax tree to the program.

use super::analysis;
use super::program::{Inst, Pc, Probe, Program, Span};
use super::resolve::{self, Code};
use crate::pattern::PatternError;
use crate::pattern::ast::{Anchor, Ast, GroupInfo, Kind, Look, Mode, Node, Width};
use crate::pattern::set::Set;

/// Most instructions. The largest filters that are known stay below a thousand.
const MAX_INSTS: usize = 20_000;

pub(super) type Result<T> = std::result::Result<T, PatternError>;

impl Program {
    /// Whether a tree compiles: most are far from too large.
    pub(in crate::pattern) fn check(ast: &Ast) -> Result<()> {
        if most(&ast.root) < MAX_INSTS { Ok(()) } else { Program::new(ast).map(drop) }
    }

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

/// A node becomes no more instructions than this.
fn most(node: &Node) -> usize {
    let all = |nodes: &[Node]| nodes.iter().map(most).fold(0, usize::saturating_add);
    match &node.kind {
        Kind::Concat(nodes) => all(nodes),
        Kind::Alternate(nodes) => all(nodes).saturating_add(2 * nodes.len()),
        Kind::Group { body, .. } | Kind::Atomic(body) => most(body).saturating_add(2),
        Kind::Look(look) => most(&look.body).saturating_add(2),
        Kind::Conditional { yes, no, .. } => most(yes).saturating_add(most(no)).saturating_add(2),
        Kind::Repeat { min, max, body, .. } => {
            // Around each turn a split, the loop's two and a scope's two; around them all, three.
            let turns = max.unwrap_or(min.saturating_add(1)) as usize;
            most(body).saturating_add(5).saturating_mul(turns).saturating_add(4)
        }
        _ => 1,
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
pub(super) struct Compiler<'a> {
    pub(super) groups: &'a [GroupInfo],
    pub(super) insts: Vec<Inst>,
    bytes: Vec<u8>,
    sets: Vec<Set>,
    pub(super) spans: Vec<Span>,
    probes: Vec<Probe>,
    pub(super) slots: u32,
    open: Vec<usize>,
    /// Some conditional asks about a group that it stands in.
    asks_from_within: bool,
}

impl Compiler<'_> {
    pub(super) fn here(&self) -> Pc {
        to_u32(self.insts.len())
    }

    pub(super) fn push(&mut self, node: &Node, inst: Inst) -> Result<Pc> {
        if self.insts.len() >= MAX_INSTS {
            return Err(PatternError::new(node.span.start, "the pattern is too large from here on"));
        }
        let pc = self.here();
        self.insts.push(inst);
        Ok(pc)
    }

    /// A split whose ways are not known yet.
    pub(super) fn split(&mut self, node: &Node) -> Result<Pc> {
        self.push(node, Inst::Split { first: 0, second: 0, first_guard: 0, second_guard: 0 })
    }

    pub(super) fn set_split(&mut self, pc: Pc, ways: (Pc, Pc), mode: Mode) {
        let (first, second) = if mode == Mode::Lazy { (ways.1, ways.0) } else { ways };
        self.insts[pc as usize] = Inst::Split { first, second, first_guard: 0, second_guard: 0 };
    }

    pub(super) fn node(&mut self, node: &Node) -> Result<()> {
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

    pub(super) fn set(&mut self, node: &Node, set: Set) -> Result<u16> {
        let index = self.sets.iter().position(|other| *other == set).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        self.index(node, index)
    }

    pub(super) fn index(&self, node: &Node, index: usize) -> Result<u16> {
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

    pub(super) fn atomic(&mut self, node: &Node, body: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
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
    pub(super) fn probe(&mut self, look: &Look) -> Result<Option<u16>> {
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
}

/// The set of a node that is one character and better not part of a text.
fn unit(kind: &Kind) -> Option<Set> {
    match kind {
        Kind::Literal { ignorecase: false, .. } => None,
        _ => Set::of(kind),
    }
}
