//! A line with its date, as text.

use std::borrow::Cow;

use super::set::Line;
use super::text::{Encoding, Text, is_simple};

/// The text is the same in all encodings, or is decoded when it is asked for, and kept for the next who has the same one.
#[derive(Debug)]
pub(super) struct Whole<'a> {
    bytes: &'a [u8],
    /// With the newline that it has in the log, where that is all that ends it and it is simple.
    ended: Option<&'a [u8]>,
    is_simple: bool,
    decoded: Option<(Encoding, Cow<'a, str>)>,
}

impl<'a> Whole<'a> {
    #[inline]
    pub(super) fn of(line: Line<'a>) -> Whole<'a> {
        let bytes = line.trimmed();
        let is_simple = line.ascii || is_simple(bytes);
        let ended = is_simple && line.text[bytes.len()..] == *b"\n";
        Whole { bytes, ended: ended.then_some(line.text), is_simple, decoded: None }
    }

    /// As the log has it.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// If it is ASCII and ends where a newline stands.
    pub(super) fn simple(&self) -> Option<&'a [u8]> {
        Some(self.bytes).filter(|_| self.is_simple)
    }

    /// What follows a date at its start, and its newline, as they stand in the log.
    pub(super) fn simple_after(&self, date: usize) -> Option<&'a [u8]> {
        self.ended.map(|ended| &ended[date..])
    }

    pub(super) fn text(&mut self, encoding: Encoding) -> Text<'_> {
        if self.is_simple {
            return Text::Simple(self.bytes);
        }
        let (_, text) = match self.decoded.take().filter(|(known, _)| *known == encoding) {
            Some(same) => self.decoded.insert(same),
            None => self.decoded.insert((encoding, encoding.decode(self.bytes))),
        };
        Text::Other(text)
    }
}
