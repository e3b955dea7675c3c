//! The lists of networks that rules name and that nobody bans, as they are in force.

use std::path::Path;

use firewall::Lists;
use firewall::rules::{Address, Policy};
use ipnet::IpNet;
use lists::{BUILT_IN, Keeping};

/// Every list, with what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct KeptLists(Vec<Keeping>);

impl KeptLists {
    /// What is kept in the state folder, or what is built in.
    pub(crate) fn load(state: &Path) -> Self {
        Self(BUILT_IN.iter().map(|list| Keeping::load(state, list)).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Keeping> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Keeping> {
        self.0.iter_mut()
    }

    /// For rules.
    pub(crate) fn in_force(&self) -> Lists {
        self.iter().map(|kept| (kept.name().to_owned(), kept.list.networks.clone())).collect()
    }

    /// All of their networks.
    pub(crate) fn networks(&self) -> impl Iterator<Item = IpNet> {
        self.iter().flat_map(|kept| kept.list.networks.iter().copied())
    }
}

/// As rules can name them.
pub(crate) fn names() -> impl Iterator<Item = String> {
    BUILT_IN.iter().map(|list| list.name.to_owned())
}

/// Whether a rule that is in force names this list.
pub(crate) fn uses(policy: &Policy, list: &str) -> bool {
    let is_it = |address: &Address| matches!(address, Address::List(name) if name == list);
    policy.enabled && policy.rules.iter().any(|rule| is_it(&rule.from.address) || is_it(&rule.to.address))
}
