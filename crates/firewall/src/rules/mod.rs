//! Rules in ufw's grammar: what they say, as data, and the text that says it.
//!
//! ```text
//! words ─parse─> Rule ─┬─print─> the canonical words
//!                      └─traffic─> the protocols and ports of a packet, for the ruleset and for probes
//! ```
//!
//! The grammar and its messages are those of `ufw(8)`; a few words are added: `limit … rate N/UNIT burst M`,
//! `limit … connections N`, and the name of an address list in place of an address.

mod address;
pub mod command;
mod limit;
pub mod list;
mod parse;
mod policy;
mod port;
mod print;
mod probe;
mod rule;
mod status;
mod vocabulary;

pub use address::Address;
pub use limit::{Limit, Rate, Unit};
pub use parse::{Mistake, Wrong};
pub use policy::{Defaults, Logging, NewProfiles, Policy, Stance};
pub use port::{Entry, Port, PortRange, Profile, Protocol};
pub use probe::{Opening, Probe};
pub use rule::{Action, Direction, Endpoint, Families, Log, Rule, Traffic};
pub use status::Detail;
pub use vocabulary::{ProfileFile, Profiles, Services, Vocabulary};
