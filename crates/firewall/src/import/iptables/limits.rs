//! Limits: what lines that count say of the rules behind them.

use super::super::Kind;
use super::condition::{both, same};
use super::counted::{self, Counted};
use super::entry::{self, Target};
use super::save::Line;
use super::walk::{DEPTH, Walk, are_same};
use super::way::Then;
use crate::rules::{Action, Direction, Limit, Rule};

/// A limit, and what it is for.
pub(super) struct Limited<'a> {
    fits: Rule,
    limit: Limit,
    pub(super) line: &'a Line<'a>,
    pub(super) used: bool,
}

impl<'a> Walk<'a, '_> {
    /// A line that counts.
    ///
    /// # Errors
    /// Why it has no counterpart.
    pub(super) fn counted(
        &mut self,
        line: &'a Line<'a>,
        fits: Vec<Rule>,
        counted: &Counted,
        target: &Target,
        outer: &[Rule],
    ) -> Result<Then, String> {
        let refuses = matches!(target, Target::Drop | Target::Reject);
        let limit = match counted {
            Counted::Remembered(list) if matches!(target, Target::Nothing | Target::Accept) => {
                self.way.lists.push((list.clone(), fits.clone()));
                if *target == Target::Nothing {
                    return Ok(Then::Next);
                }
                return self.decided(line, fits, Target::Accept, Direction::In, DEPTH);
            }
            Counted::Tried { list, hits, seconds } if refuses => {
                let allowed = self.allowed(line, list, *hits, &fits, outer)?;
                let (limit, same) = counted::window(allowed, *seconds);
                if !same {
                    let why =
                        format!("it is `{limit}`: unlike here, that flows in again while somebody hammers");
                    self.note(Kind::Changed, line, why);
                }
                limit
            }
            Counted::Over(limit) if refuses => *limit,
            Counted::Within(limit) if *target == Target::Accept => {
                self.note(
                    Kind::Changed,
                    line,
                    "what exceeds it is refused, and not asked by the lines behind it",
                );
                for rule in fits {
                    self.say(Rule { action: Action::Limit(*limit), ..rule }, line);
                }
                return Ok(Then::Next);
            }
            Counted::Together => return Err("no limit counts all sources together".to_owned()),
            _ => {
                return Err(
                    "what is counted here is neither let in up to a limit nor refused beyond it".to_owned()
                );
            }
        };
        let limited = |fits| Limited { fits, limit, line, used: false };
        self.way.limits.extend(fits.into_iter().map(limited));
        Ok(Then::Next)
    }

    /// How many tries a list of `recent` allows: who enters it before it is asked is in it with this try.
    fn allowed(
        &self,
        line: &Line<'_>,
        list: &str,
        hits: u32,
        fits: &[Rule],
        outer: &[Rule],
    ) -> Result<u32, String> {
        let before = self.way.lists.iter().rev().find(|(name, _)| name == list);
        let later = || {
            let behind = self.chains.get(line.chain.as_str()).into_iter().flatten();
            behind.filter(|other| other.number > line.number).find_map(|other| {
                let entry = entry::read(&other.words, self.family, fits[0].direction).ok()?;
                let alone =
                    |one: &Rule| outer.iter().filter_map(|outer| both(one, outer)).collect::<Vec<_>>();
                let remembers = entry.counted == Some(Counted::Remembered(list.to_owned()));
                remembers.then(|| entry.fits.iter().flat_map(alone).collect::<Vec<_>>())
            })
        };
        let (entered, allowed) = match before {
            Some((_, entered)) => (entered.clone(), hits.saturating_sub(1)),
            None => (later().ok_or("nothing enters what it counts into its list")?, hits),
        };
        match () {
            () if !are_same(&entered, fits) => Err("it counts other connections than it refuses".to_owned()),
            () if allowed == 0 => Err("it refuses the first try already".to_owned()),
            () => Ok(allowed),
        }
    }

    /// Rules for those packets of an allowed rule that are limited, each with all limits that it has; whether these are
    /// all its packets.
    pub(super) fn limit(&mut self, allowed: &Rule, number: usize) -> bool {
        let parts = self.way.limits.iter_mut().filter_map(|limited| {
            let part = both(allowed, &limited.fits)?;
            limited.used = true;
            Some(part)
        });
        let mut distinct: Vec<Rule> = Vec::new();
        for part in parts {
            if !distinct.iter().any(|other| same(other, &part)) {
                distinct.push(part);
            }
        }
        let within = |part: &Rule, whole: &Rule| both(part, whole).is_some_and(|both| same(&both, part));
        // The narrower one is asked first.
        let breadth = |part: &Rule| distinct.iter().filter(|other| within(other, part)).count();
        let mut ordered: Vec<&Rule> = distinct.iter().collect();
        ordered.sort_by_key(|part| breadth(part));
        let mut said = Vec::new();
        for part in ordered {
            let mut all = self.way.limits.iter().filter(|limited| within(part, &limited.fits));
            let Some(first) = all.next() else { continue };
            let join = |(limit, exact), other: &Limited<'_>| {
                let (limit, all) = counted::and(limit, other.limit);
                (limit, exact && all)
            };
            let (limit, exact) = all.fold((first.limit, true), join);
            said.push((Rule { action: Action::Limit(limit), ..part.clone() }, first.line, exact));
        }
        for (rule, line, exact) in said {
            if !exact {
                let why = format!("with another limit for the same, it is `{rule}`");
                self.note(Kind::Changed, line, why);
            }
            self.say(rule, line);
        }
        number != 0 && distinct.iter().any(|part| same(part, allowed))
    }
}
