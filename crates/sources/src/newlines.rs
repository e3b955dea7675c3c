//! Where lines end, of many lines at once.
//!
//! To look for one line's end after the other is to guess each time how long the line is, and to guess wrong is dear. So all
//! ends of a piece are looked for first, without a guess, and then the lines are read.

#[cfg(target_arch = "x86_64")]
use safe_arch::{cmp_eq_mask_i8_m128i, m128i, move_mask_i8_m128i, set_splat_i8_m128i};

/// A piece of this size stays in the processor's first cache until its lines are read.
pub(crate) const PIECE: usize = 4096;
/// Bytes that are looked at together.
const BLOCK: usize = u64::BITS as usize;
/// A line seldom has less than half a block, so one has seldom more ends.
const COMMON: usize = 2;

/// The newlines of one piece.
#[derive(Debug)]
pub(crate) struct Newlines {
    /// Where they are, and behind them what was written on the off chance.
    ends: Box<[u16; PIECE + COMMON]>,
    count: usize,
}

impl Default for Newlines {
    fn default() -> Newlines {
        Newlines { ends: Box::new([0; _]), count: 0 }
    }
}

impl Newlines {
    /// Finds those of a piece, and says whether it is ASCII.
    pub(crate) fn find(&mut self, piece: &[u8]) -> bool {
        self.count = 0;
        let (blocks, rest) = piece.as_chunks();
        let mut ascii = true;
        for (at, block) in (0..).step_by(BLOCK).zip(blocks) {
            ascii &= self.note(at, block);
        }
        let mut last = [0; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        ascii & self.note((piece.len() - rest.len()) as u16, &last)
    }

    /// Where they are in the piece.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.ends[..self.count].iter().map(|at| usize::from(*at))
    }

    #[inline(always)]
    fn note(&mut self, at: u16, block: &[u8; BLOCK]) -> bool {
        let (mut newlines, ascii) = look(block);
        // Whether there is one is not asked, for nobody can guess it.
        for _ in 0..COMMON {
            self.ends[self.count] = at + newlines.trailing_zeros() as u16;
            self.count += usize::from(newlines != 0);
            newlines &= newlines.wrapping_sub(1);
        }
        while newlines != 0 {
            self.ends[self.count] = at + newlines.trailing_zeros() as u16;
            self.count += 1;
            newlines &= newlines - 1;
        }
        ascii
    }
}

/// Which bytes are newlines, as bits, and whether all are ASCII.
#[inline(always)]
fn look(block: &[u8; BLOCK]) -> (u64, bool) {
    #[cfg(target_arch = "x86_64")]
    {
        let newline = set_splat_i8_m128i(b'\n' as i8);
        let mut newlines = 0;
        let mut all = m128i::default();
        for (at, bytes) in block.as_chunks().0.iter().enumerate() {
            let bytes = m128i::from(*bytes as [u8; 16]);
            newlines |= (move_mask_i8_m128i(cmp_eq_mask_i8_m128i(bytes, newline)) as u64) << (16 * at);
            all |= bytes;
        }
        (newlines, move_mask_i8_m128i(all) == 0)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let bit = |(at, byte): (usize, &u8)| u64::from(*byte == b'\n') << at;
        (block.iter().enumerate().map(bit).sum(), block.is_ascii())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Few newlines and many, one piece after the other.
        #[test]
        fn newlines_are_where_a_search_finds_them(
            pieces in proptest::collection::vec((0..=PIECE, 1..200_usize, 0..5000_usize), 1..4),
        ) {
            let mut newlines = Newlines::default();
            for (length, apart, odd) in pieces {
                let byte = |at: usize| match at {
                    _ if at == odd => 0xe9,
                    _ if at.is_multiple_of(apart) => b'\n',
                    _ => b'x',
                };
                let piece: Vec<u8> = (0..length).map(byte).collect();
                prop_assert_eq!(newlines.find(&piece), piece.is_ascii());
                let found: Vec<usize> = newlines.iter().collect();
                prop_assert_eq!(found, memchr::memchr_iter(b'\n', &piece).collect::<Vec<_>>());
            }
        }
    }
}
