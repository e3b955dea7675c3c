//! The store from outside.
#![allow(clippy::unwrap_used, reason = "tests throughout, their helpers too")]

mod crash;
mod full;
mod matches;
mod model;
mod open;
mod rig;
