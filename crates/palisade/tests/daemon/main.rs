//! The daemon as a whole: real kernel, real sshd, real crashes, in network namespaces of their own. Needs root.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod actions;
mod crash;
mod journal;
mod lists;
mod protect_sshd;
mod python;
mod reload;
mod rig;
mod rollback;
mod rotation;
mod rules;
#[path = "../lists/server.rs"]
mod server;
mod traps;
mod writer;
