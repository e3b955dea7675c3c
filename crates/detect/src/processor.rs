//! What a processor does when it is told so, and no compiler finds by itself. Elsewhere it takes longer.

#[cfg(target_arch = "x86_64")]
use safe_arch::{
    cast_to_m128_from_m128i, cmp_eq_mask_i8_m128i, cmp_eq_mask_i32_m128i, move_mask_i8_m128i, move_mask_m128,
    prefetch_t0, set_splat_i32_m128i,
};

/// Has memory fetched that is going to be read. To read it for this would be to wait for it, and a processor that waits
/// looks but a few hundred instructions ahead.
#[inline(always)]
pub(crate) fn fetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    prefetch_t0(place);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Which of four numbers are equal to one, as bits.
#[inline(always)]
pub(crate) fn equal(numbers: [u32; 4], one: u32) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        let equal = cmp_eq_mask_i32_m128i(numbers.into(), set_splat_i32_m128i(one.cast_signed()));
        move_mask_m128(cast_to_m128_from_m128i(equal)).cast_unsigned()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let bit = |(at, number): (usize, &u32)| u32::from(*number == one) << at;
        numbers.iter().enumerate().map(bit).sum()
    }
}

/// Which of sixteen bytes are equal to those of others, as bits.
#[inline(always)]
pub(crate) fn equal_bytes(bytes: [u8; 16], others: [u8; 16]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        move_mask_i8_m128i(cmp_eq_mask_i8_m128i(bytes.into(), others.into())).cast_unsigned()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let bit = |(at, (one, other)): (usize, (&u8, &u8))| u32::from(one == other) << at;
        bytes.iter().zip(&others).enumerate().map(bit).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_told_in_their_order() {
        assert_eq!(equal([7, 8, 7, u32::MAX], 7), 0b0101);
        assert_eq!(equal([7, 8, 7, u32::MAX], u32::MAX), 0b1000);
        assert_eq!(equal([7, 8, 7, u32::MAX], 0), 0);
    }

    #[test]
    fn equal_bytes_are_told_in_their_order() {
        assert_eq!(equal_bytes(*b"a--------------b", *b"a..............b"), 1 << 15 | 1);
        assert_eq!(equal_bytes(*b"a--------------b", [0xff; 16]), 0);
    }
}
