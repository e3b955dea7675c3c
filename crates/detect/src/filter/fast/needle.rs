//! Literals that are looked for in a text.

use memchr::arch::all::packedpair::Pair;
use memchr::memmem::Finder;

use crate::processor::equal_bytes;

/// A literal that may stand anywhere.
#[derive(Debug)]
pub(super) struct Needle {
    finder: Finder<'static>,
    seldom: [Byte; 2],
}

/// A byte of a literal, such as logs seldom have.
#[derive(Debug)]
struct Byte {
    /// As often as it is compared at once.
    block: [u8; 16],
    /// Where in the literal it is.
    at: u8,
}

/// So many bytes at the end of a line are looked at with one glance.
const GLANCE: usize = u64::BITS as usize;

/// The last bytes of a line, if it has so many.
pub(super) type End<'t> = Option<&'t [u8; GLANCE]>;

impl Needle {
    pub(super) fn new(text: &[u8]) -> Needle {
        let seen = &text[..text.len().min(GLANCE)];
        let (one, other) = Pair::new(seen).map_or((0, 0), |pair| (pair.index1(), pair.index2()));
        let byte = |at: u8| Byte { block: [text.get(usize::from(at)).copied().unwrap_or_default(); _], at };
        Needle { finder: Finder::new(text).into_owned(), seldom: [byte(one), byte(other)] }
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

    /// Looks for it in what a text has from `from` on; `end` is of the line that the text ends.
    #[inline]
    pub(super) fn sight<'s>(&'s self, text: &'s [u8], from: usize, end: End<'_>) -> Sight<'s> {
        let near = end.filter(|_| text.len() <= from + GLANCE && !self.text().is_empty());
        Sight { needle: self, text, glance: near.map(|end| self.glance(end)) }
    }

    /// Where it may begin, as bits. There is no loop and no guess in this, as there is in a search that goes on as long as
    /// the text.
    #[inline]
    fn glance(&self, end: &[u8; GLANCE]) -> u64 {
        let begins = |byte: &Byte| {
            let blocks = (0..).step_by(byte.block.len()).zip(end.as_chunks().0);
            blocks.fold(0, |all, (at, block)| all | u64::from(equal_bytes(*block, byte.block)) << at)
                >> byte.at
        };
        begins(&self.seldom[0]) & begins(&self.seldom[1])
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
    glance: Option<u64>,
}

impl Sight<'_> {
    /// Its first place from one on where it was looked for.
    #[inline]
    pub(super) fn first(&self, from: usize) -> Option<usize> {
        let Some(begins) = self.glance else { return self.needle.first(self.text, from) };
        let left = self.text.len().checked_sub(from)?;
        let mut begins = begins & u64::MAX.checked_shl((GLANCE - left) as u32).unwrap_or(0);
        while begins != 0 {
            let at = self.text.len() - (GLANCE - begins.trailing_zeros() as usize);
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
            before in "[ab ]{0,80}",
            text in "[ab ]{0,80}",
            literal in "[ab ]{0,4}|[ab ]{60,70}c",
            whole in any::<bool>(),
            from in 0usize..85,
        ) {
            let text = if whole { format!("{text}{literal}") } else { text };
            let (line, needle) = (format!("{before}{text}"), Needle::new(literal.as_bytes()));
            let text = text.as_bytes();
            let stands = |at: &usize| text[*at..].starts_with(literal.as_bytes());
            prop_assert_eq!(needle.first(text, from), (from..=text.len()).find(stands));
            let looked = from.min(text.len());
            let sight = needle.sight(text, looked, line.as_bytes().last_chunk());
            for from in looked..170 {
                prop_assert_eq!(sight.first(from), (from..=text.len()).find(stands));
            }
            let mut all = (0..=text.len()).filter(stands);
            prop_assert_eq!(needle.only(text), all.next().filter(|_| all.next().is_none()));
        }
    }
}
