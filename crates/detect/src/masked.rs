//! Eight bytes of a line's beginning, of which some are the same in each line of a kind and some are any digits.

/// What a byte must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Any,
    Digit,
    Same,
}

/// Eight bytes of a line as an example for others, compared all at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Word {
    /// With `0` where any digit will do.
    text: u64,
    /// All bits of each byte that matters.
    mask: u64,
    /// What each byte may be off by, taken from 127.
    slack: u64,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = ONES << 7;

impl Word {
    /// `part` says what the byte in each place must be.
    pub(crate) fn of(text: [u8; 8], part: impl Fn(usize) -> Part) -> Self {
        let mask = |wanted| {
            u64::from_le_bytes(std::array::from_fn(|place| if part(place) == wanted { 0xff } else { 0 }))
        };
        let (same, digits) = (mask(Part::Same), mask(Part::Digit));
        let slack = same & (ONES * 127) | digits & (ONES * (127 - 9));
        Self { text: 0, mask: same | digits, slack }.with(text)
    }

    /// The same with another example.
    pub(crate) fn with(self, text: [u8; 8]) -> Self {
        let same = (self.slack & ONES) * 0xff;
        let text = u64::from_le_bytes(text) & same | (ONES * u64::from(b'0')) & !same;
        Self { text, ..self }
    }

    /// Not zero if the bytes are others.
    #[inline]
    pub(crate) fn differs(self, text: [u8; 8]) -> u64 {
        let off = (u64::from_le_bytes(text) ^ self.text) & self.mask;
        // A top bit says where it is off by too much. Only a byte that is itself off by too much carries into the next.
        (off.wrapping_add(self.slack) | off) & TOPS
    }
}

/// A top bit for each byte that is no digit.
#[inline]
pub(crate) fn no_digits(word: u64) -> u64 {
    let off = word ^ (ONES * u64::from(b'0'));
    (((off & !TOPS) + ONES * (127 - 9)) | off) & TOPS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_no_digit_is_told_from_digits(text in any::<[u8; 8]>(), digits in "[/0-9:]{8}") {
            for text in [text, digits.as_bytes().try_into().unwrap()] {
                let tops = text.map(|byte| if byte.is_ascii_digit() { 0 } else { 0x80 });
                prop_assert_eq!(no_digits(u64::from_le_bytes(text)), u64::from_le_bytes(tops));
            }
        }

        #[test]
        fn bytes_are_compared_as_their_parts_say(
            example in "[0-9a]{8}",
            other in any::<[u8; 8]>(),
            taken in 0usize..=8,
            parts in prop::collection::vec(prop::sample::select(vec![Part::Any, Part::Digit, Part::Same]), 8),
        ) {
            let example: [u8; 8] = example.as_bytes().try_into().unwrap();
            let text: [u8; 8] = std::array::from_fn(|at| if at < taken { example[at] } else { other[at] });
            let word = Word::of(example, |place| parts[place]);
            let fits = |at: usize| match parts[at] {
                Part::Any => true,
                Part::Digit => text[at].is_ascii_digit(),
                Part::Same => text[at] == example[at],
            };
            prop_assert_eq!(word.differs(text) == 0, (0..8).all(fits));
            prop_assert_eq!(Word::of([0; 8], |place| parts[place]).with(example).differs(text) == 0, word.differs(text) == 0);
        }
    }
}
