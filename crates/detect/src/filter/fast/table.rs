//! The states of an automaton that its lines have needed, as one flat table.
//!
//! The library's lazy automaton makes the states; to run through them is our own loop, twice as fast, for it never has
//! to expect that states are thrown away under it.

use foldhash::HashMap;
use foldhash::HashMapExt;
use regex_automata::Anchored;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::start;

use super::automaton::GaveUp;

/// With more states than these, all are forgotten before the next search, so that memory stays below some megabytes
/// however various the lines are…
const MANY: usize = 1024;
/// …and a search that alone makes so many more is given up.
const TOO_MANY: usize = MANY + 512;
/// Searches of lines that begin alike begin after so many bytes.
const HEAD: usize = 8;

/// An entry of the table: a state, as the place of its row, and what it says.
type Entry = u32;
const MATCH: Entry = 1 << 30;
const DEAD: Entry = 1 << 31;
const UNKNOWN: Entry = Entry::MAX;
const ROW: Entry = MATCH - 1;

/// A state, as the place of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State(u32);

/// What a state says when it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    Match,
    Dead,
}

#[derive(Debug)]
pub(super) struct Table {
    cache: Cache,
    /// A column for each class of bytes and one for the end of the text.
    classes: [u8; 256],
    end: usize,
    /// The logarithm of a row's length.
    shift: u32,
    entries: Vec<Entry>,
    /// By number of the row.
    states: Vec<LazyStateID>,
    matches: Vec<Box<[u16]>>,
    rows: HashMap<LazyStateID, Entry>,
    starts: [Entry; 257],
    /// The state after the first bytes of the last line, if nothing was seen on the way.
    head: Option<([u8; HEAD], State)>,
}

impl Table {
    pub(super) fn new(dfa: &DFA) -> Table {
        let classes = dfa.byte_classes();
        Table {
            cache: dfa.create_cache(),
            classes: std::array::from_fn(|byte| classes.get(byte as u8)),
            end: classes.alphabet_len() - 1,
            shift: classes.alphabet_len().next_power_of_two().trailing_zeros(),
            entries: Vec::new(),
            states: Vec::new(),
            matches: Vec::new(),
            rows: HashMap::new(),
            starts: [UNKNOWN; 257],
            head: None,
        }
    }

    /// Bytes of one class are not told from each other.
    pub(super) fn class(&self, byte: u8) -> u8 {
        self.classes[usize::from(byte)]
    }

    /// The state in which a search begins after `before`.
    pub(super) fn start(
        &mut self,
        dfa: &DFA,
        anchored: Anchored,
        before: Option<u8>,
    ) -> Result<State, GaveUp> {
        if self.states.len() > MANY {
            self.forget(dfa);
        }
        let place = before.map_or(256, usize::from);
        if self.starts[place] == UNKNOWN {
            let config = start::Config::new().anchored(anchored).look_behind(before);
            let state = dfa.start_state(&mut self.cache, &config).map_err(|_| GaveUp)?;
            self.starts[place] = self.row(dfa, state)?;
        }
        Ok(State(self.starts[place] & ROW))
    }

    fn forget(&mut self, dfa: &DFA) {
        self.cache.reset(dfa);
        self.entries.clear();
        self.states.clear();
        self.matches.clear();
        self.rows.clear();
        self.starts = [UNKNOWN; 257];
        self.head = None;
    }

    /// As [`Table::start`] before a text, but perhaps some bytes into it.
    pub(super) fn resume(&mut self, dfa: &DFA, text: &[u8]) -> Result<(State, usize), GaveUp> {
        let start = self.start(dfa, Anchored::Yes, None)?;
        let Some(head) = text.first_chunk::<HEAD>() else { return Ok((start, 0)) };
        match self.head {
            Some((known, state)) if known == *head => return Ok((state, HEAD)),
            _ => {}
        }
        let mut state = start;
        for &byte in head {
            // Once for every new beginning, so it need not be quick.
            match self.next(dfa, state, byte)? {
                (next, Seen::Nothing) => state = next,
                _ => return Ok((start, 0)),
            }
        }
        self.head = Some((*head, state));
        Ok((state, HEAD))
    }

    /// How many of the bytes are read without anything to be seen, and the state after them.
    #[inline]
    pub(super) fn glide(&self, from: State, text: &[u8]) -> (State, usize) {
        let entries = self.entries.as_slice();
        let mut row = from.0;
        for (at, &byte) in text.iter().enumerate() {
            let entry = entries[row as usize + usize::from(self.classes[usize::from(byte)])];
            if entry >= MATCH {
                return (State(row), at);
            }
            row = entry;
        }
        (State(row), text.len())
    }

    /// The state after a byte.
    pub(super) fn next(&mut self, dfa: &DFA, state: State, byte: u8) -> Result<(State, Seen), GaveUp> {
        let place = state.0 as usize + usize::from(self.classes[usize::from(byte)]);
        match self.entries[place] {
            entry if entry < MATCH => Ok((State(entry), Seen::Nothing)),
            UNKNOWN => {
                let from = self.states[(state.0 >> self.shift) as usize];
                let next = dfa.next_state(&mut self.cache, from, byte).map_err(|_| GaveUp)?;
                self.learn(dfa, place, next)
            }
            entry => Ok(read(entry)),
        }
    }

    /// The state after the end of the text.
    pub(super) fn end(&mut self, dfa: &DFA, state: State) -> Result<(State, Seen), GaveUp> {
        let place = state.0 as usize + self.end;
        match self.entries[place] {
            UNKNOWN => {
                let from = self.states[(state.0 >> self.shift) as usize];
                let next = dfa.next_eoi_state(&mut self.cache, from).map_err(|_| GaveUp)?;
                self.learn(dfa, place, next)
            }
            entry => Ok(read(entry)),
        }
    }

    /// The sequences that a state says have matched.
    pub(super) fn matches(&self, state: State) -> &[u16] {
        &self.matches[(state.0 >> self.shift) as usize]
    }

    #[cold]
    fn learn(&mut self, dfa: &DFA, place: usize, state: LazyStateID) -> Result<(State, Seen), GaveUp> {
        let entry = self.row(dfa, state)?;
        self.entries[place] = entry;
        Ok(read(entry))
    }

    fn row(&mut self, dfa: &DFA, state: LazyStateID) -> Result<Entry, GaveUp> {
        if state.is_quit() || state.is_unknown() {
            return Err(GaveUp);
        }
        if let Some(&entry) = self.rows.get(&state) {
            return Ok(entry);
        }
        if self.states.len() >= TOO_MANY {
            return Err(GaveUp);
        }
        let row = u32::try_from(self.entries.len()).map_err(|_| GaveUp)?;
        let matches = match state.is_match() {
            true => (0..dfa.match_len(&self.cache, state))
                .map(|at| dfa.match_pattern(&self.cache, state, at).as_u32() as u16)
                .collect(),
            false => Box::default(),
        };
        let mark = match (state.is_dead(), state.is_match()) {
            (true, _) => DEAD,
            (false, true) => MATCH,
            (false, false) => 0,
        };
        self.entries.resize(self.entries.len() + (1 << self.shift), UNKNOWN);
        self.states.push(state);
        self.matches.push(matches);
        self.rows.insert(state, row | mark);
        Ok(row | mark)
    }
}

fn read(entry: Entry) -> (State, Seen) {
    let seen = match entry {
        _ if entry & DEAD != 0 => Seen::Dead,
        _ if entry & MATCH != 0 => Seen::Match,
        _ => Seen::Nothing,
    };
    (State(entry & ROW), seen)
}
