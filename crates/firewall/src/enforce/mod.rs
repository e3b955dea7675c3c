//! What a policy means in the kernel.
//!
//! ```text
//! Policy ─group─> rules of one shape ─matching, limit, log─> chains of rules ─┐
//!                                                quiet, base ─> base chains ──┴─> Enforced
//! ```
//!
//! All names in the table that belong to this half have a dot in them, but for the base chains; no jail's name can.

mod base;
mod group;
mod limit;
pub(crate) mod log;
mod matching;
mod quiet;
mod sets;
mod user;

use std::collections::BTreeMap;

use ipnet::IpNet;

use crate::FirewallError;
use crate::rules::Policy;
use crate::ruleset::{Bound, Ruleset};

/// The addresses of each list that rules name.
pub type Lists = BTreeMap<String, Vec<IpNet>>;

/// The half of the table that a policy means, and what is in those of its sets that never change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Enforced {
    pub(crate) ruleset: Ruleset,
    pub(crate) contents: Contents,
}

/// By the set's name, which stands for them: another content would have another name.
pub(crate) type Contents = BTreeMap<String, Vec<Bound>>;

pub(crate) use base::describe;
pub(crate) use sets::changes_in_place;

/// Whether a chain or set is of this half of the table.
pub(crate) fn owns(name: &str) -> bool {
    base::CHAINS.contains(&name) || name.contains('.')
}

/// A policy that is not enabled means nothing at all.
pub(crate) fn render(policy: &Policy, lists: &Lists) -> Result<Enforced, FirewallError> {
    match policy.enabled {
        true => base::render(policy, lists),
        false => Ok(Enforced::default()),
    }
}
