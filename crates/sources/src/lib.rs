//! Where lines come from: log files that rotate, and the systemd journal.
//!
//! Both give whole lines and the position after them. Whoever keeps the positions together with what came of the lines,
//! and gives them back at the next start, has counted every line exactly once.
#![forbid(unsafe_code)]

mod copies;
mod files;
mod journal;
mod lines;
mod newlines;
mod pattern;
mod position;
mod resume;
mod rotated;
mod siblings;
mod stream;
mod sweep;
mod tail;
mod walk;
mod watch;
mod whole;

pub use files::{FileSpec, Files, Start};
pub use journal::{Expression, ExpressionError, Journal, JournalLine, JournalStart, OpenError};
pub use lines::MAX_LINE;
pub use pattern::matches;
pub use position::Position;
pub use walk::directories_to_read;
pub use whole::{LineInfo, each_line};

/// Why a source cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The pattern is empty, or names the root.
    #[error("{pattern:?} names no file")]
    NoFile {
        /// As it was given.
        pattern: String,
    },
}

/// What one call delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes done with.
    pub bytes: u64,
    /// Lines delivered.
    pub lines: u64,
    /// Of these, lines longer than [`MAX_LINE`], of which only the beginning was delivered.
    pub shortened: u64,
    /// There is more at once; read again without waiting.
    pub more: bool,
}

impl Progress {
    fn add(&mut self, cut: &lines::Cut) {
        self.bytes += cut.consumed as u64;
        self.lines += cut.lines;
        self.shortened += cut.shortened;
    }
}
