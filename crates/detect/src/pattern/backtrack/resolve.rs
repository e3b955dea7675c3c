//! Conditionals decided before the program runs.
//!
//! Whether a group has matched depends on the way taken so far alone. So the program is copied for each answer, and
//! what was a question becomes two ways that know theirs. It is worth that: in the copies it is clear what can come
//! next, where before it could be either (`(?(user): |.*)$` at the end of a pattern lets everything seem possible).

use std::collections::HashMap;

use super::program::{Inst, Pc, Span};

/// Groups that may be asked about; each can double the program.
const MAX_CONDITIONS: usize = 3;

/// The code of a program, and the spans that it names.
pub(super) struct Code {
    pub(super) insts: Vec<Inst>,
    pub(super) spans: Vec<Span>,
}

/// The same code without conditionals, or as it was where there are none or that cannot be done: too many, too large,
/// or about a group within look-around or an atomic group, after which it is one way on however they were passed.
pub(super) fn resolve(code: Code, most: usize) -> Code {
    match Resolver::of(&code, most).and_then(Resolver::resolve) {
        Some(resolved) => resolved,
        None => code,
    }
}

/// Which of the conditions hold; a bit for each.
type State = u8;

struct Resolver<'a> {
    code: &'a Code,
    conditions: Vec<u32>,
    most: usize,
    done: HashMap<(Pc, State), Pc>,
    insts: Vec<Inst>,
    spans: Vec<Span>,
    /// Instructions whose targets are still in the old code, and the state there.
    unlinked: Vec<(Pc, State)>,
    waiting: Vec<(Pc, State)>,
}

impl<'a> Resolver<'a> {
    fn of(code: &'a Code, most: usize) -> Option<Resolver<'a>> {
        let mut conditions = Vec::new();
        for inst in &code.insts {
            if let Inst::Conditional { group, .. } = inst
                && !conditions.contains(group)
            {
                conditions.push(*group);
            }
        }
        let usable =
            (1..=MAX_CONDITIONS).contains(&conditions.len()) && !set_in_scope(&code.insts, &conditions);
        usable.then(|| Resolver {
            code,
            conditions,
            most,
            done: HashMap::new(),
            insts: Vec::new(),
            spans: Vec::new(),
            unlinked: Vec::new(),
            waiting: vec![(0, 0)],
        })
    }

    fn resolve(mut self) -> Option<Code> {
        while let Some((pc, state)) = self.waiting.pop() {
            if !self.done.contains_key(&(pc, state)) {
                self.copy(pc, state)?;
            }
        }
        self.link();
        Some(Code { insts: self.insts, spans: self.spans })
    }

    /// Copy what stands in a row from `pc` on.
    fn copy(&mut self, mut pc: Pc, mut state: State) -> Option<()> {
        loop {
            let here = self.insts.len() as Pc;
            if self.insts.len() >= self.most {
                return None;
            }
            if let Some(there) = self.done.get(&(pc, state)) {
                self.emit(Inst::Jump(*there), None);
                return Some(());
            }
            self.done.insert((pc, state), here);
            let inst = self.code.insts[pc as usize];
            match inst {
                Inst::Jump(target) => pc = target,
                Inst::Conditional { group, no } => {
                    pc = if state & self.bit(group) != 0 { pc + 1 } else { no }
                }
                Inst::Match | Inst::ScopeEnd => {
                    self.emit(inst, None);
                    return Some(());
                }
                Inst::Span(index) => {
                    self.spans.push(self.code.spans[usize::from(index)]);
                    self.emit(Inst::Span(u16::try_from(self.spans.len() - 1).ok()?), None);
                    pc += 1;
                }
                _ => {
                    self.waiting.extend(targets(inst).into_iter().flatten().map(|target| (target, state)));
                    self.emit(inst, Some(state));
                    if let Inst::Save(slot) = inst
                        && slot % 2 == 1
                    {
                        state |= self.bit(slot / 2);
                    }
                    // A split goes on elsewhere, too, but its first way is the next instruction or is waiting.
                    match inst {
                        Inst::Split { first, .. } => pc = first,
                        _ => pc += 1,
                    }
                }
            }
        }
    }

    fn bit(&self, group: u32) -> State {
        self.conditions.iter().position(|other| *other == group).map_or(0, |index| 1 << index)
    }

    fn emit(&mut self, inst: Inst, targets_in: Option<State>) {
        if let Some(state) = targets_in {
            self.unlinked.push((self.insts.len() as Pc, state));
        }
        self.insts.push(inst);
    }

    fn link(&mut self) {
        for (pc, state) in &self.unlinked {
            let place = |pc: Pc| self.done[&(pc, *state)];
            match &mut self.insts[*pc as usize] {
                Inst::Split { first, second, .. } => (*first, *second) = (place(*first), place(*second)),
                Inst::Look { after, .. } | Inst::Atomic { after } => *after = place(*after),
                Inst::LoopCheck { exit, .. } => *exit = exit.map(place),
                _ => {}
            }
        }
    }
}

fn targets(inst: Inst) -> [Option<Pc>; 2] {
    match inst {
        Inst::Split { first, second, .. } => [Some(first), Some(second)],
        Inst::Look { after, .. } | Inst::Atomic { after } => [Some(after), None],
        Inst::LoopCheck { exit, .. } => [exit, None],
        _ => [None, None],
    }
}

/// Whether one of the groups is captured within a scope.
fn set_in_scope(insts: &[Inst], groups: &[u32]) -> bool {
    let mut depth = 0;
    insts.iter().any(|inst| {
        match inst {
            Inst::Look { .. } | Inst::Atomic { .. } => depth += 1,
            Inst::ScopeEnd => depth -= 1,
            _ => {}
        }
        matches!(inst, Inst::Save(slot) if depth > 0 && groups.contains(&(slot / 2)))
    })
}
