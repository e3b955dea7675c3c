//! The way of a packet through the chains, as a list of rules.

use std::collections::{BTreeSet, HashMap};

use super::super::{Kind, Notes};
use super::condition::{both, same};
use super::counted::Counted;
use super::entry::{self, Entry, Target};
use super::needless::{is_about_false_loopback, is_everything, quiet};
use super::save::{Line, Table};
use super::way::{Then, Way};
use super::{action, everything, others};
use crate::rules::{Action, Direction, Families, Log, Rule, Stance, Vocabulary};

/// So many lines are followed, each as often as something jumps to its chain.
const LINES: usize = 20_000;
/// Chains that jump to each other are followed so far.
pub(super) const DEPTH: usize = 8;

pub(super) struct Walk<'a, 'n> {
    table: &'a Table<'a>,
    pub(super) chains: HashMap<&'a str, Vec<&'a Line<'a>>>,
    pub(super) family: Families,
    vocabulary: &'a Vocabulary,
    notes: &'a mut Notes<'n>,
    /// Chains that packets come to.
    reached: BTreeSet<&'a str>,
    followed: usize,
    /// Of the chain where packets begin:
    pub(super) way: Way<'a>,
}

impl<'a, 'n> Walk<'a, 'n> {
    pub(super) fn new(
        table: &'a Table<'a>,
        family: Families,
        vocabulary: &'a Vocabulary,
        notes: &'a mut Notes<'n>,
    ) -> Self {
        let mut chains: HashMap<&str, Vec<&Line<'_>>> = HashMap::new();
        for line in &table.lines {
            chains.entry(&line.chain).or_default().push(line);
        }
        let (reached, way) = (BTreeSet::new(), Way::default());
        Self { table, chains, family, vocabulary, notes, reached, followed: 0, way }
    }

    /// The rules of a chain where packets begin, and what becomes of those that no rule is about.
    pub(super) fn base(&mut self, chain: &'a str, direction: Direction, rules: &mut Vec<Rule>) -> Stance {
        self.way = Way::default();
        let all = everything(self.family, direction, Action::Allow);
        let policy = match self.chain(chain, std::slice::from_ref(&all), direction, 0) {
            Then::End(stance) => stance,
            _ if self.table.policy(chain) == Some("DROP") => Stance::Deny,
            _ => Stance::Allow,
        };
        if policy == Stance::Allow {
            self.limit(&all, 0);
        }
        self.close_log(true);
        for limited in std::mem::take(&mut self.way.limits).iter().filter(|limited| !limited.used) {
            self.note(Kind::Already, limited.line, "nothing lets in what it limits");
        }
        rules.append(&mut self.way.rules);
        policy
    }

    /// What no packet comes to.
    pub(super) fn finish(self) {
        for (chain, lines) in &self.chains {
            let Some(first) = lines.first().filter(|_| !self.reached.contains(chain)) else { continue };
            let count = lines.len();
            let (kind, why) = match others::owner(chain) {
                Some(owner) => (Kind::Others, others::why(owner)),
                None => (Kind::Already, "nothing leads to this chain".to_owned()),
            };
            let text = format!("chain {chain}, {count} rules");
            self.notes.add(kind, first.number, &text, why);
        }
    }

    pub(super) fn note(&mut self, kind: Kind, line: &Line<'_>, why: impl Into<String>) {
        self.notes.add(kind, line.number, line.text, why);
    }

    fn chain(&mut self, name: &'a str, outer: &[Rule], direction: Direction, depth: usize) -> Then {
        self.reached.insert(name);
        let lines = self.chains.get(name).cloned().unwrap_or_default();
        for (at, &line) in lines.iter().enumerate() {
            self.followed += 1;
            let then = match self.followed > LINES {
                true => Err("there are too many".to_owned()),
                false => self.line(line, outer, direction, depth),
            };
            let (kind, why) = match then {
                Ok(Then::Next) => continue,
                Ok(Then::Back) => {
                    self.note(Kind::Already, line, "the chain ends here");
                    (Kind::Already, "no packet comes so far")
                }
                Ok(Then::End(stance)) => {
                    self.note(Kind::Already, line, "it is the default policy");
                    lines[at + 1..]
                        .iter()
                        .for_each(|line| self.note(Kind::Already, line, "no packet comes so far"));
                    return Then::End(stance);
                }
                Err(why) => {
                    let returns = line.words.last().is_some_and(|word| word == "RETURN");
                    self.note(Kind::Lost, line, why);
                    match returns || self.followed > LINES {
                        true => (Kind::Lost, "it stands behind a line that is not understood"),
                        false => continue,
                    }
                }
            };
            lines[at + 1..].iter().for_each(|line| self.note(kind, line, why));
            break;
        }
        Then::Next
    }

    /// # Errors
    /// Why the line has no counterpart.
    fn line(
        &mut self,
        line: &'a Line<'a>,
        outer: &[Rule],
        direction: Direction,
        depth: usize,
    ) -> Result<Then, String> {
        if let Some(owner) = others::owner_of(line) {
            self.reached.extend(self.jumped_to(line));
            self.note(Kind::Others, line, others::why(owner));
            return Ok(Then::Next);
        }
        if is_about_false_loopback(line) {
            self.note(Kind::Already, line, "the kernel drops such packets itself");
            return Ok(Then::Next);
        }
        let entry = entry::read(&line.words, self.family, direction)?;
        let alone = |one: &Rule| outer.iter().filter_map(|outer| both(one, outer)).collect::<Vec<_>>();
        let fits: Vec<Rule> = entry.fits.iter().flat_map(alone).collect();
        if fits.is_empty() {
            self.note(
                Kind::Already,
                line,
                "no packet can be what this line and those that lead to it ask for",
            );
            return Ok(Then::Next);
        }
        if let Some(why) = quiet(&entry, &fits)? {
            self.note(Kind::Already, line, why);
            return Ok(Then::Next);
        }
        if let Some((logged, there)) = &self.way.logged
            && !are_same(there, &fits)
            && entry.counted.is_none()
        {
            let logged = *logged;
            self.way.logged = None;
            self.note(Kind::Lost, logged, "only a rule that decides can log: write `log` into one");
        }
        match (&entry.counted, entry.target.clone()) {
            (None, Target::Return) if entry.fits.iter().all(is_everything) => Ok(Then::Back),
            (_, Target::Return) => Err("what returns here would be asked by the lines behind it".to_owned()),
            (None | Some(Counted::Together), Target::Log) => {
                self.close_log(false);
                self.way.logged = Some((line, fits));
                Ok(Then::Next)
            }
            (None, target) => self.decided(line, fits, target, direction, depth),
            (Some(counted), target) => {
                let (target, _) = self.settled(target);
                self.counted(line, fits, counted, &target, outer)
            }
        }
    }

    fn jumped_to(&self, line: &Line<'_>) -> Option<&'a str> {
        let target = line.words.iter().skip_while(|word| *word != "-j").nth(1)?;
        self.chains
            .keys()
            .copied()
            .find(|chain| chain == target)
            .filter(|chain| others::owner(chain).is_none())
    }

    pub(super) fn decided(
        &mut self,
        line: &'a Line<'a>,
        fits: Vec<Rule>,
        target: Target,
        direction: Direction,
        depth: usize,
    ) -> Result<Then, String> {
        let (target, logs) = self.settled(target);
        let stance = match target {
            Target::Accept => Stance::Allow,
            Target::Drop => Stance::Deny,
            Target::Reject => Stance::Reject,
            Target::Chain(name) => return self.follow(&name, &fits, direction, depth),
            Target::Nothing | Target::Log | Target::Return => {
                self.note(Kind::Already, line, "it only counts");
                return Ok(Then::Next);
            }
        };
        if fits.iter().any(is_everything) {
            return Ok(Then::End(stance));
        }
        let logs = logs || self.way.logged.take_if(|(_, there)| are_same(there, &fits)).is_some();
        for mut rule in fits {
            if stance == Stance::Allow && self.limit(&rule, line.number) {
                continue;
            }
            rule.action = action(stance);
            rule.log = logs.then_some(Log::New);
            self.say(rule, line);
        }
        Ok(Then::Next)
    }

    fn follow(
        &mut self,
        name: &str,
        fits: &[Rule],
        direction: Direction,
        depth: usize,
    ) -> Result<Then, String> {
        let declared = self.table.chains.iter().map(|(chain, _)| *chain).find(|chain| *chain == name);
        let Some(chain) = declared else { return Err(format!("{name} has no counterpart")) };
        if depth >= DEPTH {
            return Err(format!("chains jump to each other more than {DEPTH} times"));
        }
        let then = self.chain(chain, fits, direction, depth + 1);
        match then {
            Then::End(_) if fits.iter().any(is_everything) => Ok(then),
            _ => Ok(Then::Next),
        }
    }

    /// A chain that only logs before it decides is what it decides; and whether it logs.
    fn settled(&mut self, target: Target) -> (Target, bool) {
        let Target::Chain(name) = &target else { return (target, false) };
        let Some((chain, lines)) = self.chains.get_key_value(name.as_str()) else { return (target, false) };
        let read = |line: &&Line<'_>| entry::read(&line.words, self.family, Direction::In).ok();
        let entries: Option<Vec<Entry>> = lines.iter().map(read).collect();
        match entries.as_deref() {
            Some([logs @ .., last])
                if logs.iter().all(|entry| entry.target == Target::Log)
                    && last.fits.iter().all(is_everything)
                    && matches!(last.target, Target::Accept | Target::Drop | Target::Reject) =>
            {
                self.reached.insert(chain);
                (last.target.clone(), !logs.is_empty())
            }
            _ => (target, false),
        }
    }

    /// A rule, if it can be written.
    pub(super) fn say(&mut self, mut rule: Rule, line: &Line<'_>) {
        let bare = Rule { action: Action::Allow, log: None, comment: String::new(), ..rule.clone() };
        if !self.way.said.insert(bare) {
            return self.note(Kind::Already, line, "a rule before it decides about the same");
        }
        let reads = |rule: &Rule| Rule::read(&rule.to_string(), self.vocabulary).as_ref() == Ok(rule);
        if !reads(&rule) && !rule.comment.is_empty() {
            rule.comment.clear();
            if reads(&rule) {
                self.note(Kind::Changed, line, "its comment cannot be written into a rule");
            }
        }
        match Rule::read(&rule.to_string(), self.vocabulary) {
            Ok(read) if read == rule => self.way.rules.push(rule),
            Ok(_) => self.note(Kind::Lost, line, "no rule says exactly this"),
            Err((wrong, _)) => self.note(Kind::Lost, line, wrong.to_string()),
        }
    }

    /// A line in the log that no rule came for.
    fn close_log(&mut self, at_end: bool) {
        let Some((line, fits)) = self.way.logged.take() else { return };
        match at_end && fits.iter().any(is_everything) {
            true => self.note(Kind::Already, line, "what the default policy refuses is logged"),
            false => self.note(Kind::Lost, line, "only a rule that decides can log: write `log` into one"),
        }
    }
}

pub(super) fn are_same(one: &[Rule], other: &[Rule]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
}
