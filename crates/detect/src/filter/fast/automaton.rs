//! Many sequences as one automaton, built while it runs: it is as large as the lines it has met were various, within a
//! bound.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::Hir;

/// Bytes of states that are kept; then all are forgotten and built anew.
const MEMORY: usize = 512 << 10;
/// Sequences that make a larger automaton are left to the plain route.
const NFA: usize = 4 << 20;

/// The automaton needs more memory than it is given, or met a byte that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GaveUp;

/// All of them anchored at the start of the text.
#[derive(Debug)]
pub(super) struct Automaton {
    dfa: DFA,
    count: usize,
}

/// A set of sequences by index.
#[derive(Debug, Default)]
pub(super) struct Found {
    words: Vec<u64>,
    any: bool,
}

impl Found {
    pub(super) fn any(&self) -> bool {
        self.any
    }

    /// In order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let next = |word: &u64| Some(word & (word - 1)).filter(|&rest| rest != 0);
            let bits = std::iter::successors(Some(word).filter(|&word| word != 0), next);
            bits.map(move |word| at * 64 + word.trailing_zeros() as usize)
        })
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.words[index / 64] >> (index % 64) & 1 == 1
    }

    fn clear(&mut self, count: usize) {
        self.any = false;
        self.words.clear();
        self.words.resize(count.div_ceil(64), 0);
    }

    fn insert(&mut self, index: usize) {
        self.any = true;
        self.words[index / 64] |= 1 << (index % 64);
    }
}

impl Automaton {
    /// `None` if it would be too large.
    pub(super) fn new(sequences: &[Hir], kind: MatchKind) -> Option<Automaton> {
        let nfa = thompson::Config::new()
            .utf8(false)
            .which_captures(thompson::WhichCaptures::None)
            .nfa_size_limit(Some(NFA));
        let nfa = thompson::Compiler::new().configure(nfa).build_many_from_hir(sequences).ok()?;
        let config = Config::new()
            .match_kind(kind)
            .cache_capacity(MEMORY)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(1))
            .minimum_bytes_per_state(Some(8));
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        Some(Automaton { dfa, count: sequences.len() })
    }

    pub(super) fn cache(&self) -> Cache {
        self.dfa.create_cache()
    }

    fn start(&self, cache: &mut Cache, before: Option<u8>) -> Result<LazyStateID, GaveUp> {
        let start = start::Config::new().anchored(Anchored::Yes).look_behind(before);
        self.dfa.start_state(cache, &start).map_err(|_| GaveUp)
    }

    /// All sequences that match at `from` in `text`, whose end is the end of the line.
    pub(super) fn find_all(
        &self,
        cache: &mut Cache,
        text: &[u8],
        from: usize,
        found: &mut Found,
    ) -> Result<(), GaveUp> {
        found.clear(self.count);
        let before = from.checked_sub(1).map(|before| text[before]);
        let mut state = self.start(cache, before)?;
        for &byte in &text[from..] {
            state = self.dfa.next_state(cache, state, byte).map_err(|_| GaveUp)?;
            if state.is_tagged() && !self.note(cache, state, found)? {
                return Ok(());
            }
        }
        state = self.dfa.next_eoi_state(cache, state).map_err(|_| GaveUp)?;
        self.note(cache, state, found).map(|_| ())
    }

    /// Whether there is a point in going on.
    #[inline]
    fn note(&self, cache: &Cache, state: LazyStateID, found: &mut Found) -> Result<bool, GaveUp> {
        if state.is_match() {
            for at in 0..self.dfa.match_len(cache, state) {
                found.insert(self.dfa.match_pattern(cache, state, at).as_usize());
            }
        }
        if state.is_quit() { Err(GaveUp) } else { Ok(!state.is_dead()) }
    }

    /// Where the match that Python would prefer ends.
    pub(super) fn preferred_end(&self, cache: &mut Cache, text: &[u8]) -> Result<Option<usize>, GaveUp> {
        let mut state = self.start(cache, None)?;
        let mut end = None;
        for (at, &byte) in text.iter().enumerate() {
            state = self.dfa.next_state(cache, state, byte).map_err(|_| GaveUp)?;
            if state.is_tagged() {
                // States say that they match one byte late.
                if state.is_match() {
                    end = Some(at);
                } else if state.is_dead() {
                    return Ok(end);
                } else if state.is_quit() {
                    return Err(GaveUp);
                }
            }
        }
        state = self.dfa.next_eoi_state(cache, state).map_err(|_| GaveUp)?;
        Ok(if state.is_match() { Some(text.len()) } else { end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hirs(sources: &[&str]) -> Vec<Hir> {
        let parse = |source: &&str| regex_syntax::Parser::new().parse(source).unwrap();
        sources.iter().map(parse).collect()
    }

    fn all(sources: &[&str], text: &str) -> Vec<usize> {
        let automaton = Automaton::new(&hirs(sources), MatchKind::All).unwrap();
        let mut found = Found::default();
        automaton.find_all(&mut automaton.cache(), text.as_bytes(), 0, &mut found).unwrap();
        found.iter().collect()
    }

    #[test]
    fn all_that_match_are_found_in_order() {
        assert_eq!(all(&["^ab", "^a.*c$", "^b", "^abx?"], "abxc"), [0, 1, 3]);
        assert!(all(&["^a"], "b").is_empty());
        let many: Vec<&str> = std::iter::repeat_n("^b", 70).chain(["^a"]).collect();
        assert_eq!(all(&many, "a"), [70]);
    }

    #[test]
    fn the_preferred_end_is_that_of_a_backtracking_search() {
        let end = |source, text: &str| {
            let automaton = Automaton::new(&hirs(&[source]), MatchKind::LeftmostFirst).unwrap();
            automaton.preferred_end(&mut automaton.cache(), text.as_bytes()).unwrap()
        };
        assert_eq!(end("^(?:a|ab)", "abc"), Some(1));
        assert_eq!(end("^(?:ab|a)", "abc"), Some(2));
        assert_eq!(end(r"^(?:\S+ )?x", "y xx"), Some(3));
        assert_eq!(end("^a", "b"), None);
        assert_eq!(end("^ab", "ab"), Some(2));
    }
}
