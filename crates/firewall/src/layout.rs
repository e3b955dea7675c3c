//! Which sets each jail has. Learned when a policy is applied; grows when a network of a new size is banned.

use std::collections::{BTreeSet, HashMap};

use ipnet::IpNet;

use crate::name::{self, Prefix};
use crate::policy::{BanPolicy, JailTarget, Verdict};
use crate::ruleset::{Ruleset, Set, render};
use crate::wire::Key;
use crate::{Ban, FirewallError};

#[derive(Debug, Default)]
pub(crate) struct Layout {
    jails: HashMap<String, Jail>,
}

#[derive(Debug)]
struct Jail {
    identifier: String,
    verdict: Verdict,
    prefixes: BTreeSet<Prefix>,
}

/// A set that a jail lacks, with what is needed to create it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Missing {
    pub(crate) jail: String,
    pub(crate) identifier: String,
    pub(crate) prefix: Prefix,
    pub(crate) verdict: Verdict,
}

impl Layout {
    /// A jail keeps the sets that it had or that the kernel has for it, and has those for single addresses anyway.
    pub(crate) fn next(&self, policy: &BanPolicy, kernel: &Ruleset) -> Layout {
        let jails = policy.jails.iter().map(|jail| {
            let identifier = name::identifier(&jail.name);
            let there = kernel.sets.iter().filter_map(|(set_name, set)| {
                name::prefix_of_set(&identifier, set_name).filter(|prefix| *set == Set::of(*prefix))
            });
            let had = self.jails.get(&jail.name).into_iter().flat_map(|jail| jail.prefixes.iter().copied());
            let prefixes = there.chain(had).chain(Prefix::SINGLE).collect();
            (jail.name.clone(), Jail { identifier, verdict: jail.verdict, prefixes })
        });
        Layout { jails: jails.collect() }
    }

    /// What the kernel should have.
    pub(crate) fn ruleset(&self, jails: &[JailTarget]) -> Ruleset {
        let prefixes: Vec<_> = jails.iter().map(|jail| self.jails[&jail.name].prefixes.clone()).collect();
        render(jails, &prefixes)
    }

    /// Jails of which the kernel lacks a set, so that elements may be missing.
    pub(crate) fn without_sets(&self, kernel: &Ruleset) -> Vec<String> {
        let lacks = |jail: &Jail| {
            let there = |prefix: &Prefix| kernel.sets.get(&name::set(&jail.identifier, *prefix));
            jail.prefixes.iter().any(|prefix| there(prefix) != Some(&Set::of(*prefix)))
        };
        let mut names: Vec<_> =
            self.jails.iter().filter(|(_, jail)| lacks(jail)).map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }

    pub(crate) fn set_of(&self, jail: &str, net: &IpNet) -> Result<Option<String>, FirewallError> {
        let found = self.jail(jail)?;
        let prefix = Prefix::of(net);
        Ok(found.prefixes.contains(&prefix).then(|| name::set(&found.identifier, prefix)))
    }

    /// The sets that these bans need and that are not there yet.
    pub(crate) fn missing(&self, bans: &[Ban]) -> Result<BTreeSet<Missing>, FirewallError> {
        let mut missing = BTreeSet::new();
        for ban in bans {
            let jail = self.jail(&ban.jail)?;
            let prefix = Prefix::of(&ban.net);
            if !jail.prefixes.contains(&prefix) {
                let identifier = jail.identifier.clone();
                missing.insert(Missing { jail: ban.jail.clone(), identifier, prefix, verdict: jail.verdict });
            }
        }
        Ok(missing)
    }

    pub(crate) fn created(&mut self, missing: Missing) {
        if let Some(jail) = self.jails.get_mut(&missing.jail) {
            jail.prefixes.insert(missing.prefix);
        }
    }

    /// The jail of a set, and the network that a key in it stands for.
    pub(crate) fn net_of(&self, set_name: &str, key: Key) -> Option<(String, IpNet)> {
        self.jails.iter().find_map(|(name, jail)| {
            let prefix = name::prefix_of_set(&jail.identifier, set_name)?;
            Some((name.clone(), key.net(prefix)?))
        })
    }

    pub(crate) fn jail_of_counter(&self, counter: &str) -> Option<&String> {
        self.jails.iter().find(|(_, jail)| jail.identifier == counter).map(|(name, _)| name)
    }

    fn jail(&self, name: &str) -> Result<&Jail, FirewallError> {
        self.jails.get(name).ok_or_else(|| FirewallError::UnknownJail(name.to_owned()))
    }
}
