//! The lists of networks that rules name and that nobody bans, as they are in force.

use std::path::Path;

use config::ListSettings;
use firewall::Lists;
use firewall::rules::{Address, Policy};
use ipnet::IpNet;
use lists::Keeping;

/// Every list, with what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct KeptLists(Vec<Keeping>);

impl KeptLists {
    /// What is kept in the state folder, or what is built in.
    pub(crate) fn load(state: &Path, settings: &ListSettings) -> Self {
        Self(settings.lists.iter().map(|list| Keeping::load(state, list.clone())).collect())
    }

    /// Without those that the host has of its own.
    pub(crate) fn built_in(state: &Path) -> Self {
        Self::load(state, &ListSettings::default())
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

    /// The networks of those that are built in, behind which many people are. A list of the host's own may be of those whom
    /// it keeps out.
    pub(crate) fn networks(&self) -> impl Iterator<Item = IpNet> {
        let built_in = self.iter().filter(|kept| kept.named().built_in.is_some());
        built_in.flat_map(|kept| kept.list.networks.iter().copied())
    }
}

/// Whether a rule that is in force names this list.
pub(crate) fn uses(policy: &Policy, list: &str) -> bool {
    let is_it = |address: &Address| matches!(address, Address::List(name) if name == list);
    policy.enabled && policy.rules.iter().any(|rule| is_it(&rule.from.address) || is_it(&rule.to.address))
}
