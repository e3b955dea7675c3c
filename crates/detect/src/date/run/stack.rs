//! What is known on one way through a program, and the ways that wait.

use crate::date::fields::Fields;
use crate::date::parse::MARKS;
use crate::pattern::Groups;

/// What is known so far on one way through a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notes {
    pub(super) fields: Fields,
    pub(super) date: (u32, u32),
    pub(super) marks: [(u32, u32); MARKS],
}

/// Another way to go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) pc: u32,
    pub(super) pos: u32,
    pub(super) retry: Retry,
    pub(super) notes: Notes,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Retry {
    Here,
    /// The run's characters, down to this position.
    Shorter(u32),
    /// The directive's choice of this number.
    Choice(u32),
}

/// Memory that is used again from line to line.
#[derive(Clone, Debug)]
pub(in crate::date) struct Stack {
    pub(super) waiting: Vec<Waiting>,
    pub(in crate::date) budget: usize,
    pub(super) notes: Notes,
    groups: Groups,
}

impl Stack {
    pub(in crate::date) fn new() -> Self {
        Self { waiting: Vec::new(), budget: 0, notes: Notes::NONE, groups: Groups::new() }
    }

    /// Forgets the last way through a program.
    pub(in crate::date) fn start(&mut self) {
        self.waiting.clear();
        self.notes = Notes::NONE;
    }

    /// What the last match read.
    pub(in crate::date) fn fields(&mut self) -> &mut Fields {
        &mut self.notes.fields
    }

    /// For [`crate::date::engine::Engine`]: its memory, and where it puts what it read.
    pub(in crate::date) fn of_engine(&mut self) -> (&mut Groups, &mut Fields) {
        (&mut self.groups, &mut self.notes.fields)
    }
}

impl Notes {
    const NONE: Self = Self { fields: Fields::NONE, date: (0, 0), marks: [(0, 0); MARKS] };
}
