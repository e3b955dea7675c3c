//! Lines that only mean something together: those of one connection, joined by the text of `<F-MLFID>`.
//!
//! A session remembers whom its lines named, so that a line without an address accuses the address of an earlier one,
//! and a line without blame (`<F-NOFAIL>`) stays so only while one user at most was tried. Everything else that its
//! lines say is kept as text and read when somebody asks.

mod merge;
mod slots;
mod table;

pub(super) use merge::{Line, Session, drop_marks};
pub(super) use table::Sessions;
