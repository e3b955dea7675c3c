//! Named lists of networks, as `cloudflare`: who may come, and who is never banned.
//!
//! ```text
//! built in ───────────────────────────────┐
//! Source ─(fetched by others)─> answer ─bounds, change─> kept on disk ─> List, in force
//! ```
//!
//! An answer from the network is untrusted text. It is believed only if it is such a list in form, in size, in what its
//! networks are, and in how little it differs from the list in force. Whatever else comes leaves that one as it is.
//! Nothing here opens a connection.
#![forbid(unsafe_code)]

mod answer;
mod bounds;
mod change;
mod kept;
mod list;
mod source;
mod special;

pub use answer::{ANSWER_LIMIT, read, read_lines};
pub use bounds::{Bounds, Unbelievable, check, check_own};
pub use change::Change;
pub use kept::{Damage, Failure, Keeping, Terms};
pub use list::{BUILT_IN, BuiltIn, List, Named, Origin};
pub use source::{Source, SourceError};
