//! What other firewalls were told, in ours: pure, from text to rules and to notes about everything else.
//!
//! ```text
//! ufw's files ─ufw─────────────> rules of each family ─┐
//! iptables-save ─iptables──> save -> entry -> walk ────┴─families─> one list
//! ```

mod families;
pub mod iptables;
pub mod ufw;

use crate::rules::command::Way;
use crate::rules::{Logging, NewProfiles, Rule, Stance};

/// What was understood, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Whether it is in force; `None` if nothing says so.
    pub enabled: Option<bool>,
    /// The level of its log.
    pub logging: Option<Logging>,
    /// Its default policies, as far as they are told.
    pub defaults: Vec<(Way, Stance)>,
    /// What becomes of new profiles.
    pub new_profiles: Option<NewProfiles>,
    /// In the order of evaluation.
    pub rules: Vec<Rule>,
    /// In the order of their places.
    pub notes: Vec<Note>,
}

/// Something that did not become a rule, or not the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it means for who takes the rules over.
    pub kind: Kind,
    /// The file, or what stands for it.
    pub file: String,
    /// From 1 on; 0 is the file as a whole.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// In words.
    pub why: String,
}

/// What a note means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// There is nothing in its place.
    Lost,
    /// What stands in its place is not quite the same.
    Changed,
    /// It belongs to another program, which goes on seeing to it.
    Others,
    /// The firewall does it anyway.
    Already,
}

impl Kind {
    /// All of them, what matters most first.
    pub const ALL: [Self; 4] = [Self::Lost, Self::Changed, Self::Others, Self::Already];

    /// One word, for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Changed => "changed",
            Self::Others => "others",
            Self::Already => "already",
        }
    }
}

/// Where notes of one file are gathered.
#[derive(Debug)]
struct Notes<'a> {
    file: &'a str,
    list: Vec<Note>,
}

impl<'a> Notes<'a> {
    const fn of(file: &'a str) -> Self {
        Self { file, list: Vec::new() }
    }

    fn add(&mut self, kind: Kind, line: usize, text: &str, why: impl Into<String>) {
        let (file, text) = (self.file.to_owned(), text.trim().to_owned());
        self.list.push(Note { kind, file, line, text, why: why.into() });
    }
}
