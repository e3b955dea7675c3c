/// Has memory fetched that is going to be read. To read it for this would be to wait for it, and a processor that waits
/// looks but a few hundred instructions ahead. Does nothing where it cannot be told so.
#[inline(always)]
pub(crate) fn fetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    safe_arch::prefetch_t0(place);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
