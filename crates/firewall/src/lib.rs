//! Table `inet palisade`: who is banned, and from what.
//!
//! A [`BanPolicy`] says what each jail refuses; [`Firewall::apply`] makes it so in one transaction and reads it back.
//! [`Firewall::ban`] and [`Firewall::unban`] change elements, in batches. [`Monitor`] tells what other programs did to
//! the table. Nothing here remembers who is banned: the caller does, and puts elements back where it is told that they
//! are gone.
//!
//! A [`rules::Policy`] says what is let in at all; [`Firewall::set_policy`] makes it so, beside the bans.
//!
//! Each jail has one hash set for IPv4 and one for IPv6 addresses, and one more for every other prefix length that is
//! banned; `docs/firewall.md` says why these are not interval sets.
#![forbid(unsafe_code)]

mod apply;
mod channel;
mod edit;
mod enforce;
mod error;
mod firewall;
pub mod import;
mod layout;
mod logged;
mod modules;
mod monitor;
mod name;
mod policy;
pub mod rules;
mod ruleset;
mod transaction;
mod wire;

pub use enforce::Lists;
pub use error::FirewallError;
pub use firewall::{Applied, Counter, Firewall};
pub use logged::{Logged, LoggedPacket};
pub use monitor::{Event, Monitor};
pub use policy::{Ban, BanPolicy, JailTarget, Ports, Protocol, Remaining, Verdict};
