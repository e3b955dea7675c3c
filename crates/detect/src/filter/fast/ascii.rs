//! Sets of ASCII bytes.

use std::ops::{BitAnd, BitOr};

use crate::pattern::Set;
use crate::pattern::ast::Kind;

/// Some of the 128 ASCII bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ascii([u64; 2]);

impl Ascii {
    pub(super) const NONE: Ascii = Ascii([0; 2]);
    pub(super) const ALL: Ascii = Ascii([!0; 2]);
    const DIGITS: Ascii = Ascii([0x3ff << b'0', 0]);

    /// The one-character constructs; `None` for all others.
    pub(super) fn of(kind: &Kind) -> Option<Ascii> {
        Set::of(kind).map(|set| Ascii(set.ascii()))
    }

    pub(super) fn from_fn(contains: impl Fn(u8) -> bool) -> Ascii {
        let mut set = Ascii::NONE;
        for byte in (0..128u8).filter(|&byte| contains(byte)) {
            set.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        set
    }

    pub(super) const fn without(mut self, byte: u8) -> Ascii {
        self.0[(byte >> 6) as usize] &= !(1 << (byte & 63));
        self
    }

    pub(super) fn of_bytes(bytes: &[u8]) -> Ascii {
        Ascii::from_fn(|byte| bytes.contains(&byte))
    }

    /// False for bytes beyond ASCII.
    #[inline]
    pub(super) fn contains(self, byte: u8) -> bool {
        byte < 128 && (self.0[usize::from(byte >> 6)] >> (byte & 63)) & 1 == 1
    }

    pub(super) fn is_empty(self) -> bool {
        self == Ascii::NONE
    }

    /// The first place from `at` on that holds no member.
    #[inline]
    pub(super) fn run(self, text: &[u8], at: usize) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        let end = match self == Ascii::DIGITS {
            true => rest.iter().position(|byte| !byte.is_ascii_digit()),
            false => rest.iter().position(|&byte| !self.contains(byte)),
        };
        at + end.unwrap_or(rest.len())
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
