//! What `iptables-save` and `ip6tables-save` print.
//!
//! ```text
//! text ─save─> tables and lines ─entry─> what a line asks of a packet ─walk─> rules; counted, limits, others
//! ```

mod condition;
mod counted;
mod entry;
mod limits;
mod needless;
mod others;
mod save;
mod walk;
mod way;

use super::families::unite;
use super::ufw::{File, widened};
use super::{Import, Kind, Note, Notes};
use crate::rules::command::Way;
use crate::rules::{Action, Direction, Families, Rule, Stance, Vocabulary};
use walk::Walk;

/// A chain where packets begin, and what it is called here.
const BASES: [(&str, Way, Direction); 3] = [
    ("INPUT", Way::Incoming, Direction::In),
    ("OUTPUT", Way::Outgoing, Direction::Out),
    ("FORWARD", Way::Routed, Direction::Route),
];

/// What one family's text says.
struct Half {
    family: Families,
    rules: Vec<Rule>,
    /// In the order of [`BASES`].
    policies: [Stance; 3],
    notes: Vec<Note>,
    /// Neither a rule nor a policy was ever set.
    untouched: bool,
}

/// The family that a text is of.
#[must_use]
pub fn family(text: &str) -> Families {
    match save::is_v6(text) {
        true => Families::V6,
        false => Families::V4,
    }
}

/// Reads one text, or one of each family.
#[must_use]
pub fn read(files: &[File<'_>], vocabulary: &Vocabulary) -> Import {
    let mut v4: Option<Half> = None;
    let mut v6: Option<Half> = None;
    let mut notes = Vec::new();
    for file in files {
        let half = half(*file, vocabulary);
        let place = if half.family == Families::V6 { &mut v6 } else { &mut v4 };
        match place {
            None => *place = Some(half),
            Some(_) => {
                let mut twice = Notes::of(file.name);
                twice.add(Kind::Lost, 0, "", "the rules of this family are given already");
                notes.extend(twice.list);
            }
        }
    }
    let mut import = match (v4, v6) {
        (Some(one), Some(other)) if other.untouched => alone(one, vocabulary),
        (Some(other), Some(one)) if other.untouched => alone(one, vocabulary),
        (Some(v4), Some(v6)) => together(v4, v6),
        (Some(one), None) | (None, Some(one)) => alone(one, vocabulary),
        (None, None) => Import::default(),
    };
    import.notes.extend(notes);
    import
}

/// Of one family nothing was said: what was said of the other holds for it as well.
fn alone(half: Half, vocabulary: &Vocabulary) -> Import {
    let mut notes = half.notes;
    if !half.untouched {
        let (this, other) = if half.family == Families::V4 { (4, 6) } else { (6, 4) };
        let why =
            format!("IPv{other} had no rules: those of IPv{this} that name no address hold for it as well");
        let file = notes.first().map(|note| note.file.clone()).unwrap_or_default();
        notes.insert(0, Note { kind: Kind::Changed, file, line: 0, text: String::new(), why });
    }
    Import {
        defaults: defaults(half.policies),
        rules: half.rules.into_iter().map(|rule| widened(rule, vocabulary)).collect(),
        notes,
        ..Import::default()
    }
}

fn together(mut v4: Half, mut v6: Half) -> Import {
    let mut policies = v4.policies;
    for (at, (_, _, direction)) in BASES.into_iter().enumerate() {
        let (one, other) = (v4.policies[at], v6.policies[at]);
        if one == other {
            continue;
        }
        // What lets less through stands for both; the family that lets more through does so by a rule.
        let half = if one == Stance::Allow { &mut v4 } else { &mut v6 };
        policies[at] = if one == Stance::Allow { other } else { one };
        half.rules.push(everything(half.family, direction, action(half.policies[at])));
    }
    let mut notes = v4.notes;
    notes.extend(v6.notes);
    Import { defaults: defaults(policies), rules: unite(v4.rules, v6.rules), notes, ..Import::default() }
}

fn defaults(policies: [Stance; 3]) -> Vec<(Way, Stance)> {
    BASES.into_iter().zip(policies).map(|((_, way, _), stance)| (way, stance)).collect()
}

const fn action(stance: Stance) -> Action {
    match stance {
        Stance::Allow => Action::Allow,
        Stance::Deny => Action::Deny,
        Stance::Reject => Action::Reject,
    }
}

/// A rule about every packet that goes this way.
fn everything(families: Families, direction: Direction, action: Action) -> Rule {
    Rule {
        action,
        direction,
        families,
        input: None,
        output: None,
        log: None,
        protocol: crate::rules::Protocol::Any,
        from: crate::rules::Endpoint::default(),
        to: crate::rules::Endpoint::default(),
        comment: String::new(),
    }
}

fn half(file: File<'_>, vocabulary: &Vocabulary) -> Half {
    let family = family(file.text);
    let mut notes = Notes::of(file.name);
    let tables = save::parse(file.text, &mut notes);
    let untouched = tables.iter().all(save::Table::is_untouched);
    let mut policies = [Stance::Allow; 3];
    let mut rules = Vec::new();
    for table in &tables {
        if table.name != "filter" {
            others::elsewhere(table, &mut notes);
            continue;
        }
        let mut walk = Walk::new(table, family, vocabulary, &mut notes);
        for ((chain, _, direction), policy) in BASES.into_iter().zip(&mut policies) {
            *policy = walk.base(chain, direction, &mut rules);
        }
        walk.finish();
    }
    notes.list.sort_by_key(|note| note.line);
    Half { family, rules, policies, notes: notes.list, untouched }
}

#[cfg(test)]
mod tests;
