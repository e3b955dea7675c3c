//! Which name may have been meant.

/// The known name closest to `name`, if it is close enough to be a slip of the pen.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match name.chars().count() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .filter(|have| *have != name && have.len().abs_diff(name.len()) <= limit)
        .filter_map(|have| Some((distance(name, have, limit)?, have)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, have)| have)
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
