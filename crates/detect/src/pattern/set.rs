//! Sets of characters, quick for ASCII, and sets of bytes that can come next.

use super::ast::{Class, ClassItem, Kind};
use super::unicode;

/// What one unit of a program takes: one character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Set {
    ascii: [u64; 2],
    beyond: Beyond,
}

/// Characters beyond ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Beyond {
    None,
    All,
    Some(Box<Class>),
}

impl Set {
    /// The set that a node of the tree stands for, if it is one character wide and no more than that.
    pub(crate) fn of(kind: &Kind) -> Option<Set> {
        match kind {
            Kind::Any { newline } => {
                let newline = u128::from(!newline) << b'\n';
                Some(Set::new(Beyond::All, !newline))
            }
            Kind::Literal { char, ignorecase } => {
                let items = vec![ClassItem::Range(*char, *char)];
                Some(Set::class(&Class { negated: false, ignorecase: *ignorecase, items }))
            }
            Kind::Class(class) => Some(Set::class(class)),
            _ => None,
        }
    }

    fn class(class: &Class) -> Set {
        let beyond = if only_ascii(class) { Beyond::None } else { Beyond::Some(Box::new(class.clone())) };
        Set::new(beyond, unicode::class_ascii(class))
    }

    /// The ASCII members as bits.
    fn new(beyond: Beyond, ascii: u128) -> Set {
        Set { ascii: [ascii as u64, (ascii >> 64) as u64], beyond }
    }

    /// Takes every character but a newline, or really every one.
    pub(in crate::pattern) fn all_but_newline(&self) -> bool {
        self.beyond == Beyond::All && self.ascii == [!(1 << b'\n'), !0]
    }

    /// The ASCII members as bits.
    pub(crate) fn ascii(&self) -> [u64; 2] {
        self.ascii
    }

    /// `byte` must be ASCII.
    #[inline]
    pub(crate) fn contains_ascii(&self, byte: u8) -> bool {
        (self.ascii[usize::from(byte >> 6) & 1] >> (byte & 63)) & 1 == 1
    }

    /// The position after the character at `pos`, if it is one of the set.
    #[inline]
    pub(in crate::pattern) fn step(&self, text: &str, pos: usize) -> Option<usize> {
        let byte = *text.as_bytes().get(pos)?;
        if byte.is_ascii() {
            return self.contains_ascii(byte).then_some(pos + 1);
        }
        self.step_beyond(text, pos)
    }

    #[cold]
    fn step_beyond(&self, text: &str, pos: usize) -> Option<usize> {
        let char = text.get(pos..)?.chars().next()?;
        let found = match &self.beyond {
            Beyond::None => false,
            Beyond::All => true,
            Beyond::Some(class) => unicode::class_contains(class, char),
        };
        found.then_some(pos + char.len_utf8())
    }

    pub(in crate::pattern) fn reaches_beyond_ascii(&self) -> bool {
        self.beyond != Beyond::None
    }

    /// The bytes that a member begins with.
    pub(in crate::pattern) fn first_bytes(&self) -> Next {
        let beyond = if self.beyond == Beyond::None { 0 } else { !0 };
        Next { bytes: [self.ascii[0], self.ascii[1], beyond, beyond], end: false }
    }
}

fn only_ascii(class: &Class) -> bool {
    let ascii = |char: char| !class.ignorecase || unicode::cases(char).iter().all(char::is_ascii);
    let only_ascii = |item: &ClassItem| match item {
        ClassItem::Range(low, high) => high.is_ascii() && (*low..=*high).all(ascii),
        _ => false,
    };
    !class.negated && class.items.iter().all(only_ascii)
}

/// What can come next where a program stands, so that ways that cannot lead on are not even tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::pattern) struct Next {
    bytes: [u64; 4],
    /// The end of the text, too.
    end: bool,
}

impl Next {
    pub(in crate::pattern) const NOTHING: Next = Next { bytes: [0; 4], end: false };
    /// Also where nothing need come.
    pub(in crate::pattern) const ANYTHING: Next = Next { bytes: [!0; 4], end: true };

    pub(in crate::pattern) fn byte(byte: u8) -> Next {
        let mut next = Next::NOTHING;
        next.bytes[usize::from(byte >> 6)] |= 1 << (byte & 63);
        next
    }

    #[inline]
    pub(in crate::pattern) fn allows(&self, byte: Option<&u8>) -> bool {
        match byte {
            Some(byte) => (self.bytes[usize::from(byte >> 6)] >> (byte & 63)) & 1 == 1,
            None => self.end,
        }
    }

    pub(in crate::pattern) fn only_end(self) -> Next {
        Next { bytes: [0; 4], ..self }
    }

    pub(in crate::pattern) fn and(self, other: Next) -> Next {
        let bytes = std::array::from_fn(|index| self.bytes[index] & other.bytes[index]);
        Next { bytes, end: self.end && other.end }
    }

    pub(in crate::pattern) fn or(self, other: Next) -> Next {
        let bytes = std::array::from_fn(|index| self.bytes[index] | other.bytes[index]);
        Next { bytes, end: self.end || other.end }
    }

    /// No byte is in both.
    pub(in crate::pattern) fn is_disjoint(&self, other: &Next) -> bool {
        self.bytes.iter().zip(other.bytes).all(|(one, other)| one & other == 0)
    }

    /// The one byte that can come, if it is just one.
    pub(in crate::pattern) fn only_byte(&self) -> Option<u8> {
        let mut bytes = (0..=255u8).filter(|byte| self.allows(Some(byte)));
        let byte = bytes.next()?;
        (!self.end && bytes.next().is_none()).then_some(byte)
    }
}
