//! Changes of how the host looks, as transactions: what was before is kept, and a change that somebody might have shut
//! himself out with is taken back unless it is confirmed.
//!
//! ```text
//! begin ──> waiting ──┬─confirm──> confirmed
//!    │                └─in time nobody did, or a command──> rolling back ──> rolled back
//!    └────> kept       (where nobody can be shut out)
//! ```
//!
//! A change is a file in `changes/` of the state folder, written in one step: whoever reads it sees it as it was before a
//! step of the above or after it, however a process or the host ends. While one waits, further changes become steps of
//! it, so what waits is always the newest, and it has the oldest snapshot.
//!
//! What a file means, and how it is put in force, is the business of whoever changes it.
#![forbid(unsafe_code)]

mod atomic;
mod author;
mod change;
mod diff;
mod error;
mod journal;
mod moment;
mod snapshot;

pub use atomic::write_private;
pub use author::Author;
pub use change::{Change, State, Step};
pub use diff::unified;
pub use error::JournalError;
pub use journal::{Held, Journal, Listing, Plan};
pub use moment::Moment;
pub use snapshot::{Found, Snapshot};
