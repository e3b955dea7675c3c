//! Where the content of a line begins, by an automaton of what `prefregex` has before it.
//!
//! For patterns that end in `<F-CONTENT>.+</F-CONTENT>$`: whatever is before it must match, and one character more;
//! which of the ways to match is Python's, the automaton knows.

use regex_automata::MatchKind;
use regex_syntax::hir::{Hir, Look};

use crate::pattern::ast::{Anchor, Kind, Mode};

use super::super::rule::Rule;
use super::super::span::Span;
use super::ascii::Ascii;
use super::automaton::{Automaton, Found, GaveUp};
use super::exact::Exactness;
use super::lower::{class, lower};
use super::memory::{Key, Memory};
use super::sequence::{Interest, Item, Sequence, is_anchored};
use super::table::Table;
use super::texts::{append, texts};

#[derive(Debug)]
pub(super) struct Prefix {
    automaton: Automaton,
    /// Without `<F-MLFID>` there is no session to find.
    session: Option<Session>,
}

/// A session's text begins with the line and ends before the content, or before one of these words before it.
#[derive(Debug)]
struct Session {
    words: Vec<Vec<u8>>,
    /// All texts that can be a session's.
    automaton: Automaton,
}

/// The states that the automata have built.
#[derive(Debug)]
pub(super) struct Caches {
    content: Table,
    session: Option<Table>,
    found: Found,
    memory: Memory<Option<Prefixed>>,
}

/// What is found of a line's prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefixed {
    pub(super) content: Span,
    /// `None` if there is none, or only a search knows it.
    pub(super) session: Option<Span>,
    pub(super) session_known: bool,
}

impl Prefix {
    pub(super) fn new(rule: &Rule) -> Option<Prefix> {
        let ast = rule.pattern.ast();
        let (content, session) = (rule.roles.content?, rule.roles.session);
        let interest = Interest::new(&ast, &[], [content].into_iter().chain(session));
        let [sequence] = <[Sequence<'_>; 1]>::try_from(interest.sequences()?).ok()?;
        let open = open(&sequence.items, content)?;
        if !is_anchored(&sequence.items) || !takes_the_rest(&sequence.items[open..]) {
            return None;
        }
        let before = &sequence.items[..open];
        let Exactness { exact, forbidden } = Exactness::of(before);
        if !exact || !forbidden.is_empty() {
            return None;
        }
        let one_more = class(Ascii::from_fn(|byte| byte != b'\n'));
        let automaton = Automaton::new(
            &[Hir::concat(vec![lower(before, &Hir::fail()), one_more])],
            MatchKind::LeftmostFirst,
        )?;
        let session = session.and_then(|group| Session::new(before, group));
        Some(Prefix { automaton, session })
    }

    pub(super) fn caches(&self) -> Caches {
        let session = self.session.as_ref().map(|session| session.automaton.table());
        Caches { content: self.automaton.table(), session, found: Found::default(), memory: Memory::new() }
    }

    /// The content of an ASCII line that ends in its only newline; `None` if `prefregex` does not match.
    pub(super) fn find(&self, caches: &mut Caches, line: &[u8]) -> Result<Option<Prefixed>, GaveUp> {
        let key = Key::of(line);
        let class = |at: usize| caches.content.class(line[at]);
        if let Some(prefixed) = key.and_then(|key| caches.memory.get(key, class)) {
            return Ok(prefixed.clone().map(|prefixed| prefixed.until(line.len() - 1)));
        }
        let (end, read) = self.automaton.preferred_end(&mut caches.content, line)?;
        let start = end.map(|end| end - 1);
        let prefixed = start.map(|start| self.prefixed(caches, line, start));
        if let Some(key) = key.filter(|key| key.holds(read))
            && self
                .session
                .as_ref()
                .is_none_or(|session| session.takes_digits_alike(&line[..start.unwrap_or(0)]))
            && self.automaton.takes_digits_alike(&mut caches.content, &line[..read], 0)?
        {
            let class = read.checked_sub(1).map_or(0, |last| caches.content.class(line[last]));
            caches.memory.put(key, read, class, prefixed.clone());
        }
        Ok(prefixed)
    }

    /// With its content from `start` on.
    fn prefixed(&self, caches: &mut Caches, line: &[u8], start: usize) -> Prefixed {
        let session = self
            .session
            .as_ref()
            .and_then(|session| session.end(&line[..start], caches))
            .map(|end| Span::new(0, end));
        let session_known = session.is_some();
        Prefixed { content: Span::new(start, line.len() - 1), session, session_known }
    }
}

impl Prefixed {
    /// The same in a line of another length.
    fn until(self, end: usize) -> Prefixed {
        Prefixed { content: Span::new(self.content.start(), end), ..self }
    }
}

impl Session {
    fn new(items: &[Item<'_>], group: usize) -> Option<Session> {
        let zero = |item: &Item<'_>| match item {
            Item::Leaf(node) => matches!(node.kind, Kind::Anchor(_)),
            Item::Host => false,
            Item::Open(_) | Item::Close(_) => true,
        };
        if !items[..open(items, group)?].iter().all(zero) {
            return None;
        }
        let close = items.iter().position(|item| matches!(item, Item::Close(index) if *index == group))?;
        let mut words = vec![Vec::new()];
        for item in &items[close + 1..] {
            if let Item::Leaf(node) = item {
                words = append(words, &texts(node)?)?;
            }
        }
        words.retain(|word| !word.is_empty());
        words.dedup();
        let whole = vec![lower(&items[..close], &Hir::fail()), Hir::look(Look::End)];
        Some(Session { words, automaton: Automaton::new(&[Hir::concat(whole)], MatchKind::All)? })
    }

    /// Whether all before the content is the session's.
    fn is_plain(&self, before: &[u8]) -> bool {
        !self.words.iter().any(|word| before.ends_with(word))
    }

    /// Whether its end is the same whatever the digits are.
    fn takes_digits_alike(&self, before: &[u8]) -> bool {
        self.is_plain(before) && !self.words.iter().flatten().any(u8::is_ascii_digit)
    }

    /// Its end, if there is only one that it can be.
    fn end(&self, before: &[u8], caches: &mut Caches) -> Option<usize> {
        if self.is_plain(before) {
            return Some(before.len());
        }
        let cache = caches.session.as_mut()?;
        let mut only = None;
        for word in self.words.iter().map(Vec::as_slice).chain([&b""[..]]) {
            let Some(session) = before.strip_suffix(word) else { continue };
            self.automaton.find_all(cache, session, 0, &mut caches.found).ok()?;
            if caches.found.any() && only.replace(session.len()).is_some() {
                return None;
            }
        }
        only
    }
}

fn open(items: &[Item<'_>], group: usize) -> Option<usize> {
    items.iter().position(|item| matches!(item, Item::Open(index) if *index == group))
}

/// `<F-CONTENT>.+</F-CONTENT>$`
fn takes_the_rest(items: &[Item<'_>]) -> bool {
    let [Item::Open(_), Item::Leaf(rest), Item::Close(_), Item::Leaf(end)] = items else { return false };
    let Kind::Repeat { min: 1, max: None, mode: Mode::Greedy, body } = &rest.kind else { return false };
    matches!(body.kind, Kind::Any { newline: false })
        && matches!(end.kind, Kind::Anchor(Anchor::EndOrFinalNewline))
}
