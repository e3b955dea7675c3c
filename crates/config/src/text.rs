//! Text that remembers where each of its pieces was written, through interpolation.

use std::ops::Range;

use crate::place::Place;

/// A value of the configuration. Comparing two compares what they say, not where they were written.
#[derive(Clone, Debug, Default)]
pub struct Text {
    string: String,
    /// Ascending starts; a piece reaches to the next one and was written in one go.
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    start: u32,
    place: Option<Place>,
}

impl Text {
    pub(crate) fn new(string: &str, place: Place) -> Self {
        Self { string: string.to_owned(), pieces: vec![Piece { start: 0, place: Some(place) }] }
    }

    /// Text that nobody wrote down: built-in values and options given by a program.
    pub(crate) fn plain(string: impl Into<String>) -> Self {
        Self { string: string.into(), pieces: Vec::new() }
    }

    /// What it says.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.string
    }

    /// Where the byte at `offset` was written; `None` for built-in text.
    #[must_use]
    pub fn place_at(&self, offset: usize) -> Option<Place> {
        let after = self.pieces.partition_point(|piece| piece.start as usize <= offset);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        let place = piece.place?;
        Some(Place { column: place.column + (offset - piece.start as usize) as u32, ..place })
    }

    /// Where it begins.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place_at(0)
    }

    pub(crate) fn push(&mut self, string: &str, place: Option<Place>) {
        self.pieces.push(Piece { start: self.string.len() as u32, place });
        self.string.push_str(string);
    }

    /// Goes on with the piece that was written last.
    pub(crate) fn push_char(&mut self, c: char) {
        self.string.push(c);
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.string.truncate(len);
        self.pieces.retain(|piece| (piece.start as usize) < len.max(1));
    }

    pub(crate) fn push_text(&mut self, other: &Self) {
        self.push_slice(other, 0..other.string.len());
    }

    pub(crate) fn push_slice(&mut self, other: &Self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let base = self.string.len();
        self.pieces.push(Piece { start: base as u32, place: other.place_at(range.start) });
        let first = other.pieces.partition_point(|piece| piece.start as usize <= range.start);
        let inside = other.pieces[first..].iter().take_while(|piece| (piece.start as usize) < range.end);
        self.pieces.extend(inside.map(|piece| Piece {
            start: (base + piece.start as usize - range.start) as u32,
            place: piece.place,
        }));
        self.string.push_str(&other.string[range]);
    }

    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let mut out = Self::default();
        // An empty slice still knows where it would stand.
        if range.is_empty() && !self.pieces.is_empty() {
            out.push("", self.place_at(range.start));
        }
        out.push_slice(self, range);
        out
    }

    pub(crate) fn trimmed(&self) -> Self {
        self.slice(trimmed(&self.string))
    }

    /// Its lines, with their places.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Self> + '_ {
        let mut start = 0;
        self.string.split('\n').map(move |line| {
            let range = start..start + line.len();
            start = range.end + 1;
            self.slice(range)
        })
    }

    /// Every `needle` gives way to `with`.
    pub(crate) fn replace(&self, needle: &str, with: &Self) -> Self {
        let mut out = Self::default();
        let mut done = 0;
        for (at, _) in self.string.match_indices(needle) {
            out.push_slice(self, done..at);
            out.push_text(with);
            done = at + needle.len();
        }
        out.push_slice(self, done..self.string.len());
        out
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.string == other.string
    }
}

/// The part of `string` between its white space.
pub(crate) fn trimmed(string: &str) -> Range<usize> {
    let start = string.len() - string.trim_start().len();
    start..start + string[start..].trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(line: u32, column: u32) -> Place {
        Place { file: 0, line, column }
    }

    #[test]
    fn a_replaced_piece_points_to_where_it_was_written() {
        let value = Text::new("^<x> from <x>$", at(3, 12));
        let out = value.replace("<x>", &Text::new("user", at(9, 4)));
        assert_eq!(out.as_str(), "^user from user$");
        assert_eq!(out.place_at(0), Some(at(3, 12)));
        assert_eq!(out.place_at(2), Some(at(9, 5)));
        assert_eq!(out.place_at(6), Some(at(3, 17)));
        assert_eq!(out.place_at(12), Some(at(9, 5)));
        assert_eq!(out.place_at(15), Some(at(3, 25)));
    }

    #[test]
    fn lines_keep_their_places() {
        let mut value = Text::new("one\n", at(1, 4));
        value.push("two", Some(at(2, 8)));
        let places: Vec<_> = value.lines().map(|line| line.place()).collect();
        assert_eq!(places, [Some(at(1, 4)), Some(at(2, 8))]);
        assert_eq!(value.lines().map(|line| line.as_str().to_owned()).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn an_empty_slice_knows_its_place() {
        assert_eq!(Text::new("a=", at(0, 5)).slice(2..2).place(), Some(at(0, 7)));
    }
}
