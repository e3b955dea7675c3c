//! A backtracking machine with Python's order of trying, and bounds on what that can cost.

mod analysis;
mod compile;
mod machine;
mod memo;
mod place;
mod program;
mod quantifier;
mod resolve;
mod scratch;
mod span;
#[cfg(test)]
mod tests;

pub(super) use self::program::Program;
pub(super) use self::scratch::{NONE, Scratch};
