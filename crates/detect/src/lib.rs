//! What a log says, and what follows from it.
//!
//! `line -> date -> filter -> failure -> window -> ban decision`, without files, sockets, threads or a clock: time is
//! an argument everywhere, so the daemon, `palisade replay` and the tests run the same code.
#![forbid(unsafe_code)]

mod address;
mod date;
pub mod filter;
mod index;
pub mod jail;
mod masked;
pub mod pattern;
mod processor;
mod spec;
mod time;

pub use address::Address;
pub use date::{DateDetector, DateError, Found, Zone, ZoneError};
pub use spec::{BanTimeSpec, FilterSpec, IgnoreSpec, JailSpec, Usedns};
pub use time::Time;
