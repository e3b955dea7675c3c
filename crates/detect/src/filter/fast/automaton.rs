//! Many sequences as one automaton, built while it runs: it is as large as the lines it has met were various, within a
//! bound.

use regex_automata::hybrid::dfa::{Config, DFA};
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::Hir;

use super::table::{Seen, Table};

/// Sequences that make a larger automaton are left to the plain route.
const NFA: usize = 4 << 20;

/// The automaton needs more memory than it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GaveUp;

/// All of them anchored where the search begins.
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
    /// So many indices are in [`Found::bits`].
    pub(super) const BITS: usize = u64::BITS as usize;

    /// The first indices.
    pub(super) fn bits(&self) -> u64 {
        self.words.first().copied().unwrap_or(0)
    }

    pub(super) fn any(&self) -> bool {
        self.any
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.words[index / 64] >> (index % 64) & 1 == 1
    }

    /// In order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let next = |word: &u64| Some(word & (word - 1)).filter(|&rest| rest != 0);
            let bits = std::iter::successors(Some(word).filter(|&word| word != 0), next);
            bits.map(move |word| at * 64 + word.trailing_zeros() as usize)
        })
    }

    fn clear(&mut self, count: usize) {
        self.any = false;
        self.words.clear();
        self.words.resize(count.div_ceil(64), 0);
    }

    fn extend(&mut self, indices: &[u16]) {
        self.any = true;
        for &index in indices {
            self.words[usize::from(index) / 64] |= 1 << (index % 64);
        }
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
        // Its own bound would throw states away under the table; the table bounds both.
        let config =
            Config::new().match_kind(kind).cache_capacity(usize::MAX / 2).skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        (sequences.len() <= usize::from(u16::MAX)).then_some(Automaton { dfa, count: sequences.len() })
    }

    pub(super) fn table(&self) -> Table {
        Table::new(&self.dfa)
    }

    /// All sequences that match at `from` in `text`, whose end is the end of the line.
    pub(super) fn find_all(
        &self,
        table: &mut Table,
        text: &[u8],
        from: usize,
        found: &mut Found,
    ) -> Result<(), GaveUp> {
        found.clear(self.count);
        let before = from.checked_sub(1).map(|before| text[before]);
        let mut state = table.start(&self.dfa, Anchored::Yes, before)?;
        let mut at = from;
        loop {
            let (last, quiet) = table.glide(state, &text[at..]);
            (state, at) = (last, at + quiet);
            let Some(&byte) = text.get(at) else { break };
            match table.next(&self.dfa, state, byte)? {
                (_, Seen::Dead) => return Ok(()),
                (next, Seen::Match) => {
                    found.extend(table.matches(next));
                    state = next;
                }
                (next, Seen::Nothing) => state = next,
            }
            at += 1;
        }
        if let (end, Seen::Match) = table.end(&self.dfa, state)? {
            found.extend(table.matches(end));
        }
        Ok(())
    }

    /// Where the match that Python would prefer ends, and how many bytes had to be read to know it: more than there are,
    /// if the end was among them.
    pub(super) fn preferred_end(
        &self,
        table: &mut Table,
        text: &[u8],
    ) -> Result<(Option<usize>, usize), GaveUp> {
        let mut end = None;
        let (mut state, mut at) = table.resume(&self.dfa, text)?;
        loop {
            let (last, quiet) = table.glide(state, &text[at..]);
            (state, at) = (last, at + quiet);
            let Some(&byte) = text.get(at) else { break };
            match table.next(&self.dfa, state, byte)? {
                (_, Seen::Dead) => return Ok((end, at + 1)),
                // States say that they match one byte late.
                (next, Seen::Match) => (state, end) = (next, Some(at)),
                (next, Seen::Nothing) => state = next,
            }
            at += 1;
        }
        let (_, seen) = table.end(&self.dfa, state)?;
        Ok((if seen == Seen::Match { Some(text.len()) } else { end }, text.len() + 1))
    }

    /// Whether a search reads `text` from `from` on in the same way, whatever its digits are.
    pub(super) fn takes_digits_alike(
        &self,
        table: &mut Table,
        text: &[u8],
        from: usize,
    ) -> Result<bool, GaveUp> {
        let before = from.checked_sub(1).map(|before| text[before]);
        let mut state = table.start(&self.dfa, Anchored::Yes, before)?;
        for &byte in &text[from..] {
            let (next, _) = table.next(&self.dfa, state, byte)?;
            if byte.is_ascii_digit() {
                for digit in b'0'..=b'9' {
                    if table.next(&self.dfa, state, digit)?.0 != next {
                        return Ok(false);
                    }
                }
            }
            state = next;
        }
        Ok(true)
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
        automaton.find_all(&mut automaton.table(), text.as_bytes(), 0, &mut found).unwrap();
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
    fn digits_are_alike_where_the_language_does_not_tell_them_apart() {
        let automaton = Automaton::new(&hirs(&["^(?:<1>)?[^<]*[0-9]x"]), MatchKind::LeftmostFirst).unwrap();
        let alike =
            |text: &str| automaton.takes_digits_alike(&mut automaton.table(), text.as_bytes(), 0).unwrap();
        assert!(alike("host 123x"));
        assert!(!alike("<1>host 123x"));
    }

    #[test]
    fn the_preferred_end_is_that_of_a_backtracking_search() {
        let end = |source, text: &str| {
            let automaton = Automaton::new(&hirs(&[source]), MatchKind::LeftmostFirst).unwrap();
            automaton.preferred_end(&mut automaton.table(), text.as_bytes()).unwrap().0
        };
        assert_eq!(end("^(?:a|ab)", "abc"), Some(1));
        assert_eq!(end("^(?:ab|a)", "abc"), Some(2));
        assert_eq!(end(r"^(?:\S+ )?x", "y xx"), Some(3));
        assert_eq!(end("^a", "b"), None);
        assert_eq!(end("^ab", "ab"), Some(2));
    }
}
