//! What ends of lines were found to match, but for their digits: most lines of a daemon end alike.

use super::memory::without_digits;

/// So many words of eight bytes are compared; a longer end is not remembered.
const WORDS: usize = 3;
/// So many ends.
const ENTRIES: usize = 4;

/// The end of a line with each digit as `0`, and what of the byte before it a search can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// Whether it is one of a word.
    before: Option<bool>,
    length: usize,
    words: [u64; WORDS],
}

impl Tail {
    /// `None` for a long one, and in a very short text. The text is ASCII.
    pub(super) fn of(text: &[u8], from: usize) -> Option<Tail> {
        let tail = text.get(from..).filter(|tail| tail.len() <= WORDS * 8)?;
        let mut words = [0; WORDS];
        let (chunks, rest) = tail.as_chunks::<8>();
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = without_digits(u64::from_le_bytes(*chunk));
        }
        if let (Some(word), false) = (words.get_mut(chunks.len()), rest.is_empty()) {
            let last = text.last_chunk().map(|last| u64::from_le_bytes(*last) >> (64 - 8 * rest.len()));
            *word = without_digits(last?);
        }
        let before = match from.checked_sub(1).map(|before| text[before]) {
            Some(b'\n' | b'\r') => return None,
            before => before.map(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        };
        Some(Tail { before, length: tail.len(), words })
    }
}

/// The ends met last, each with what it matches.
#[derive(Debug, Default)]
pub(super) struct Tails {
    entries: Vec<(Tail, u64)>,
    /// Which one is given up next.
    next: usize,
}

impl Tails {
    /// The languages that the end matches, as bits.
    pub(super) fn get(&self, tail: &Tail) -> Option<u64> {
        self.entries.iter().find(|(known, _)| known == tail).map(|(_, found)| *found)
    }

    pub(super) fn put(&mut self, tail: Tail, found: u64) {
        match self.entries.get_mut(self.next) {
            Some(entry) => *entry = (tail, found),
            None => self.entries.push((tail, found)),
        }
        self.next = (self.next + 1) % ENTRIES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_that_differ_in_digits_only_are_one() {
        let mut tails = Tails::default();
        let tail = |text: &str| Tail::of(text.as_bytes(), 1);
        let get = |tails: &Tails, text| tails.get(&tail(text).unwrap());
        tails.put(tail("7 port 1234 ssh2\n").unwrap(), 5);
        assert_eq!(get(&tails, "x port 9999 ssh0\n"), Some(5));
        assert_eq!(get(&tails, "] port 9999 ssh2\n"), None, "a word ends there, or not");
        assert_eq!(get(&tails, "7 port 12345 ssh2\n"), None);
        assert_eq!(get(&tails, "7 port 1234 ssh2"), None);
        assert_eq!(tail("7 a tail that is longer than all that is kept"), None);
    }

    #[test]
    fn every_byte_of_an_end_counts() {
        let text = b"a text with a tail of 32 bytes";
        for from in text.len() - 20..text.len() {
            for at in from..text.len() {
                let mut other = *text;
                other[at] = if text[at].is_ascii_digit() { b'7' } else { b'!' };
                let same = Tail::of(&other, from) == Tail::of(text, from);
                assert_eq!(same, text[at].is_ascii_digit(), "{at} from {from}");
            }
        }
    }

    #[test]
    fn the_last_ones_are_remembered() {
        let mut tails = Tails::default();
        let tail = |length: usize| Tail::of(&b"a text aaaaaaaaaaaaaaaa"[..7 + length], 7).unwrap();
        (1..16).for_each(|length| tails.put(tail(length), length as u64));
        let kept = (1..16).filter_map(|length| tails.get(&tail(length))).collect::<Vec<_>>();
        assert_eq!(kept, [12, 13, 14, 15]);
    }
}
