//! From a line to a failure, as Fail2Ban's filters mean it.
//!
//! ```text
//! line -> without date -> prefregex -> content -> failregex, in order -> ignoreregex -> session -> failure
//! ```
//!
//! A [`Filter`] is compiled once. A [`FilterSet`] holds the filters that read one source, and what they remember from
//! line to line.

mod check;
mod compile;
mod failure;
mod fast;
mod fields;
mod gate;
mod hit;
mod host;
mod lines;
mod literals;
mod members;
mod plain;
mod recent;
mod rule;
mod session;
mod set;
mod span;
mod state;
mod stream;
mod streams;
mod tags;
#[cfg(test)]
mod tests;
mod text;
mod whole;

pub use check::Checker;
pub use compile::{Filter, FilterError};
pub use failure::Failure;
pub use fields::{FieldValue, Fields, stands_in_for};
pub use host::Host;
pub use set::{FilterSet, Line};
pub use state::Counters;
