//! What is worked out about a program before it runs: what can come next at each choice, and which choices may be
//! remembered.

use super::program::{Inst, Key, Pc, Program};
use crate::pattern::ast::Anchor;
use crate::pattern::set::Next;

/// More keys than this keep the memo off: each doubles it.
const MAX_KEYS: usize = 4;

/// Let choices and spans know what can come after them.
pub(super) fn add_guards(program: &mut Program) {
    let next = next_bytes(program);
    let mut guards: Vec<Next> = vec![Next::ANYTHING];
    // Where there are too many to count, the first, which forbids nothing, is right too.
    let mut guard = |next: Next| {
        let index = guards.iter().position(|other| *other == next).unwrap_or_else(|| {
            guards.push(next);
            guards.len() - 1
        });
        u16::try_from(index).unwrap_or(0)
    };
    let texts: Vec<Option<(u32, u32)>> =
        (0..program.insts.len()).map(|pc| text_after(&program.insts, pc)).collect();
    for (pc, inst) in program.insts.iter_mut().enumerate() {
        match inst {
            Inst::Split { first, second, first_guard, second_guard } => {
                *first_guard = guard(next[*first as usize]);
                *second_guard = guard(next[*second as usize]);
            }
            Inst::Span(index) => {
                let after = next[pc + 1];
                let span = &mut program.spans[usize::from(*index)];
                span.guard = guard(after);
                span.then = texts[pc];
                span.runs_out = after.is_disjoint(&program.sets[usize::from(span.set)].first_bytes());
            }
            _ => {}
        }
    }
    program.guards = guards.into();
    program.first = next[0];
    program.first_byte = next[0].only_byte();
}

/// The text that comes next after an instruction, if it is certain.
fn text_after(insts: &[Inst], pc: usize) -> Option<(u32, u32)> {
    match insts[pc + 1..].iter().find(|inst| !matches!(inst, Inst::Save(_)))? {
        Inst::Text { start, end } => Some((*start, *end)),
        _ => None,
    }
}

/// By instruction: the bytes with which something that is matched from there on can begin.
fn next_bytes(program: &Program) -> Vec<Next> {
    let mut next = vec![Next::NOTHING; program.insts.len()];
    // Loops go back, so what is known at their start grows until it holds.
    loop {
        let mut changed = false;
        for pc in (0..program.insts.len()).rev() {
            let now = next_at(program, &next, pc);
            changed |= now != next[pc];
            next[pc] = now;
        }
        if !changed {
            return next;
        }
    }
}

fn next_at(program: &Program, next: &[Next], pc: usize) -> Next {
    let at = |pc: Pc| next[pc as usize];
    let following = || next[pc + 1];
    let set = |index: u16| program.sets[usize::from(index)].first_bytes();
    match program.insts[pc] {
        Inst::Byte(byte) => Next::byte(byte),
        Inst::Text { start, .. } => Next::byte(program.bytes[start as usize]),
        Inst::Set(index) => set(index),
        Inst::Span(index) => {
            let span = program.spans[usize::from(index)];
            if span.min > 0 { set(span.set) } else { set(span.set).or(following()) }
        }
        Inst::Split { first, second, .. } => at(first).or(at(second)),
        Inst::Jump(pc) => at(pc),
        Inst::Anchor(anchor) => match anchor {
            Anchor::End => following().only_end(),
            Anchor::EndOrFinalNewline | Anchor::LineEnd => {
                following().and(Next::ANYTHING.only_end().or(Next::byte(b'\n')))
            }
            _ => following(),
        },
        Inst::Save(_) | Inst::Probe(_) | Inst::Atomic { .. } | Inst::LoopStart(_) | Inst::LoopTurn(_) => {
            following()
        }
        Inst::Look { after, .. } => at(after),
        Inst::Conditional { no, .. } => following().or(at(no)),
        Inst::LoopCheck { exit, .. } => exit.map_or(Next::NOTHING, at).or(following()),
        // What comes after a scope does not tell how it should match: it has its own end.
        Inst::Backreference { .. } | Inst::ScopeEnd | Inst::Match => Next::ANYTHING,
    }
}

/// Number the choices whose outcome can be told from their place and the keys.
pub(super) fn add_memo_rows(program: &mut Program) {
    let Some(keys) = keys(program) else { return };
    let needed = texts_needed(program);
    let chooses = |inst: &Inst| matches!(inst, Inst::Split { .. } | Inst::Span(_));
    let mut count = 0u16;
    let rows = program.insts.iter().zip(needed).map(|(inst, needed)| {
        (chooses(inst) && needed == 0).then(|| {
            count += 1;
            count - 1
        })
    });
    program.rows = rows.collect();
    program.row_count = count.into();
    program.keys = keys.into();
}

/// `None` where there are too many.
fn keys(program: &Program) -> Option<Vec<Key>> {
    let mut keys = Vec::new();
    for inst in &program.insts {
        let key = match *inst {
            Inst::Conditional { group, .. } => Key::Group(group),
            Inst::LoopStart(slot) => Key::Turn(slot),
            _ => continue,
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
        if keys.len() > MAX_KEYS {
            return None;
        }
    }
    Some(keys)
}

/// By instruction: the groups whose text can matter for what follows, because a back-reference comes before they are
/// captured anew. A group is a bit; those that share one are told apart no longer, which only costs memory of choices.
fn texts_needed(program: &Program) -> Vec<u64> {
    let mut needed = vec![0; program.insts.len()];
    loop {
        let mut changed = false;
        for pc in (0..program.insts.len()).rev() {
            let now = texts_needed_at(program.insts[pc], &needed, pc);
            changed |= now != needed[pc];
            needed[pc] = now;
        }
        if !changed {
            return needed;
        }
    }
}

fn texts_needed_at(inst: Inst, needed: &[u64], pc: usize) -> u64 {
    let at = |pc: Pc| needed[pc as usize];
    let following = || needed[pc + 1];
    match inst {
        Inst::Split { first, second, .. } => at(first) | at(second),
        Inst::Jump(pc) => at(pc),
        Inst::Save(slot) if slot % 2 == 0 && slot / 2 < SHARED_BIT => following() & !bit(slot / 2),
        Inst::LoopCheck { exit, .. } => following() | exit.map_or(0, at),
        Inst::Backreference { group, .. } => bit(group) | following(),
        Inst::Conditional { no, .. } => following() | at(no),
        Inst::Look { after, .. } | Inst::Atomic { after } => following() | at(after),
        Inst::ScopeEnd | Inst::Match => 0,
        _ => following(),
    }
}

/// Groups from here on share a bit, which none of them clears.
const SHARED_BIT: u32 = 63;

fn bit(group: u32) -> u64 {
    1 << group.min(SHARED_BIT)
}
