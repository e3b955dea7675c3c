//! What can go wrong with a pattern, and with a search.

use thiserror::Error;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message} at byte {offset} of the pattern")]
pub struct PatternError {
    /// Byte offset in the pattern.
    pub offset: usize,
    /// In Python's words where it has some.
    pub message: String,
}

impl PatternError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> PatternError {
        PatternError { offset, message: message.into() }
    }
}

/// The search used up its steps before it knew whether the text matches: a catastrophic line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the search took too many steps")]
pub struct Overrun;
