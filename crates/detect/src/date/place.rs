//! Where a date stood in the last line, and what stood around it.

use super::run::Hit;

/// Counted in characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(super) start: usize,
    end: usize,
    start_chars: Around,
    end_chars: Around,
}

/// The characters before and after a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Around {
    before: Option<char>,
    after: Option<char>,
}

impl Around {
    const NOTHING: Self = Self { before: None, after: None };
}

/// Before the first date.
impl Default for Place {
    fn default() -> Self {
        Self { start: 1, end: usize::MAX, start_chars: Around::NOTHING, end_chars: Around::NOTHING }
    }
}

impl Place {
    /// Of a match that can only stand at the line's start, where `end` characters are it. Nobody asks what is around it.
    pub(super) fn at_start(end: usize) -> Self {
        Self { start: 0, end, start_chars: Around::NOTHING, end_chars: Around::NOTHING }
    }

    /// Of a match in `line`.
    pub(super) fn of(line: &str, hit: &Hit, anchored: bool) -> Self {
        let start = chars(line, hit.start);
        let length = chars(&line[hit.start..], hit.end - hit.start);
        let [start_chars, end_chars] = match anchored {
            true => [Around::NOTHING; 2],
            false => [hit.start, hit.end].map(|at| around(line, at)),
        };
        Self { start, end: start + length, start_chars, end_chars }
    }

    /// This part of the line, if what stands around it looks the same.
    pub(super) fn again(&self, line: &str) -> Option<(usize, usize)> {
        let (from, till) = (byte(line, self.start), byte(line, self.end));
        let [at_start, at_end] = [from, till].map(|at| at.map_or(Around::NOTHING, |at| around(line, at)));
        let sign = |now: Option<char>, last: Option<char>| {
            now == last && last.is_some_and(|char| !char.is_alphanumeric())
        };
        let left = at_start.before == self.start_chars.before || sign(at_start.after, self.start_chars.after);
        let right = at_end.after == self.end_chars.after || sign(at_end.before, self.end_chars.before);
        (left && right).then(|| (from.unwrap_or(line.len()), till.unwrap_or(line.len())))
    }

    pub(super) fn is_that_of(&self, line: &str, hit: &Hit) -> bool {
        chars(line, hit.start) == self.start && chars(line, hit.end) == self.end
    }
}

/// Characters before the byte `at`.
pub(super) fn chars(line: &str, at: usize) -> usize {
    let before = &line[..at];
    if before.is_ascii() { at } else { before.chars().count() }
}

/// The byte before which there are so many characters; `None` when the line is shorter.
fn byte(line: &str, chars: usize) -> Option<usize> {
    match line.as_bytes().get(..chars) {
        Some(before) if before.is_ascii() => Some(chars),
        _ => line.char_indices().map(|(at, _)| at).chain([line.len()]).nth(chars),
    }
}

#[inline]
fn around(line: &str, at: usize) -> Around {
    let ascii =
        |at: usize| line.as_bytes().get(at).filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte));
    let before = if at == 0 { None } else { ascii(at - 1).or_else(|| line[..at].chars().next_back()) };
    Around { before, after: ascii(at).or_else(|| line[at..].chars().next()) }
}
