//! The list of rules, as ufw's commands change it.
//!
//! ufw keeps a list for each family; a rule without addresses stands in both, not always at the same place. Here there is
//! one list, and a rule for both families stands in it once as long as its two halves can stand together. What a command
//! does is told as [`Step`]s, so that a file which people also edit is touched only where the command means.

mod halves;

use super::{Families, Rule};

/// One change of the list; several are done one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The rule comes before what is at this place, which may be the end.
    Insert(usize, Rule),
    /// The rule takes the place of what is there.
    Replace(usize, Rule),
    /// What is at this place goes.
    Remove(usize),
}

impl Step {
    /// Does it.
    ///
    /// # Panics
    /// There is no such place in the list.
    pub fn apply(&self, rules: &mut Vec<Rule>) {
        match self {
            Self::Insert(at, rule) => rules.insert(*at, rule.clone()),
            Self::Replace(at, rule) => rules[*at] = rule.clone(),
            Self::Remove(at) => drop(rules.remove(*at)),
        }
    }
}

/// Where a new rule comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind all others.
    Last,
    /// Before all others of its families.
    First,
    /// At this number of `status numbered`, counted from 1.
    Number(usize),
}

/// What became of a rule in one of its families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Change {
    Added,
    Inserted,
    Updated,
    Deleted,
    /// It is there already.
    Kept,
    /// It is there already, perhaps with another action, and keeps its place and what it says.
    KeptInPlace,
    /// It was to be deleted and is not there.
    Missing,
}

/// What a command did: to the list, and to each family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// In order; none if nothing changed.
    pub steps: Vec<Step>,
    /// IPv4 first.
    pub changes: Vec<(Families, Change)>,
}

/// A line of `status numbered`: a rule in one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The rule's place in the list.
    pub at: usize,
    /// Not both.
    pub family: Families,
}

/// The number is none that the rule can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid position '{0}'")]
pub struct NoSuchPlace(pub usize);

/// The lines of `status numbered`, the first of them number 1.
#[must_use]
pub fn lines(rules: &[Rule]) -> Vec<Line> {
    let of = |family| {
        let has = move |(_, rule): &(usize, &Rule)| rule.has(family);
        rules.iter().enumerate().filter(has).map(move |(at, _)| Line { at, family })
    };
    of(Families::V4).chain(of(Families::V6)).collect()
}

/// Adds a rule or changes the one that is there, in every family that it is for.
///
/// # Errors
/// [`Place::Number`] is no number of the list, or one of the other family.
pub fn add(rules: &mut Vec<Rule>, rule: &Rule, place: Place) -> Result<Edit, NoSuchPlace> {
    let slots = slots(rules, rule, place)?;
    let mut list = List { rules, edit: Edit::default() };
    let mut new = None;
    for &(family, slot) in &slots {
        let change = match list.rules.iter().position(|there| there.has(family) && there.is_about(rule)) {
            // Where a number leads nowhere, ufw adds instead of inserting.
            Some(at) if slot.change == Change::Added => list.meet(at, family, rule),
            Some(_) => Change::KeptInPlace,
            None => {
                new = Families::join(new, family);
                slot.change
            }
        };
        list.edit.changes.push((family, change));
    }
    if let Some(families) = new {
        list.put(rule, families, &slots);
    }
    Ok(list.edit)
}

/// Takes a rule away, in every family that it is for.
#[must_use]
pub fn delete(rules: &mut Vec<Rule>, rule: &Rule) -> Edit {
    let mut list = List { rules, edit: Edit::default() };
    for family in rule.families.each() {
        let change = match list.rules.iter().position(|there| there.has(family) && there.is_meant_by(rule)) {
            Some(at) => list.take(at, family),
            None => Change::Missing,
        };
        list.edit.changes.push((family, change));
    }
    list.edit
}

/// Takes one line of `status numbered` away.
#[must_use]
pub fn delete_line(rules: &mut Vec<Rule>, line: Line) -> Edit {
    let mut list = List { rules, edit: Edit::default() };
    let change = list.take(line.at, line.family);
    list.edit.changes.push((line.family, change));
    list.edit
}

/// Where a rule comes in one family, if it is not there: anywhere in `from..=to` is the same to that family.
#[derive(Clone, Copy, Debug)]
struct Slot {
    from: usize,
    to: usize,
    change: Change,
}

/// The slot of each family of a rule.
fn slots(rules: &[Rule], rule: &Rule, place: Place) -> Result<Vec<(Families, Slot)>, NoSuchPlace> {
    let before = |to: usize, family, change| {
        let from = rules[..to].iter().rposition(|rule| rule.has(family)).map_or(0, |at| at + 1);
        Slot { from, to, change }
    };
    let last = |family| before(rules.len(), family, Change::Added);
    let lines = lines(rules);
    if let Place::Number(number) = place
        && !number.checked_sub(1).and_then(|at| lines.get(at)).is_some_and(|line| rule.has(line.family))
    {
        return Err(NoSuchPlace(number));
    }
    let v4_is_there = rules.iter().any(|there| there.has(Families::V4) && there.is_about(rule));
    let mut slots = Vec::new();
    for family in rule.families.each() {
        let slot = match place {
            Place::Last => last(family),
            Place::First => match rules.iter().position(|rule| rule.has(family)) {
                Some(at) => before(at, family, Change::Inserted),
                None => last(family),
            },
            Place::Number(number) => {
                // ufw counts on from the half that it has dealt with, and that has not moved what stands behind it.
                let skipped = usize::from(family == Families::V6 && rule.has(Families::V4) && v4_is_there);
                let in_v4 = lines.iter().filter(|line| line.family == Families::V4).count();
                let line = lines.get(number - 1 + skipped);
                let line = line.ok_or_else(|| NoSuchPlace(number + skipped - in_v4))?;
                // In the other family, before the other half of the rule that has this number.
                let meant = &rules[line.at];
                let twin = |there: &Rule| there.has(family) && there.is_twin_of(meant);
                let at = if line.family == family { Some(line.at) } else { rules.iter().position(twin) };
                at.map_or_else(|| last(family), |at| before(at, family, Change::Inserted))
            }
        };
        slots.push((family, slot));
    }
    Ok(slots)
}

/// A list, and what was done to it.
struct List<'a> {
    rules: &'a mut Vec<Rule>,
    edit: Edit,
}

impl List<'_> {
    fn step(&mut self, step: Step) {
        step.apply(self.rules);
        self.edit.steps.push(step);
    }

    /// A rule about the same traffic is there.
    fn meet(&mut self, at: usize, family: Families, rule: &Rule) -> Change {
        let new = Rule { families: family, ..rule.clone() };
        if (Rule { families: family, ..self.rules[at].clone() }) == new {
            return Change::Kept;
        }
        match self.rules[at].families == Families::Both {
            false => self.step(Step::Replace(at, new)),
            true => {
                let other = Rule { families: family.other(), ..self.rules[at].clone() };
                self.step(Step::Replace(at, new));
                self.step(Step::Insert(at + 1, other));
            }
        }
        self.unite();
        Change::Updated
    }

    /// The halves of a rule that stand side by side become one.
    fn unite(&mut self) {
        let halves =
            |two: &[Rule]| two[0].is_half() && two[1].is_half() && two[0].families != two[1].families;
        let pair = self.rules.windows(2).position(|two| halves(two) && two[0].is_twin_of(&two[1]));
        if let Some(at) = pair {
            self.step(Step::Replace(at, Rule { families: Families::Both, ..self.rules[at].clone() }));
            self.step(Step::Remove(at + 1));
        }
    }

    /// A new rule comes: once if its halves can stand together.
    fn put(&mut self, rule: &Rule, families: Families, slots: &[(Families, Slot)]) {
        let half = |families| Rule { families, ..rule.clone() };
        match slots {
            [(_, first), (_, second)] if families == Families::Both => {
                let (from, to) = (first.from.max(second.from), first.to.min(second.to));
                if from <= to {
                    return self.step(Step::Insert(to, half(Families::Both)));
                }
                // The later place first, so that the earlier one stays where it is.
                let mut both = [(Families::V4, first.to), (Families::V6, second.to)];
                both.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
                for (family, at) in both {
                    self.step(Step::Insert(at, half(family)));
                }
            }
            _ => {
                // The other half is there already; changing it may have made the list longer.
                if let Some((family, slot)) = slots.iter().find(|(family, _)| *family == families) {
                    let end = self.rules.len();
                    let to = if slot.change == Change::Added { end } else { slot.to };
                    self.step(Step::Insert(to, half(*family)));
                    self.unite();
                }
            }
        }
    }

    fn take(&mut self, at: usize, family: Families) -> Change {
        match self.rules[at].families == Families::Both {
            true => self.step(Step::Replace(at, Rule { families: family.other(), ..self.rules[at].clone() })),
            false => self.step(Step::Remove(at)),
        }
        Change::Deleted
    }
}

#[cfg(test)]
mod tests;
