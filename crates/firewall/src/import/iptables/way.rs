use std::collections::HashSet;

use super::limits::Limited;
use super::save::Line;
use crate::rules::{Rule, Stance};

/// What is known so far of the packets of one base chain.
#[derive(Default)]
pub(super) struct Way<'a> {
    pub(super) rules: Vec<Rule>,
    /// What these rules are about.
    pub(super) said: HashSet<Rule>,
    /// Limits of what a later rule lets in.
    pub(super) limits: Vec<Limited<'a>>,
    /// Lists of `recent`, and what enters them.
    pub(super) lists: Vec<(String, Vec<Rule>)>,
    /// A line in the log, which belongs to the rule behind it.
    pub(super) logged: Option<(&'a Line<'a>, Vec<Rule>)>,
}

/// How it goes on behind a line.
pub(super) enum Then {
    Next,
    /// The rest of the chain is not reached.
    Back,
    /// Nor is any other rule.
    End(Stance),
}
