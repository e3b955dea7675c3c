//! Places between characters.

use crate::pattern::ast::Anchor;
use crate::pattern::unicode;

/// Whether `pos` is such a place.
pub(super) fn is_at(anchor: Anchor, text: &str, pos: usize) -> bool {
    let bytes = text.as_bytes();
    match anchor {
        Anchor::Start => pos == 0,
        Anchor::LineStart => pos == 0 || bytes[pos - 1] == b'\n',
        Anchor::End => pos == bytes.len(),
        Anchor::EndOrFinalNewline => pos == bytes.len() || bytes[pos..] == *b"\n",
        Anchor::LineEnd => pos == bytes.len() || bytes[pos] == b'\n',
        Anchor::WordBoundary => is_boundary(text, pos),
        Anchor::NotWordBoundary => !text.is_empty() && !is_boundary(text, pos),
    }
}

fn is_boundary(text: &str, pos: usize) -> bool {
    text[..pos].chars().next_back().is_some_and(unicode::is_word)
        != text[pos..].chars().next().is_some_and(unicode::is_word)
}

/// The place so many characters before `pos`.
pub(super) fn back(text: &str, pos: usize, count: usize) -> Option<usize> {
    match count {
        0 => Some(pos),
        _ => text[..pos].char_indices().rev().nth(count - 1).map(|(start, _)| start),
    }
}
