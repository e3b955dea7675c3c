//! One way through one `failregex`, and what is known of every line that goes it.

use regex_syntax::hir::Hir;

use crate::pattern::ast::{Ast, Node, Width};

use super::super::hit::{Marks, User};
use super::super::rule::Rule;
use super::super::span::Span;
use super::ascii::Ascii;
use super::check::{Check, Progress, Reading};
use super::exact::Exactness;
use super::head;
use super::literal::Literal;
use super::lower::{anything, host_language, lower};
use super::needle::{End, Needle};
use super::place::Place;
use super::plan::{Plan, Verdict};
use super::sequence::{Interest, Item, Sequence, ending, is_anchored, needed};
use super::shape::{Shape, words};
use super::walk::is_rigid;

#[derive(Debug)]
pub(super) struct Variant {
    pub(super) rule: usize,
    pub(super) marks: Marks,
    /// Of several ways of the rule that match, Python takes the first.
    pub(super) first_wins: bool,
    /// Its number among the languages of what follows hosts.
    pub(super) rest: usize,
    /// A match may name a user.
    pub(super) names_user: bool,
    /// What every match ends with, as far as it is the same.
    ending: Literal,
    /// What every match holds behind the host, where that tells this way from another.
    needed: Option<Needle>,
    /// What every match begins with, if it begins with the text, as far as comparing tells.
    words: Vec<Check>,
    /// `None` where only the pattern's own search is sure that it matches, or of what it says.
    plan: Option<Plan>,
    /// `None` where comparing is not enough.
    shape: Option<Shape>,
    users_planned: bool,
}

/// A variant with the language of what follows its host.
pub(super) struct Way {
    pub(super) variant: Variant,
    /// What its first bytes can be; shorter than a head where nothing more is known.
    pub(super) head: Vec<Ascii>,
    pub(super) rest: Hir,
}

/// The ways of all rules, in order.
pub(super) fn all(prefix: Option<&Rule>, rules: &[Rule]) -> Vec<Way> {
    by_rule(prefix, rules).flat_map(|(ways, host)| ways.all(&host)).collect()
}

/// The languages of the same ways.
pub(super) fn languages(prefix: Option<&Rule>, rules: &[Rule]) -> Vec<Hir> {
    by_rule(prefix, rules).flat_map(|(ways, host)| ways.languages(&host)).collect()
}

/// Each rule with what its host tag matches.
fn by_rule<'r>(prefix: Option<&'r Rule>, rules: &'r [Rule]) -> impl Iterator<Item = (Ways<'r>, Hir)> {
    let mut hosts = Vec::new();
    rules.iter().enumerate().map(move |(index, rule)| {
        (Ways { prefix, rule, index, ast: rule.pattern.ast() }, host_language(rule, &mut hosts))
    })
}

struct Ways<'r> {
    prefix: Option<&'r Rule>,
    rule: &'r Rule,
    index: usize,
    ast: Ast,
}

impl Ways<'_> {
    fn interest(&self) -> Interest<'_> {
        let roles = &self.rule.roles;
        let marks = [roles.nofail, roles.forget, roles.gained, roles.session];
        let users = roles.user.iter().flatten();
        let ids = roles.ids.iter().flatten();
        let groups = marks.into_iter().flatten().chain(users.copied()).chain(ids.copied());
        Interest::new(&self.ast, &self.rule.expanded.hosts, groups)
    }

    /// `host` is what its host tag matches.
    fn languages(&self, host: &Hir) -> Vec<Hir> {
        match self.interest().sequences() {
            Some(sequences) => sequences.iter().map(|sequence| language(&sequence.items, host)).collect(),
            None => vec![language(&[Item::Leaf(&self.ast.root)], host)],
        }
    }

    /// `host` is what its host tag matches.
    fn all(&self, host: &Hir) -> Vec<Way> {
        let interest = self.interest();
        match interest.sequences() {
            Some(sequences) => {
                let first_wins = sequences
                    .iter()
                    .all(|sequence| sequence.choices.iter().all(|&choice| is_rigid(&sequence.items, choice)));
                let needs: Vec<Vec<u8>> = sequences.iter().map(|sequence| needed(&sequence.items)).collect();
                let way = |(sequence, need): (_, &Vec<u8>)| {
                    let mut way = self.way(sequence, &interest, host, first_wins);
                    let tells = !need.is_empty() && needs.iter().any(|other| other != need);
                    way.variant.needed = tells.then(|| Needle::new(need));
                    way
                };
                sequences.iter().zip(&needs).map(way).collect()
            }
            None => vec![Way { variant: self.unsure(), head: Vec::new(), rest: Hir::fail() }],
        }
    }

    fn way(&self, sequence: &Sequence<'_>, interest: &Interest<'_>, host: &Hir, first_wins: bool) -> Way {
        let planned = self.planned(sequence, interest, first_wins);
        let mut variant = planned.unwrap_or_else(|| self.unsure());
        let rest = match sequence.items.iter().position(|item| matches!(item, Item::Host)) {
            Some(at) if variant.plan.as_ref().is_some_and(Plan::asks_for_rest) => {
                lower(&sequence.items[at + 1..], host)
            }
            _ => Hir::fail(),
        };
        let anchored = is_anchored(&sequence.items);
        variant.words = if anchored { words(sequence) } else { Vec::new() };
        let head = if anchored { head::of(&sequence.items) } else { Vec::new() };
        Way { variant, head, rest }
    }

    /// A variant whose every match is left to the pattern.
    fn unsure(&self) -> Variant {
        Variant {
            rule: self.index,
            marks: Marks::default(),
            first_wins: false,
            rest: 0,
            names_user: true,
            ending: Literal::default(),
            needed: None,
            words: Vec::new(),
            plan: None,
            shape: None,
            users_planned: false,
        }
    }

    fn planned(&self, sequence: &Sequence<'_>, interest: &Interest<'_>, first_wins: bool) -> Option<Variant> {
        let hidden = |item: &Item<'_>| matches!(item, Item::Leaf(node) if interest.matters(node));
        let Exactness { exact, forbidden } = Exactness::of(&sequence.items);
        if !exact || !self.ids_are_simple() || sequence.items.iter().any(hidden) {
            return None;
        }
        let mut plan = Plan::host(sequence, self.rule.names.contains("dns"))?;
        if !forbidden.is_empty() {
            if forbidden.iter().any(|literal| literal != plan.anchor() || literal.is_empty()) {
                return None;
            }
            plan.once = true;
        }
        let ending = Literal::new(&ending(&sequence.items));
        let users = self.users();
        let users_planned =
            users.as_ref().is_some_and(|users| users.iter().all(|&group| plan.add_user(sequence, group)));
        Some(Variant {
            rule: self.index,
            marks: self.marks(sequence)?,
            first_wins,
            rest: 0,
            names_user: users.is_none_or(|users| !users.is_empty()),
            shape: Shape::of(sequence, &plan, &ending),
            ending,
            needed: None,
            words: Vec::new(),
            plan: Some(plan),
            users_planned,
        })
    }

    /// One host tag holds all ids there are, or there are none.
    fn ids_are_simple(&self) -> bool {
        let [fid, ip4, ip6, dns, cidr] = &self.rule.roles.ids;
        let hosts = self.rule.expanded.hosts.len();
        let own = fid.is_empty()
            && cidr.is_empty()
            && hosts <= 1
            && [ip4, ip6, dns].iter().all(|sources| sources.len() <= hosts)
            && self.rule.roles.session.is_none();
        own && self.prefix.is_none_or(|prefix| {
            let roles = &prefix.roles;
            let marks = [roles.nofail, roles.forget, roles.gained];
            roles.ids.iter().all(Vec::is_empty) && marks.iter().all(Option::is_none)
        })
    }

    /// The groups that may hold a user; `None` if it may also be put together, or stand in the prefix.
    fn users(&self) -> Option<Vec<usize>> {
        let in_prefix = |prefix: &Rule| prefix.roles.user.as_ref().is_none_or(|users| !users.is_empty());
        if self.prefix.is_some_and(in_prefix) { None } else { self.rule.roles.user.clone() }
    }

    fn marks(&self, sequence: &Sequence<'_>) -> Option<Marks> {
        let roles = &self.rule.roles;
        Some(Marks {
            nofail: mark(sequence, roles.nofail)?,
            forget: mark(sequence, roles.forget)?,
            gained: mark(sequence, roles.gained)?,
        })
    }
}

/// That of a sequence, wherever in a text it matches.
fn language(items: &[Item<'_>], host: &Hir) -> Hir {
    let own = lower(items, host);
    if is_anchored(items) { own } else { Hir::concat(vec![anything(), own]) }
}

/// Whether a group holds text in every match of a sequence; `None` if that depends on the match.
fn mark(sequence: &Sequence<'_>, group: Option<usize>) -> Option<bool> {
    let Some(group) = group else { return Some(false) };
    let items = &sequence.items;
    let Some(open) = items.iter().position(|item| matches!(item, Item::Open(index) if *index == group))
    else {
        return Some(false);
    };
    let inside =
        items[open..].iter().take_while(|item| !matches!(item, Item::Close(index) if *index == group));
    let takes = |node: &Node| node.width(&|_| Width::ZERO).min > 0;
    inside.into_iter().any(|item| matches!(item, Item::Leaf(node) if takes(node))).then_some(true)
}

impl Variant {
    /// Whether a match can end as a text does.
    #[inline]
    pub(super) fn ends(&self, text: &[u8]) -> bool {
        self.ending.is_empty() || self.ending.ends(text)
    }

    /// Whether a text holds what a match needs, behind its first bytes.
    #[inline]
    pub(super) fn is_possible(&self, text: &[u8], end: End<'_>, progress: Progress) -> bool {
        let from = progress.end();
        self.needed.as_ref().is_none_or(|needed| needed.sight(text, from, end).first(from).is_some())
    }

    /// Reads the first bytes of a text.
    pub(super) fn read_head(&self, head: &[u8]) -> Reading {
        Reading::of(&self.words, head)
    }

    /// Whether the rule matches `text` in this way, if a look is enough to say so; `progress` is how far its first bytes
    /// lead, `known` is what the ways asked before have read and becomes the host of a match.
    pub(super) fn look(
        &self,
        text: &[u8],
        end: End<'_>,
        progress: Progress,
        known: &mut Place,
        rest: impl FnOnce(usize) -> Option<bool>,
    ) -> Verdict {
        let Some(at) = progress.end_of(&self.words, text) else { return Verdict::No };
        let (Some(plan), Some(shape)) = (&self.plan, &self.shape) else { return Verdict::Unknown };
        match shape.look_back(text, at, known) {
            Verdict::Unknown => {}
            told => return told,
        }
        let judge = |start: usize| {
            plan.judge(text, start, known, |at| shape.rest_matches(text, at).or_else(|| rest(at)))
        };
        let Some(stretch) = &shape.stretch else {
            let sure = !plan.once || plan.anchor.first(text, at).is_none();
            return if sure { judge(at) } else { Verdict::Unknown };
        };
        let sight = plan.anchor.sight(text, at, end);
        let Some(anchor) = sight.first(at) else { return Verdict::No };
        let fills = stretch.fills(text, at, anchor);
        let verdict = if fills { judge(anchor + plan.anchor.len()) } else { Verdict::No };
        let once = verdict == Verdict::Match && shape.once && known.address.is_some();
        // Where it stands again, the line may mean something else.
        let again = !once && sight.first(anchor + 1).is_some();
        if again { Verdict::Unknown } else { verdict }
    }

    pub(super) fn has_host(&self) -> bool {
        self.plan.as_ref().is_some_and(Plan::has_host)
    }

    /// Where the host of a match stands, if it names one; see [`Plan::place`].
    pub(super) fn place(&self, text: &[u8], rest: impl FnOnce(usize) -> bool) -> Option<Option<Place>> {
        self.plan.as_ref()?.place(text, rest).ok()
    }

    /// The user of a match, if the plan finds it.
    pub(super) fn user(&self, text: &[u8], offset: usize) -> Option<User> {
        let plan = self.plan.as_ref().filter(|_| self.users_planned)?;
        let span = plan.user(text, |_| false).ok()?;
        Some(if span.is_empty() { User::Nobody } else { User::At(Span::from(span).shift(offset)) })
    }
}
