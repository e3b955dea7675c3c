//! Literals that are looked for in a text.

use memchr::memmem::Finder;

/// A literal that may stand anywhere.
#[derive(Debug)]
pub(super) struct Needle {
    finder: Finder<'static>,
}

impl Needle {
    pub(super) fn new(text: &[u8]) -> Needle {
        Needle { finder: Finder::new(text).into_owned() }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.finder.needle()
    }

    pub(super) fn len(&self) -> usize {
        self.text().len()
    }

    /// Its first place from `from` on.
    #[inline]
    pub(super) fn first(&self, text: &[u8], from: usize) -> Option<usize> {
        Some(from + self.finder.find(text.get(from..)?)?)
    }

    /// Its place, if there is only one.
    pub(super) fn only(&self, text: &[u8]) -> Option<usize> {
        self.first(text, 0).filter(|&first| self.first(text, first + 1).is_none())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_literal_is_found_where_it_stands_first(
            text in "[ab ]{0,40}",
            literal in "[ab ]{0,4}",
            from in 0usize..45,
        ) {
            let (text, needle) = (text.as_bytes(), Needle::new(literal.as_bytes()));
            let stands = |at: &usize| text[*at..].starts_with(literal.as_bytes());
            prop_assert_eq!(needle.first(text, from), (from..=text.len()).find(stands));
            let mut all = (0..=text.len()).filter(stands);
            prop_assert_eq!(needle.only(text), all.next().filter(|_| all.next().is_none()));
        }
    }
}
