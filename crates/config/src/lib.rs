//! Jails and filters in Fail2Ban's grammar: reading, resolving, checking, showing.
//!
//! ```text
//! files ─ini─> sections ─layers─> one configuration ─interpolate─> options ─┬─filter─> patterns ─tags─┐
//!                                                                           └─jail──> spec, source ───┴─> Jail
//! ```
//!
//! A value remembers where each of its bytes was written ([`Text`]), so a message about a pattern points to the line
//! of the file that it came from, through any number of references. Every table and every recursion has a bound:
//! what is read here is trusted to mean well, not to be free of mistakes.
#![forbid(unsafe_code)]

mod action;
mod call;
mod combine;
mod definition;
mod diagnostic;
mod draft;
mod dump;
mod filter;
mod host;
mod ignore;
mod ignore_cache;
mod ini;
mod interpolate;
mod jail;
mod journalmatch;
mod layers;
mod lint;
mod load;
mod named;
mod options;
mod place;
mod ports;
mod posture;
mod reader;
mod settings;
mod show;
mod source;
mod spec;
mod suggest;
mod tags;
mod text;
mod tree;
mod value;

pub use action::{Action, ActionKind, Family, Module, Operation, Properties, Script};
pub use diagnostic::{Diagnostic, Severity};
pub use dump::{Dump, Said, dump, properties};
pub use filter::{Filter, LoadedFilter, Origins, filter, filter_names};
pub use host::{Host, ThisHost};
pub use ignore_cache::IgnoreCache;
pub use jail::{Idle, Jail, Unfinished};
pub use load::{Loaded, Options, Which, all_jail_names, load, load_with, settings};
pub use place::{Files, Place};
pub use ports::{Ports, Protocol, Verdict};
pub use posture::{ListSettings, POSTURE_FILE, Posture, PostureError, Refresh, Rollback};
pub use settings::Settings;
pub use show::show;
pub use source::{Journal, LogPattern, Source};
pub use text::Text;
pub use tree::Tree;
pub use value::{duration_or_ever, integer, is_yes, seconds};
