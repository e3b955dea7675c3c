//! Texts that are compared with others.

use std::ops::Range;

/// A text, compared all at once as far as it is short.
#[derive(Debug, Default)]
pub(super) struct Literal {
    text: Box<[u8]>,
    head: Few,
    tail: Few,
}

/// Some of sixteen bytes.
#[derive(Debug, Default)]
struct Few {
    text: u128,
    mask: u128,
}

impl Few {
    const ALL: usize = 16;

    fn first(text: &[u8]) -> Few {
        let (mut some, length) = ([0; Few::ALL], text.len().min(Few::ALL));
        some[..length].copy_from_slice(&text[..length]);
        Few::of(some, 0..length)
    }

    fn last(text: &[u8]) -> Few {
        let (mut some, from) = ([0; Few::ALL], Few::ALL - text.len().min(Few::ALL));
        some[from..].copy_from_slice(&text[text.len() - (Few::ALL - from)..]);
        Few::of(some, from..Few::ALL)
    }

    fn of(text: [u8; Few::ALL], places: Range<usize>) -> Few {
        let mut mask = [0; Few::ALL];
        mask[places].fill(0xff);
        Few { text: u128::from_ne_bytes(text), mask: u128::from_ne_bytes(mask) }
    }

    /// Whether `text` has them.
    #[inline]
    fn are_in(&self, text: [u8; Few::ALL]) -> bool {
        (u128::from_ne_bytes(text) ^ self.text) & self.mask == 0
    }
}

impl Literal {
    pub(super) fn new(text: &[u8]) -> Literal {
        Literal { text: text.into(), head: Few::first(text), tail: Few::last(text) }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The number of the first byte of a text that is another.
    pub(super) fn differs(&self, text: &[u8]) -> Option<usize> {
        self.text.iter().zip(text).position(|(one, other)| one != other).map(|at| at + 1)
    }

    #[inline]
    pub(super) fn begins(&self, text: &[u8]) -> bool {
        self.stands(&self.head, text.first_chunk(), || text.starts_with(&self.text))
    }

    #[inline]
    pub(super) fn ends(&self, text: &[u8]) -> bool {
        self.stands(&self.tail, text.last_chunk(), || text.ends_with(&self.text))
    }

    /// Whether it stands at an end of a text, by its `few` bytes there and the text's, if that has so many; else, or where
    /// it is longer, `all` of it says.
    #[inline]
    fn stands(&self, few: &Few, near: Option<&[u8; Few::ALL]>, all: impl FnOnce() -> bool) -> bool {
        match near {
            Some(near) => few.are_in(*near) && (self.text.len() <= Few::ALL || all()),
            None => all(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_begin_and_end_with_literals_as_slices_do(text in "[ab]{0,40}", from in 0usize..40, to in 0usize..40) {
            let (from, to) = (from.min(text.len()), to.min(text.len()));
            let text = text.as_bytes();
            for literal in [&text[..to], &text[from..], &text[from.min(to)..to]] {
                let compared = Literal::new(literal);
                prop_assert_eq!(compared.begins(text), text.starts_with(literal));
                prop_assert_eq!(compared.ends(text), text.ends_with(literal));
                let fails = (literal.len()..=text.len()).any(|end| !text[..end].starts_with(literal));
                prop_assert_eq!(compared.differs(text).is_some(), fails);
            }
        }
    }
}
