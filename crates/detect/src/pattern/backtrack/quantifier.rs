//! Quantifiers become one instruction over single characters, or loops.

use super::compile::{Compiler, Result};
use super::program::{Inst, MANY, Pc, Span};
use crate::pattern::ast::{Kind, Mode, Node};
use crate::pattern::set::Set;

impl Compiler<'_> {
    pub(super) fn repeat(
        &mut self,
        node: &Node,
        body: &Node,
        min: u32,
        max: Option<u32>,
        mode: Mode,
    ) -> Result<()> {
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
