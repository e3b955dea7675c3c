//! Text that remembers where each of its pieces was written, through interpolation.

use std::borrow::{Borrow, Cow};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

use memchr::memchr_iter;

use crate::place::Place;

/// A value of the configuration, or a name in it. Comparing two compares what they say, not where they were written.
#[derive(Clone, Debug)]
pub struct Text(Repr);

#[derive(Clone, Debug)]
enum Repr {
    /// Nobody wrote it.
    Fixed(&'static str),
    /// Shares what it is a part of: mostly the whole file.
    Part { whole: Rc<Whole>, start: u32, end: u32 },
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

    /// Text that nobody wrote down: options given by a program.
    pub(crate) fn plain(string: impl Into<String>) -> Self {
        Builder(Whole { string: string.into(), pieces: Vec::new() }).finish()
    }

    /// Text that is built in.
    pub(crate) const fn fixed(string: &'static str) -> Self {
        Self(Repr::Fixed(string))
    }

    /// What it says.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Fixed(string) => string,
            Repr::Part { whole, start, end } => &whole.string[*start as usize..*end as usize],
        }
    }

    /// Where the byte at `offset` was written; `None` for built-in text.
    #[must_use]
    pub fn place_at(&self, offset: usize) -> Option<Place> {
        match &self.0 {
            Repr::Fixed(_) => None,
            Repr::Part { whole, start, .. } => whole.place_at(*start as usize + offset),
        }
    }

    /// Where it begins.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place_at(0)
    }

    pub(crate) const fn len(&self) -> usize {
        match &self.0 {
            Repr::Fixed(string) => string.len(),
            Repr::Part { start, end, .. } => (*end - *start) as usize,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it says this.
    pub(crate) fn is(&self, string: &str) -> bool {
        let bytes = match &self.0 {
            Repr::Fixed(string) => string.as_bytes(),
            Repr::Part { whole, start, end } => &whole.string.as_bytes()[*start as usize..*end as usize],
        };
        bytes == string.as_bytes()
    }

    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        Self(match &self.0 {
            Repr::Fixed(string) => Repr::Fixed(&string[range]),
            Repr::Part { whole, start, .. } => {
                let [start, end] = [range.start, range.end].map(|at| start + at as u32);
                Repr::Part { whole: whole.clone(), start, end }
            }
        })
    }

    pub(crate) fn trimmed(&self) -> Self {
        self.slice(trimmed(self.as_str()))
    }

    /// In lower case, as names of options are looked for.
    pub(crate) fn lower_case(self) -> Self {
        match lower_case(self.as_str()) {
            Cow::Borrowed(_) => self,
            Cow::Owned(lower) => Self::written(lower, self.place()),
        }
    }

    /// Its lines, with their places.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Self> + '_ {
        let ends = memchr_iter(b'\n', self.as_str().as_bytes()).chain([self.len()]);
        let mut start = 0;
        ends.map(move |end| self.slice(std::mem::replace(&mut start, end + 1)..end))
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::fixed("")
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.is(other.as_str())
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// Text that is being put together.
#[derive(Default)]
pub(crate) struct Builder(Whole);

impl Builder {
    /// For a value that is put in the place of this one: most grow little.
    pub(crate) fn for_value(value: &Text) -> Self {
        Self(Whole { string: String::with_capacity(2 * value.len().max(32)), pieces: Vec::with_capacity(8) })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0.string
    }

    pub(crate) fn place_at(&self, offset: usize) -> Option<Place> {
        self.0.place_at(offset)
    }

    pub(crate) fn push(&mut self, text: &Text) {
        self.push_slice(text, 0..text.len());
    }

    pub(crate) fn push_slice(&mut self, text: &Text, range: Range<usize>) {
        // Even empty text knows where it would stand.
        if range.is_empty() && !self.0.string.is_empty() {
            return;
        }
        let base = self.0.string.len();
        self.0.string.push_str(&text.as_str()[range.clone()]);
        self.0.pieces.push(Piece { start: base as u32, place: text.place_at(range.start) });
        if let Repr::Part { whole, start, .. } = &text.0 {
            let [start, end] = [range.start, range.end].map(|at| at + *start as usize);
            let first = whole.pieces.partition_point(|piece| piece.start as usize <= start);
            let inside = whole.pieces[first..].iter().take_while(|piece| (piece.start as usize) < end);
            let moved =
                |piece: &Piece| Piece { start: (base + piece.start as usize - start) as u32, ..*piece };
            self.0.pieces.extend(inside.map(moved));
        }
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
        Text(Repr::Part { whole: Rc::new(self.0), start: 0, end })
    }
}

impl From<&Text> for Builder {
    fn from(text: &Text) -> Self {
        let mut builder = Self::for_value(text);
        builder.push(text);
        builder
    }
}

/// The part of `string` between its white space, mostly of ASCII.
pub(crate) fn trimmed(string: &str) -> Range<usize> {
    let rest = string.trim_ascii_start().trim_start();
    let start = string.len() - rest.len();
    start..start + rest.trim_ascii_end().trim_end().len()
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
