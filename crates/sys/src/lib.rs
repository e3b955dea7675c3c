//! What needs the kernel's own interfaces: netlink sockets, privileges, the sandbox, namespaces, interface addresses.
//!
//! The only crate that may hold `unsafe`. Each block says why it is sound; where rustix has a safe wrapper, that is used.
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::undocumented_unsafe_blocks)]

pub mod interface;
pub mod journal;
pub mod memory;
pub mod namespace;
pub mod netlink;
pub mod privilege;
pub mod sandbox;
