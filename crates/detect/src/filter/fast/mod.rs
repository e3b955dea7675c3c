//! The fast route: automata say which pattern matches, and where its host must be.
//!
//! It gives exactly what the plain route gives, or says that it cannot tell and the plain route is taken: for lines that
//! are not ASCII, for patterns that are no regular language where that matters, for lines in which the host could stand
//! in more places than one. So a forgery costs its line a slower look, and nothing else.

mod ascii;
mod automaton;
mod follow;
mod lower;
mod plan;
mod prefix;
mod sequence;
mod variant;

use std::ops::Range;

use regex_automata::MatchKind;
use regex_automata::hybrid::dfa::Cache;

use crate::pattern::Overrun;

use self::automaton::{Automaton, Found, GaveUp};
use self::prefix::{Prefix, Prefixed};
use self::variant::Variant;
use super::compile::Filter;
use super::hit::{Hit, User};
use super::plain::{self, Outcome, Scratch};
use super::rule::Rule;

/// What is compiled for one filter.
#[derive(Debug)]
pub(super) struct Fast {
    prefix: Option<Prefix>,
    content: Automaton,
    /// What must follow the host.
    rest: Automaton,
    /// By the automaton's numbers: in the order of rules, and of a rule's ways.
    variants: Vec<Variant>,
}

/// The states that the automata have built for one source.
#[derive(Debug)]
pub(super) struct Caches {
    prefix: Option<prefix::Caches>,
    content: Cache,
    found: Found,
    rest: Cache,
    found_rest: Found,
}

impl Fast {
    /// `None` where the automata would be too large, or the patterns read several lines.
    pub(super) fn new(prefix: Option<&Rule>, rules: &[Rule]) -> Option<Fast> {
        let (mut variants, mut wholes, mut rests) = (Vec::new(), Vec::new(), Vec::new());
        for way in variant::all(prefix, rules) {
            variants.push(way.variant);
            wholes.push(way.whole);
            rests.push(way.rest);
        }
        let content = Automaton::new(&wholes, MatchKind::All)?;
        let rest = Automaton::new(&rests, MatchKind::All)?;
        Some(Fast { prefix: prefix.and_then(Prefix::new), content, rest, variants })
    }

    pub(super) fn caches(&self) -> Caches {
        Caches {
            prefix: self.prefix.as_ref().map(Prefix::caches),
            content: self.content.cache(),
            found: Found::default(),
            rest: self.rest.cache(),
            found_rest: Found::default(),
        }
    }

    /// As [`plain::find`].
    pub(super) fn find(
        &self,
        filter: &Filter,
        subject: &str,
        caches: &mut Caches,
        scratch: &mut Scratch,
    ) -> Result<Outcome, Overrun> {
        let bytes = subject.as_bytes();
        if !subject.is_ascii() || memchr::memchr(b'\n', bytes) != Some(bytes.len() - 1) {
            return plain::find(filter, subject, scratch);
        }
        let Some(prefixed) = self.prefixed(filter, subject, caches, scratch)? else {
            return Ok(Outcome::Nothing);
        };
        let text = terminated(subject, &prefixed.content);
        let Some(text) = text else { return plain::find(filter, subject, scratch) };
        match self.content.find_all(&mut caches.content, text.as_bytes(), 0, &mut caches.found) {
            Err(GaveUp) => plain::find(filter, subject, scratch),
            Ok(()) if !caches.found.any() => Ok(Outcome::Nothing),
            Ok(()) => self.choose(filter, subject, &prefixed, caches, scratch),
        }
    }

    fn prefixed(
        &self,
        filter: &Filter,
        subject: &str,
        caches: &mut Caches,
        scratch: &mut Scratch,
    ) -> Result<Option<Prefixed>, Overrun> {
        if let (Some(prefix), Some(cache)) = (&self.prefix, &mut caches.prefix) {
            if let Ok(prefixed) = prefix.find(cache, subject.as_bytes()) {
                return Ok(prefixed);
            }
        }
        let content = plain::content(filter, subject, scratch.prefix())?;
        Ok(content.map(|content| Prefixed { content, session: None, session_known: false }))
    }

    /// Of the ways that the automaton found, the first that really matches.
    fn choose(
        &self,
        filter: &Filter,
        subject: &str,
        prefixed: &Prefixed,
        caches: &mut Caches,
        scratch: &mut Scratch,
    ) -> Result<Outcome, Overrun> {
        let Caches { found, rest, found_rest, .. } = caches;
        let mut rests = Rests { automaton: &self.rest, cache: rest, found: found_rest };
        let mut ways = found.iter().peekable();
        while let Some(way) = ways.next() {
            let variant = &self.variants[way];
            let mut alone = true;
            while ways.next_if(|&next| self.variants[next].rule == variant.rule).is_some() {
                alone = false;
            }
            if let Some(hit) = self.hit(filter, way, alone, subject, prefixed, &mut rests) {
                return plain::judge(filter, subject, hit, scratch);
            }
            if let Some(hit) = plain::capture(filter, variant.rule, subject, scratch)? {
                return plain::judge(filter, subject, hit, scratch);
            }
        }
        Ok(Outcome::Nothing)
    }

    /// The hit of a way, if it needs no search to be sure.
    fn hit(
        &self,
        filter: &Filter,
        way: usize,
        alone: bool,
        subject: &str,
        prefixed: &Prefixed,
        rests: &mut Rests<'_>,
    ) -> Option<Hit> {
        let variant = &self.variants[way];
        let sessions = filter.prefix.as_ref().is_some_and(|prefix| prefix.roles.session.is_some());
        if (sessions && !prefixed.session_known) || !(alone || variant.first_wins) {
            return None;
        }
        let text = &subject.as_bytes()[prefixed.content.start..prefixed.content.end + 1];
        Some(Hit {
            rule: variant.rule,
            way: Some(way),
            content: prefixed.content.clone(),
            marks: variant.marks,
            ids: variant.ids(text, prefixed.content.start, |at| rests.matches(way, text, at))?,
            session: prefixed.session.clone(),
            user: if variant.names_users { User::Unknown } else { User::Nobody },
        })
    }

    /// The user that a hit of `way` names in `content` of the subject, if that needs no search.
    pub(super) fn user(&self, way: usize, content: &Range<usize>, subject: &str) -> Option<User> {
        let text = subject.as_bytes().get(content.start..content.end + 1)?;
        self.variants[way].user(text, content.start)
    }
}

/// The automaton for what follows hosts, with its states.
struct Rests<'a> {
    automaton: &'a Automaton,
    cache: &'a mut Cache,
    found: &'a mut Found,
}

impl Rests<'_> {
    /// Whether what follows the host in `way` matches at `at`.
    fn matches(&mut self, way: usize, text: &[u8], at: usize) -> bool {
        self.automaton.find_all(self.cache, text, at, self.found).is_ok() && self.found.contains(way)
    }
}

/// The content with its newline, where it goes to the end of the line.
fn terminated<'t>(subject: &'t str, content: &Range<usize>) -> Option<&'t str> {
    (content.end + 1 == subject.len()).then(|| &subject[content.start..])
}
