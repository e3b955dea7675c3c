//! `palisade run`: the keeper, its child the watcher, and what they say to each other.

pub(crate) mod keeper;
pub(crate) mod protocol;
mod signals;
pub(crate) mod watcher;
