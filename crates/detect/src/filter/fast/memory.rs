//! What was found in lines that began alike, but for their digits.

use crate::masked::{Part, Word, no_digits};

/// So many words of eight bytes are compared.
const WORDS: usize = 6;
const SETS: usize = 32;
const WAYS: usize = 4;

/// The first bytes of a line, whose digits are taken for `0`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a>(&'a [[u8; 8]; WORDS]);

impl<'a> Key<'a> {
    /// `None` for a short line. The line is ASCII.
    pub(super) fn of(line: &'a [u8]) -> Option<Key<'a>> {
        line.as_chunks().0.first_chunk().map(Key)
    }

    /// Whether so many bytes of the line are in it.
    pub(super) fn holds(self, read: usize) -> bool {
        read <= WORDS * 8
    }

    fn set(self) -> usize {
        // All digits are alike in their upper halves.
        let upper = |at: usize| u64::from_le_bytes(self.0[at]) & 0xf0f0_f0f0_f0f0_f0f0;
        let [first, second, third] = [0, 1, 2].map(upper);
        let mixed = first ^ second.rotate_left(21) ^ third.rotate_left(42);
        let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize % SETS
    }
}

/// Eight ASCII bytes with each digit as `0`.
pub(super) fn without_digits(word: u64) -> u64 {
    const TOPS: u64 = 0x8080_8080_8080_8080;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let digits = (no_digits(word) ^ TOPS) >> 7;
    let digits = (digits << 8).wrapping_sub(digits);
    word & !digits | ZEROS & digits
}

/// Findings by what had to be read for them.
#[derive(Debug)]
pub(super) struct Memory<T> {
    entries: Vec<Entry<T>>,
    /// The one that was found last: it serves lines of many kinds, if they differ behind what was read of it only.
    last: usize,
    /// Which entry of a set is given up next.
    next: [u8; SETS],
}

#[derive(Clone, Debug)]
struct Entry<T> {
    /// Those bytes of the line that were read, but for the last.
    text: [Word; WORDS],
    /// How many of the words matter.
    words: usize,
    /// Where the last is, and its class: mostly any letter is as good as another there.
    last: (usize, u8),
    found: T,
}

impl<T> Memory<T> {
    pub(super) fn new() -> Memory<T> {
        Memory { entries: Vec::new(), last: 0, next: [0; SETS] }
    }

    /// What was found in a line that had the same bytes, as far as they were read. `class` gives the class of the byte at
    /// a place of this line.
    pub(super) fn get(&mut self, key: Key<'_>, class: impl Fn(usize) -> u8) -> Option<&T> {
        let same = |entry: &Entry<T>| {
            let words = entry.text[..entry.words].iter().zip(key.0);
            let differ = words.fold(0, |differ, (word, bytes)| differ | word.differs(*bytes));
            differ == 0 && class(entry.last.0) == entry.last.1
        };
        let first = key.set() * WAYS;
        self.last = match self.entries.get(first..first + WAYS)?.iter().position(same) {
            Some(way) => first + way,
            None => Some(self.last).filter(|&last| same(&self.entries[last]))?,
        };
        Some(&self.entries[self.last].found)
    }
}

impl<T: Clone> Memory<T> {
    /// Notes what was found, for which `read` bytes of the line were read, whatever their digits are; `class` is that of
    /// the last one.
    pub(super) fn put(&mut self, key: Key<'_>, read: usize, class: u8, found: T) {
        if self.entries.is_empty() {
            // Text that is not ASCII: no key has it.
            let never = Word::of([u8::MAX; 8], |_| Part::Same);
            let never = Entry { text: [never; WORDS], words: WORDS, last: (0, 0), found: found.clone() };
            self.entries = vec![never; SETS * WAYS];
        }
        let last = read.saturating_sub(1);
        let part = |at: usize, byte: u8| match byte {
            _ if at >= last => Part::Any,
            b'0'..=b'9' => Part::Digit,
            _ => Part::Same,
        };
        let word = |word: usize| Word::of(key.0[word], |place| part(word * 8 + place, key.0[word][place]));
        let set = key.set();
        let way = usize::from(self.next[set]);
        self.next[set] = ((way + 1) % WAYS) as u8;
        self.entries[set * WAYS + way] = Entry {
            text: std::array::from_fn(word),
            words: last.div_ceil(8).min(WORDS),
            last: (last, class),
            found,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_zeros_and_all_else_is_itself(bytes in any::<[u8; 8]>()) {
            let bytes = bytes.map(|byte| byte & 0x7f);
            let expected = bytes.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
            prop_assert_eq!(without_digits(u64::from_le_bytes(bytes)), u64::from_le_bytes(expected));
        }
    }

    #[test]
    fn lines_that_differ_only_in_digits_or_behind_what_was_read_have_the_same_findings() {
        let mut memory = Memory::new();
        let padded = |line: &str| format!("{line:60}").into_bytes();
        let first = "a.host.name.ex sshd[1234]: Failed password";
        let get = |memory: &mut Memory<u8>, line: &str| {
            let text = padded(line);
            memory.get(Key::of(&text).unwrap(), |at| u8::from(text[at].is_ascii_lowercase())).copied()
        };
        let first = padded(first);
        let key = Key::of(&first).unwrap();
        memory.put(key, 28, 0, 7);
        for _ in 0..2 {
            assert_eq!(get(&mut memory, "a.host.name.ex sshd[9999]: Faster"), Some(7));
            assert_eq!(get(&mut memory, "a.host.name.ex sshd[9999]: Invalid"), Some(7));
            assert_eq!(get(&mut memory, "a.host.name.ex sshd[9999]: failed"), None);
            assert_eq!(get(&mut memory, "a.host.name.ex sshd[999]: Failed"), None);
        }
        assert!(key.holds(48) && !key.holds(49));
        assert!(Key::of(b"short").is_none());
    }

    #[test]
    fn many_beginnings_take_turns() {
        let mut memory = Memory::new();
        for at in 0..48 {
            let text = format!("{:60}", "x".repeat(at));
            let key = Key::of(text.as_bytes()).unwrap();
            memory.put(key, 48, 0, at);
            assert_eq!(memory.get(key, |_| 0), Some(&at));
        }
    }
}
