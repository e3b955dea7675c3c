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
    text: u64,
    same: u64,
    digits: u64,
}

impl Word {
    /// `part` says what the byte in each place must be.
    pub(crate) fn of(text: [u8; 8], part: impl Fn(usize) -> Part) -> Self {
        let mask = |wanted| {
            u64::from_le_bytes(std::array::from_fn(|place| if part(place) == wanted { 0xff } else { 0 }))
        };
        Self { text: u64::from_le_bytes(text), same: mask(Part::Same), digits: mask(Part::Digit) }
    }

    /// The same with another example.
    pub(crate) fn with(self, text: [u8; 8]) -> Self {
        Self { text: u64::from_le_bytes(text), ..self }
    }

    /// Not zero if the bytes are others.
    #[inline]
    pub(crate) fn differs(self, text: [u8; 8]) -> u64 {
        let text = u64::from_le_bytes(text);
        // Digits become 0 to 9: the high bits of the sum say where something else stood.
        let digits = (text ^ 0x3030_3030_3030_3030) & self.digits;
        let high =
            (digits.wrapping_add(0x7676_7676_7676_7676 & self.digits) | digits) & 0x8080_8080_8080_8080;
        (text ^ self.text) & self.same | high
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
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
