//! The time in a log line: where it stands, and which moment it means.
//!
//! Patterns are Fail2Ban's `datepattern` language and mean what they mean there.

mod builtin;
mod choices;
mod civil;
mod class;
mod detector;
mod directive;
mod emit;
mod engine;
mod expression;
mod fields;
mod head;
mod layout;
mod list;
mod names;
mod needs;
mod offsets;
mod parse;
mod peek;
mod place;
mod program;
mod resolve;
mod run;
mod search;
mod seen;
mod source;
mod template;
mod word;
mod zone;

pub(crate) use detector::Reader;
pub use detector::{DateDetector, Found};
pub(crate) use place::Place;
pub(crate) use seen::Seen;
pub use zone::{Zone, ZoneError};

/// A datepattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DateError {
    /// Where in the datepattern, in bytes.
    pub offset: usize,
    /// What is wrong, for people.
    pub message: String,
}
