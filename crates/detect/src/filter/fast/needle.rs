//! Literals that are looked for in a text.

use memchr::arch::all::packedpair::Pair;
use memchr::memmem::Finder;

use crate::processor::equal_bytes;

/// A literal that may stand anywhere.
#[derive(Debug)]
pub(super) struct Needle {
    finder: Finder<'static>,
    /// Two of its bytes, such as logs seldom have, and where in it they are.
    seldom: [(u8, u8); 2],
}

/// Bytes that are looked at together, and how many a glance takes in.
const BLOCK: usize = 16;
const GLANCE: usize = u64::BITS as usize;

impl Needle {
    pub(super) fn new(text: &[u8]) -> Needle {
        let (one, other) = Pair::new(text).map_or((0, 0), |pair| (pair.index1(), pair.index2()));
        let byte = |at: u8| (text.get(usize::from(at)).copied().unwrap_or_default(), at);
        Needle { finder: Finder::new(text).into_owned(), seldom: [byte(one), byte(other)] }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.finder.needle()
    }

    pub(super) fn len(&self) -> usize {
        self.text().len()
    }

    /// Looks for it in what a text has from `from` on.
    #[inline]
    pub(super) fn sight<'s>(&'s self, text: &'s [u8], from: usize) -> Sight<'s> {
        Sight { needle: self, text, from, glance: self.glance(text, from) }
    }

    /// Its first place from `from` on.
    #[inline]
    pub(super) fn first(&self, text: &[u8], from: usize) -> Option<usize> {
        self.sight(text, from).first(from)
    }

    /// `None` where there is too much to take in, or too little. There is no loop and no guess in this, as there is in a
    /// search that goes on as long as the text.
    #[inline]
    fn glance(&self, text: &[u8], from: usize) -> Option<u64> {
        let rest = text.get(from..)?;
        let last =
            rest.len().checked_sub(BLOCK).filter(|_| rest.len() <= GLANCE && !self.text().is_empty())?;
        let mut begins = [0; 2];
        for at in (0..GLANCE).step_by(BLOCK) {
            let at = at.min(last);
            let block = rest[at..].first_chunk()?;
            for (begins, (byte, _)) in begins.iter_mut().zip(self.seldom) {
                *begins |= u64::from(equal_bytes(*block, byte)) << at;
            }
        }
        let [(_, one), (_, other)] = self.seldom;
        Some(begins[0] >> one & begins[1] >> other)
    }

    /// Its place, if there is only one.
    pub(super) fn only(&self, text: &[u8]) -> Option<usize> {
        self.first(text, 0).filter(|&first| self.first(text, first + 1).is_none())
    }
}

/// What was seen of a literal.
pub(super) struct Sight<'s> {
    needle: &'s Needle,
    text: &'s [u8],
    from: usize,
    /// Where it may begin, as bits, if that is known.
    glance: Option<u64>,
}

impl Sight<'_> {
    /// Its first place from one on where it was looked for.
    #[inline]
    pub(super) fn first(&self, from: usize) -> Option<usize> {
        let Some(begins) = self.glance else {
            return Some(from + self.needle.finder.find(self.text.get(from..)?)?);
        };
        let mut begins = begins & u64::MAX.checked_shl((from - self.from) as u32).unwrap_or(0);
        while begins != 0 {
            let at = self.from + begins.trailing_zeros() as usize;
            if self.text[at..].starts_with(self.needle.text()) {
                return Some(at);
            }
            begins &= begins - 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_literal_is_found_where_it_stands_first(
            text in "[ab ]{0,80}",
            literal in "[ab ]{0,4}",
            from in 0usize..85,
        ) {
            let (text, needle) = (text.as_bytes(), Needle::new(literal.as_bytes()));
            let stands = |at: &usize| text[*at..].starts_with(literal.as_bytes());
            prop_assert_eq!(needle.first(text, from), (from..=text.len()).find(stands));
            let sight = needle.sight(text, from);
            for from in from..85 {
                prop_assert_eq!(sight.first(from), (from..=text.len()).find(stands));
            }
            let mut all = (0..=text.len()).filter(stands);
            prop_assert_eq!(needle.only(text), all.next().filter(|_| all.next().is_none()));
        }
    }
}
