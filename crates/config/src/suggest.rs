//! Which name may have been meant.

/// The known name closest to `name`, if it is close enough to be a slip of the pen.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match name.chars().count() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    let own = letters(name);
    let may_be = |have: &str| {
        let other = letters(have);
        // Each letter that only one of them has is at least one change.
        have != name && [own & !other, other & !own].iter().all(|only| only.count_ones() as usize <= limit)
    };
    known
        .into_iter()
        .filter(|have| have.len().abs_diff(name.len()) <= limit && may_be(have))
        .filter_map(|have| Some((distance(name, have, limit)?, have)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, have)| have)
}

/// Which letters a word has, a bit each; some share one.
fn letters(word: &str) -> u64 {
    word.chars().fold(0, |all, letter| all | 1 << (u32::from(letter) % u64::BITS))
}

/// Letters to insert, take out or change (Levenshtein); `None` for more than `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(row[j + 1] + 1);
        }
        // From row to row the least never falls.
        if row.iter().all(|distance| *distance > limit) {
            return None;
        }
    }
    Some(row[b.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_found() {
        assert_eq!(nearest("maxretyr", ["maxlines", "maxretry", "bantime"]), Some("maxretry"));
        assert_eq!(nearest("entirely_different", ["maxlines", "maxretry"]), None);
        assert_eq!(distance("kitten", "sitting", 3), Some(3));
        assert_eq!(distance("kitten", "sitting", 2), None);
    }
}
