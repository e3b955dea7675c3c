//! Netlink: sockets, and the encoding of messages and attributes that every family shares.

mod decode;
mod encode;
mod socket;

pub use decode::{Attributes, Malformed, Message, Messages};
pub use encode::{Encoder, TooLong};
pub use socket::{Family, Socket};

/// Bytes of `struct nlmsghdr`.
const HEADER: usize = 16;
/// Bytes of `struct nlattr`.
const ATTRIBUTE_HEADER: usize = 4;
/// The upper two bits of an attribute's type are flags.
const NESTED: u16 = 1 << 15;
const TYPE_MASK: u16 = 0x3fff;

/// Flags of a message (`NLM_F_*`).
pub mod flag {
    /// The message is a request.
    pub const REQUEST: u16 = 0x1;
    /// Answer with an acknowledgement, error 0 included.
    pub const ACK: u16 = 0x4;
    /// Tell what became of it.
    pub const ECHO: u16 = 0x8;
    /// List everything.
    pub const DUMP: u16 = 0x300;
    /// Put something new in place of what is there.
    pub const REPLACE: u16 = 0x100;
    /// Fail if it exists.
    pub const EXCL: u16 = 0x200;
    /// Create what does not exist.
    pub const CREATE: u16 = 0x400;
    /// Add at the end.
    pub const APPEND: u16 = 0x800;
}

/// An answer that carries an error number; 0 is the acknowledgement.
pub const ERROR: u16 = 2;
/// The end of a dump.
pub const DONE: u16 = 3;

/// Attributes and messages begin at multiples of four bytes.
const fn align(length: usize) -> usize {
    (length + 3) & !3
}

#[cfg(test)]
mod tests;
