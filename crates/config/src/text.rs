//! Text that remembers where each of its pieces was written, through interpolation.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use crate::place::Place;

/// A value of the configuration. Comparing two compares what they say, not where they were written. A part of one shares
/// what it is a part of: mostly the whole file.
#[derive(Clone, Debug, Default)]
pub struct Text {
    whole: Rc<Whole>,
    start: u32,
    end: u32,
}

/// A file, or what was put together from several places.
#[derive(Debug, Default)]
struct Whole {
    string: String,
    /// Ascending starts; a piece reaches to the next one and was written in one go.
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    start: u32,
    place: Option<Place>,
}

impl Whole {
    fn place_at(&self, offset: usize) -> Option<Place> {
        let after = self.pieces.partition_point(|piece| piece.start as usize <= offset);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        let place = piece.place?;
        Some(Place { offset: place.offset + offset as u32 - piece.start, ..place })
    }
}

impl Text {
    /// The content of a file.
    pub(crate) fn file(file: u32, content: String) -> Self {
        Self::written(content, Some(Place { file, offset: 0 }))
    }

    /// Text written at one place.
    pub(crate) fn written(string: impl Into<String>, place: Option<Place>) -> Self {
        Builder(Whole { string: string.into(), pieces: vec![Piece { start: 0, place }] }).finish()
    }

    /// Text that nobody wrote down: built-in values and options given by a program.
    pub(crate) fn plain(string: impl Into<String>) -> Self {
        Builder(Whole { string: string.into(), pieces: Vec::new() }).finish()
    }

    /// What it says.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.whole.string[self.start as usize..self.end as usize]
    }

    /// Where the byte at `offset` was written; `None` for built-in text.
    #[must_use]
    pub fn place_at(&self, offset: usize) -> Option<Place> {
        self.whole.place_at(self.start as usize + offset)
    }

    /// Where it begins.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place_at(0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let [start, end] = [range.start, range.end].map(|at| self.start + at as u32);
        Self { whole: self.whole.clone(), start, end }
    }

    pub(crate) fn trimmed(&self) -> Self {
        self.slice(trimmed(self.as_str()))
    }

    /// Its lines, with their places.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Self> + '_ {
        let mut start = 0;
        self.as_str().split('\n').map(move |line| {
            let range = start..start + line.len();
            start = range.end + 1;
            self.slice(range)
        })
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// Text that is being put together.
#[derive(Default)]
pub(crate) struct Builder(Whole);

impl Builder {
    pub(crate) fn as_str(&self) -> &str {
        &self.0.string
    }

    pub(crate) fn place_at(&self, offset: usize) -> Option<Place> {
        self.0.place_at(offset)
    }

    pub(crate) fn push(&mut self, text: &Text) {
        self.push_slice(text, 0..text.as_str().len());
    }

    pub(crate) fn push_slice(&mut self, text: &Text, range: Range<usize>) {
        // Even empty text knows where it would stand.
        if range.is_empty() && !self.0.string.is_empty() {
            return;
        }
        let base = self.0.string.len();
        if base == 0 {
            // Most values grow little from here.
            self.0.string.reserve(2 * range.len().max(32));
        }
        let [start, end] = [range.start, range.end].map(|at| at + text.start as usize);
        let pieces = &text.whole.pieces;
        self.0.pieces.push(Piece { start: base as u32, place: text.whole.place_at(start) });
        let first = pieces.partition_point(|piece| piece.start as usize <= start);
        let inside = pieces[first..].iter().take_while(|piece| (piece.start as usize) < end);
        let moved = |piece: &Piece| Piece { start: (base + piece.start as usize - start) as u32, ..*piece };
        self.0.pieces.extend(inside.map(moved));
        self.0.string.push_str(&text.whole.string[start..end]);
    }

    /// Goes on with the piece that was written last.
    pub(crate) fn push_str(&mut self, string: &str) {
        self.0.string.push_str(string);
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.string.truncate(len);
        self.0.pieces.truncate(self.0.pieces.partition_point(|piece| (piece.start as usize) < len));
    }

    pub(crate) fn finish(self) -> Text {
        let end = self.0.string.len() as u32;
        Text { whole: Rc::new(self.0), start: 0, end }
    }
}

impl From<&Text> for Builder {
    fn from(text: &Text) -> Self {
        let mut builder = Self::default();
        builder.push(text);
        builder
    }
}

/// The part of `string` between its white space.
pub(crate) fn trimmed(string: &str) -> Range<usize> {
    let start = string.len() - string.trim_start().len();
    start..start + string[start..].trim_end().len()
}

/// Names of options have no case.
pub(crate) fn lower_case(name: &str) -> Cow<'_, str> {
    let done = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    match name.bytes().all(done) {
        true => name.into(),
        false => name.to_lowercase().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(offset: u32) -> Place {
        Place { file: 0, offset }
    }

    #[test]
    fn each_piece_points_to_where_it_was_written() {
        let (value, user) = (Text::written("^<x> from", Some(at(312))), Text::written("user", Some(at(904))));
        let mut out = Builder::default();
        out.push(&value);
        out.truncate(1);
        out.push(&user);
        out.push_slice(&value, 4..9);
        let out = out.finish();
        assert_eq!(out.as_str(), "^user from");
        assert_eq!([0, 2, 6].map(|offset| out.place_at(offset)), [at(312), at(905), at(317)].map(Some));
        assert_eq!(out.slice(1..5).place_at(1), Some(at(905)));
        let mut twice = Builder::default();
        twice.push(&Text::plain("a "));
        twice.push_slice(&out, 2..8);
        let twice = twice.finish();
        assert_eq!(twice.as_str(), "a ser fr");
        assert_eq!([0, 2, 6].map(|offset| twice.place_at(offset)), [None, Some(at(905)), Some(at(317))]);
    }

    #[test]
    fn lines_keep_their_places() {
        let mut value = Builder::default();
        value.push(&Text::written("one", Some(at(14))));
        value.push_str("\n");
        value.push(&Text::written("two", Some(at(28))));
        let lines: Vec<_> =
            value.finish().lines().map(|line| (line.as_str().to_owned(), line.place())).collect();
        assert_eq!(lines, [("one".to_owned(), Some(at(14))), ("two".to_owned(), Some(at(28)))]);
    }

    #[test]
    fn an_empty_slice_knows_its_place() {
        assert_eq!(Text::written("a=", Some(at(5))).slice(2..2).place(), Some(at(7)));
    }
}
