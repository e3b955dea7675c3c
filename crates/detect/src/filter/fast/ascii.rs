//! Sets of ASCII bytes.

use std::ops::{BitAnd, BitOr};

use crate::masked::no_digits;
use crate::pattern::Set;
use crate::pattern::ast::Kind;

/// Some of the 128 ASCII bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ascii([u64; 2]);

impl Ascii {
    pub(super) const NONE: Ascii = Ascii([0; 2]);
    pub(super) const ALL: Ascii = Ascii([!0; 2]);
    const DIGITS: Ascii = Ascii([0x3ff << b'0', 0]);
    /// All but blanks and control characters.
    const VISIBLE: Ascii = Ascii([!0 << b'!', !0]);

    /// The one-character constructs; `None` for all others.
    pub(super) fn of(kind: &Kind) -> Option<Ascii> {
        Set::of(kind).map(|set| Ascii(set.ascii()))
    }

    pub(super) fn from_fn(contains: impl Fn(u8) -> bool) -> Ascii {
        (0..128).filter(|&byte| contains(byte)).fold(Ascii::NONE, Ascii::with)
    }

    /// `byte` is ASCII.
    fn with(mut self, byte: u8) -> Ascii {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        self
    }

    pub(super) const fn without(mut self, byte: u8) -> Ascii {
        self.0[(byte >> 6) as usize] &= !(1 << (byte & 63));
        self
    }

    /// Without those beyond ASCII.
    pub(super) fn of_bytes(bytes: &[u8]) -> Ascii {
        bytes.iter().copied().filter(u8::is_ascii).fold(Ascii::NONE, Ascii::with)
    }

    /// False for bytes beyond ASCII.
    #[inline]
    pub(super) fn contains(self, byte: u8) -> bool {
        byte < 128 && (self.0[usize::from(byte >> 6)] >> (byte & 63)) & 1 == 1
    }

    pub(super) fn is_empty(self) -> bool {
        self == Ascii::NONE
    }

    /// How many there are.
    pub(super) fn len(self) -> usize {
        (self.0[0].count_ones() + self.0[1].count_ones()) as usize
    }

    /// Members next to each other, as the first and the last of them.
    pub(super) fn ranges(self) -> impl Iterator<Item = (u8, u8)> {
        let ends = move |byte: u8| byte == 127 || !self.contains(byte + 1);
        let begins = move |&byte: &u8| self.contains(byte) && (byte == 0 || !self.contains(byte - 1));
        (0..128)
            .filter(begins)
            .map(move |first| (first, (first..128).find(|&byte| ends(byte)).unwrap_or(127)))
    }

    /// The first place from `at` on that holds no member.
    #[inline]
    pub(super) fn run(self, text: &[u8], at: usize) -> usize {
        at + self.count(text.get(at..).unwrap_or_default().iter())
    }

    /// Where the members begin that a text ends with.
    #[inline]
    pub(super) fn run_back(self, text: &[u8]) -> usize {
        // Most are numbers.
        if let Some(last) = text.last_chunk().filter(|_| self == Ascii::DIGITS)
            && let others @ 1.. = no_digits(u64::from_le_bytes(*last))
        {
            return text.len() - others.leading_zeros() as usize / 8;
        }
        text.len() - self.count(text.iter().rev())
    }

    /// How many members come first.
    #[inline]
    fn count<'t>(self, bytes: impl Iterator<Item = &'t u8>) -> usize {
        // The sets of most runs: digits, and whatever is visible.
        if self == Ascii::DIGITS {
            bytes.take_while(|byte| byte.is_ascii_digit()).count()
        } else if self & Ascii::VISIBLE == Ascii::VISIBLE {
            bytes.take_while(|&&byte| (b'!'..=0x7f).contains(&byte) || self.contains(byte)).count()
        } else {
            bytes.take_while(|&&byte| self.contains(byte)).count()
        }
    }
}

impl BitOr for Ascii {
    type Output = Ascii;

    fn bitor(self, other: Ascii) -> Ascii {
        Ascii([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }
}

impl BitAnd for Ascii {
    type Output = Ascii;

    fn bitand(self, other: Ascii) -> Ascii {
        Ascii([self.0[0] & other.0[0], self.0[1] & other.0[1]])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_hold_the_members_and_are_apart(set in any::<[u64; 2]>().prop_map(Ascii)) {
            let ranges: Vec<_> = set.ranges().collect();
            let members = ranges.iter().flat_map(|&(first, last)| first..=last).collect::<Vec<_>>();
            prop_assert_eq!(members, (0..128).filter(|&byte| set.contains(byte)).collect::<Vec<_>>());
            prop_assert!(ranges.is_sorted_by(|(_, last), (first, _)| last + 1 < *first));
        }

        #[test]
        fn a_run_ends_at_the_first_byte_that_is_no_member(
            set in prop_oneof![
                Just(Ascii::DIGITS),
                Just(Ascii::VISIBLE),
                Just(Ascii::ALL.without(b'\n')),
                any::<[u64; 2]>().prop_map(Ascii),
            ],
            text in "[0-9a-z~ \t\n\u{7f}\u{e9}]{0,12}",
            at in 0usize..13,
        ) {
            let at = at.min(text.len());
            let expected = text.bytes().skip(at).take_while(|&byte| set.contains(byte)).count();
            prop_assert_eq!(set.run(text.as_bytes(), at), at + expected);
            let expected = text.bytes().rev().take_while(|&byte| set.contains(byte)).count();
            prop_assert_eq!(set.run_back(text.as_bytes()), text.len() - expected);
        }
    }
}
