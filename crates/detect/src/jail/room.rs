//! How tables grow.

/// Room for one more entry, of `most` at the end: for 64 times as many. Of a vector that doubles, half of the memory is
/// written only to be copied, and each page of it is a page fault; what nobody writes to is no memory yet.
pub(super) fn make_room<T>(entries: &mut Vec<T>, most: usize) {
    if entries.len() == entries.capacity() {
        let left = most.saturating_sub(entries.len()).max(1);
        entries.reserve_exact((63 * entries.len()).max(16).min(left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_grows_in_few_steps_and_never_past_its_bound() {
        let (mut entries, mut steps) = (Vec::new(), Vec::new());
        for entry in 0..5000u32 {
            make_room(&mut entries, 5000);
            entries.push(entry);
            if steps.last() != Some(&entries.capacity()) {
                steps.push(entries.capacity());
            }
        }
        assert_eq!(steps, [16, 1024, 5000]);
    }
}
