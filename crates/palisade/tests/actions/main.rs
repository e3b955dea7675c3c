//! Actions side by side: the real Fail2Ban and Palisade, on the same configuration and the same log, run the same
//! commands with the same substitutions, for every action file of the Debian package. And what only Palisade promises.
#![allow(clippy::unwrap_used, reason = "a test")]

mod rig;
mod same;
