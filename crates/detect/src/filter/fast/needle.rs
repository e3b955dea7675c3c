//! Literals that are looked for in a text.

use memchr::memmem::Finder;

/// A literal that may stand anywhere.
#[derive(Debug)]
pub(super) struct Needle {
    finder: Finder<'static>,
    /// The byte of it that is the most seldom in logs.
    seldom: u8,
}

impl Needle {
    pub(super) fn new(text: &[u8]) -> Needle {
        let seldom = text.iter().copied().min_by_key(|&byte| commonness(byte)).unwrap_or_default();
        Needle { finder: Finder::new(text).into_owned(), seldom }
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

    /// Whether it stands in a text that mostly does not even hold its most seldom byte; then that is `absent`.
    pub(super) fn is_in(&self, text: &[u8], absent: &mut Option<u8>) -> bool {
        if *absent == Some(self.seldom) {
            return false;
        }
        if memchr::memchr(self.seldom, text).is_none() {
            *absent = Some(self.seldom);
            return false;
        }
        self.finder.find(text).is_some()
    }
}

/// How common a byte is in logs, roughly.
fn commonness(byte: u8) -> u8 {
    match byte {
        b' ' | b'0'..=b'9' => 3,
        b'a' | b'e' | b'i' | b'n' | b'o' | b'r' | b's' | b't' => 2,
        b'a'..=b'z' => 1,
        _ => 0,
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
            if !literal.is_empty() {
                let mut absent = None;
                let first = needle.first(text, 0).is_some();
                prop_assert_eq!([(); 2].map(|()| needle.is_in(text, &mut absent)), [first; 2]);
            }
        }
    }
}
