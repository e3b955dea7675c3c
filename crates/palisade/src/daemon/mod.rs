//! `palisade run`: the keeper, its children the watcher and, by way of the spawner, the runner, and what they say to each other.

pub(crate) mod keeper;
pub(crate) mod protocol;
pub(crate) mod runner;
mod signals;
pub(crate) mod spawner;
pub(crate) mod watcher;
