//! The daemon as a whole: real kernel, real sshd, real crashes, in network namespaces of their own. Needs root.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod actions;
mod crash;
mod journal;
mod protect_sshd;
mod reload;
mod rig;
mod rollback;
mod rotation;
mod rules;
mod traps;
mod writer;
