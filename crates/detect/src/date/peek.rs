use std::sync::OnceLock;

use super::class::{Class, Wide};
use super::directive::{self, Directive};

/// What can come next: bytes, and whether the text may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peek {
    ascii: [u64; 2],
    /// Bytes of characters beyond ASCII.
    wide: bool,
    pub(super) end: bool,
}

impl Peek {
    pub(super) const NONE: Self = Self { ascii: [0; 2], wide: false, end: false };
    pub(super) const ALL: Self = Self { ascii: [u64::MAX; 2], wide: true, end: true };
    /// What lets a word end. A character beyond ASCII may.
    pub(super) const AFTER_WORD: Self = Self { wide: true, ..Self::AFTER_WORD_ASCII };
    /// What certainly lets a word end.
    pub(super) const AFTER_WORD_ASCII: Self = Self { end: true, ..Self::class(Class::NOT_WORD.ascii_only()) };
    pub(super) const DIGITS: Self = Self { ascii: [0x3ff << b'0', 0], wide: false, end: false };

    pub(super) const fn class(class: Class) -> Self {
        let wide = !matches!(class.wide, Wide::None);
        Self { ascii: [class.ascii as u64, (class.ascii >> 64) as u64], wide, end: false }
    }

    /// What a text of a directive may begin with.
    pub(super) fn first_of(directive: Directive) -> &'static Self {
        static KNOWN: [OnceLock<Peek>; directive::ALL.len()] =
            [const { OnceLock::new() }; directive::ALL.len()];
        KNOWN[directive as usize].get_or_init(|| {
            let mut peek = Self::NONE;
            (0..=0x7f).filter(|byte| directive.may_begin(*byte)).for_each(|byte| peek.add(byte));
            peek
        })
    }

    /// All ASCII bytes from one to the other.
    pub(super) fn range(from: u8, to: u8) -> Self {
        let mut peek = Self::NONE;
        (from..=to).for_each(|byte| peek.add(byte));
        peek
    }

    pub(super) fn add(&mut self, byte: u8) {
        match self.ascii.get_mut(usize::from(byte >> 6)) {
            Some(half) => *half |= 1 << (byte & 63),
            None => self.wide = true,
        }
    }

    pub(super) fn union(&mut self, other: &Self) {
        self.ascii = [self.ascii[0] | other.ascii[0], self.ascii[1] | other.ascii[1]];
        self.wide |= other.wide;
        self.end |= other.end;
    }

    pub(super) fn without(mut self, byte: u8) -> Self {
        self.ascii[usize::from(byte >> 6) & 1] &= !(1 << (byte & 63));
        self
    }

    /// What is not allowed.
    pub(super) fn others(&self) -> Self {
        Self { ascii: self.ascii.map(|half| !half), wide: !self.wide, end: !self.end }
    }

    /// Allows only what the other allows too.
    pub(super) fn narrow(&mut self, other: &Self) {
        self.ascii = [self.ascii[0] & other.ascii[0], self.ascii[1] & other.ascii[1]];
        self.wide &= other.wide;
        self.end &= other.end;
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let ascii = self.ascii[0] & other.ascii[0] | self.ascii[1] & other.ascii[1];
        ascii != 0 || self.wide && other.wide
    }

    /// The only byte, if it is one.
    pub(super) fn only(&self) -> Option<u8> {
        let mut bytes = (0..=0x80).filter(|byte| self.allows(Some(byte)));
        bytes.next().filter(|byte| byte.is_ascii() && bytes.next().is_none() && !self.end)
    }

    /// Allows all digits or none.
    pub(super) fn takes_digits_alike(&self) -> bool {
        let digits = self.ascii[0] & Self::DIGITS.ascii[0];
        digits == 0 || digits == Self::DIGITS.ascii[0]
    }

    #[inline]
    pub(super) fn allows(&self, next: Option<&u8>) -> bool {
        match next {
            Some(byte) => match self.ascii.get(usize::from(byte >> 6)) {
                Some(half) => half >> (byte & 63) & 1 == 1,
                None => self.wide,
            },
            None => self.end,
        }
    }
}
