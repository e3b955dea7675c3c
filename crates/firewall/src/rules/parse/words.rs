//! A line to words, as a shell splits it.

use std::borrow::Cow;
use std::ops::Range;

/// A word without its quotes, and the bytes of the line that it was.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rules) struct Piece<'a> {
    pub(in crate::rules) text: Cow<'a, str>,
    pub(in crate::rules) place: Range<usize>,
}

/// Splits at spaces that are in no quotes, neither `'` nor `"`; `None` if a quote does not end. Nothing else means
/// anything special.
pub(in crate::rules) fn split(line: &str) -> Option<Vec<Piece<'_>>> {
    if !line.contains(['\'', '"']) {
        return Some(line.split_whitespace().map(|word| plain(line, word)).collect());
    }
    let mut pieces = Vec::new();
    let mut open: Option<Piece<'_>> = None;
    let mut quote = None;
    for (at, c) in line.char_indices() {
        let end = at + c.len_utf8();
        if quote.is_none() && c.is_whitespace() {
            pieces.extend(open.take());
            continue;
        }
        let piece = open.get_or_insert_with(|| Piece { text: Cow::default(), place: at..at });
        piece.place.end = end;
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(mark), _) if mark == c => quote = None,
            _ => piece.text.to_mut().push(c),
        }
    }
    pieces.extend(open);
    quote.is_none().then_some(pieces)
}

/// A word of a line without quotes.
fn plain<'a>(line: &str, word: &'a str) -> Piece<'a> {
    let start = word.as_ptr() as usize - line.as_ptr() as usize;
    Piece { text: Cow::Borrowed(word), place: start..start + word.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_spaces_and_each_other() {
        let words = |line| -> Option<Vec<_>> {
            {
                let word = |piece: Piece<'_>| (piece.text.into_owned(), piece.place);
                split(line).map(|pieces| pieces.into_iter().map(word).collect())
            }
        };
        let wanted = [("a", 1..2), ("b c", 3..8), ("", 9..11), ("d\"e f", 12..21)];
        let wanted = wanted.map(|(text, place)| (text.to_owned(), place));
        assert_eq!(words(" a 'b c' '' d'\"'\"e f\" ").as_deref(), Some(&wanted[..]));
        assert_eq!(words(""), Some(vec![]));
        let wanted = [("\u{e4}", 1..3), ("b", 5..6)].map(|(text, place)| (text.to_owned(), place));
        assert_eq!(words(" \u{e4}\u{a0}b\t").as_deref(), Some(&wanted[..]));
        assert_eq!(words("it's"), None);
    }
}
