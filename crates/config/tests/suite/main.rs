//! Whole configurations: against Fail2Ban's own reader, shown and read back, wrong ones, and noise.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; clippy knows only functions that are tests themselves"
)]

mod actions;
mod differential;
mod golden;
mod noise;
mod rig;
mod round_trip;
