//! What was found in lines that began alike, but for their digits.

/// So many words of eight bytes are compared.
const WORDS: usize = 6;
const SETS: usize = 32;
const WAYS: usize = 4;

/// The first bytes of a line, with each digit as `0`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key([u64; WORDS]);

impl Key {
    /// `None` for a short line. The line is ASCII.
    pub(super) fn of(line: &[u8]) -> Option<Key> {
        let (chunks, _) = line.first_chunk::<{ WORDS * 8 }>()?.as_chunks::<8>();
        Some(Key(std::array::from_fn(|word| without_digits(u64::from_le_bytes(chunks[word])))))
    }

    /// Whether so many bytes of the line are in it.
    pub(super) fn holds(self, read: usize) -> bool {
        read <= WORDS * 8
    }

    fn set(self) -> usize {
        let [first, second, third, ..] = self.0;
        let mixed = first ^ second.rotate_left(21) ^ third.rotate_left(42);
        let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize % SETS
    }
}

/// Eight ASCII bytes with each digit as `0`.
fn without_digits(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zeros = ONES * u64::from(b'0');
    // The top bit of each byte, set where the byte is no digit.
    let others = ((word ^ zeros) + ONES * (0x80 - 10)) & (ONES << 7);
    let digits = (!others & (ONES << 7)) >> 7;
    let digits = (digits << 8).wrapping_sub(digits);
    word & !digits | zeros & digits
}

/// Findings by what had to be read for them.
#[derive(Debug)]
pub(super) struct Memory<T> {
    entries: Vec<Entry<T>>,
    /// Which entry of a set is given up next.
    next: [u8; SETS],
}

#[derive(Clone, Debug)]
struct Entry<T> {
    /// Those bytes of the line that were read, but for the last.
    text: [u64; WORDS],
    mask: [u64; WORDS],
    /// Where the last is, and its class: mostly any letter is as good as another there.
    last: (usize, u8),
    found: T,
}

impl<T> Memory<T> {
    pub(super) fn new() -> Memory<T> {
        Memory { entries: Vec::new(), next: [0; SETS] }
    }

    /// What was found in a line that had the same bytes, as far as they were read. `class` gives the class of the byte at
    /// a place of this line.
    pub(super) fn get(&self, key: Key, class: impl Fn(usize) -> u8) -> Option<&T> {
        let set = self.entries.get(key.set() * WAYS..)?.get(..WAYS)?;
        let same = |entry: &&Entry<T>| {
            let differs = |seen, word| seen | (key.0[word] ^ entry.text[word]) & entry.mask[word];
            (0..WORDS).fold(0, differs) == 0 && class(entry.last.0) == entry.last.1
        };
        set.iter().find(same).map(|entry| &entry.found)
    }
}

impl<T: Clone> Memory<T> {
    /// Notes what was found, for which `read` bytes of the line were read, whatever their digits are; `class` is that of
    /// the last one.
    pub(super) fn put(&mut self, key: Key, read: usize, class: u8, found: T) {
        if self.entries.is_empty() {
            // An entry that no ASCII text has.
            let never = Entry {
                text: [u64::MAX; WORDS],
                mask: [u64::MAX; WORDS],
                last: (0, 0),
                found: found.clone(),
            };
            self.entries = vec![never; SETS * WAYS];
        }
        let last = read.saturating_sub(1);
        let mask = std::array::from_fn(|word| match last.saturating_sub(word * 8) {
            bytes @ 0..8 => (1 << (bytes * 8)) - 1,
            _ => u64::MAX,
        });
        let set = key.set();
        let way = usize::from(self.next[set]);
        self.next[set] = ((way + 1) % WAYS) as u8;
        self.entries[set * WAYS + way] = Entry { text: key.0, mask, last: (last, class), found };
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
        let key = |line: &str| Key::of(format!("{line:60}").as_bytes()).unwrap();
        let first = "a.host.name.ex sshd[1234]: Failed password";
        let get = |memory: &Memory<u8>, line: &str| {
            memory.get(key(line), |at| u8::from(line.as_bytes()[at].is_ascii_lowercase())).copied()
        };
        memory.put(key(first), 28, 0, 7);
        assert_eq!(get(&memory, "a.host.name.ex sshd[9999]: Faster"), Some(7));
        assert_eq!(get(&memory, "a.host.name.ex sshd[9999]: Invalid"), Some(7));
        assert_eq!(get(&memory, "a.host.name.ex sshd[9999]: failed"), None);
        assert_eq!(get(&memory, "a.host.name.ex sshd[999]: Failed"), None);
        assert!(key(first).holds(48) && !key(first).holds(49));
        assert!(Key::of(b"short").is_none());
    }

    #[test]
    fn many_beginnings_take_turns() {
        let mut memory = Memory::new();
        let key = |at: usize| Key::of(format!("{:60}", "x".repeat(at)).as_bytes()).unwrap();
        for at in 0..48 {
            memory.put(key(at), 48, 0, at);
            assert_eq!(memory.get(key(at), |_| 0), Some(&at));
        }
    }
}
