use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::apply::Wanted;
use crate::channel::{self, Channel};
use crate::edit::Handles;
use crate::enforce;
use crate::layout::Layout;
use crate::policy::{Ban, BanPolicy, Remaining};
use crate::ruleset::Ruleset;
use crate::transaction::{self, Deletion};
use crate::wire::{self, Key, Timeout, kind};
use crate::{FirewallError, Monitor};

/// The table in the kernel, and the one way to change it.
pub struct Firewall {
    channel: Channel,
    layout: Layout,
    pub(crate) wanted: Wanted,
    deletion: Deletion,
}

/// What was read of the table.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) ruleset: Ruleset,
    pub(crate) handles: Handles,
    /// Of which moment it is.
    pub(crate) generation: u32,
}

/// What [`Firewall::apply`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// These jails had no sets, or not all that they had before: whoever is banned there has to be banned again.
    pub emptied: Vec<String>,
}

/// What a jail has refused since its counter was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Packets.
    pub packets: u64,
    /// Bytes, headers of the IP layer included.
    pub bytes: u64,
}

impl Firewall {
    /// So many bans are one transaction. Larger slices are split, so give no larger ones if something may be waiting.
    pub const CHUNK: usize = 2048;

    /// Opens the way to the kernel and changes nothing. Says which capability or part of the kernel is missing.
    pub fn open() -> Result<Firewall, FirewallError> {
        let mut channel = Channel::open()?;
        channel::generation(&mut channel)?;
        let deletion = Deletion::of_this_kernel();
        Ok(Firewall { channel, layout: Layout::default(), wanted: Wanted::default(), deletion })
    }

    /// Takes the table as another [`Firewall`] keeps it, and writes nothing: bans of this policy's jails can be asked
    /// for. What the policy says of ports does not matter.
    pub fn observe(&mut self, policy: &BanPolicy) -> Result<(), FirewallError> {
        let there = self.read()?.unwrap_or_default().ruleset;
        self.layout = self.layout.next(policy, &there);
        Ok(())
    }

    /// What is in the table but for elements; `None` without a table.
    pub(crate) fn read(&mut self) -> Result<Option<Reading>, FirewallError> {
        let channel = &mut self.channel;
        // First, so that what is changed while it is read is not taken for part of it.
        let generation = channel::generation(channel)?;
        let table =
            channel.get("reading the table", kind::GET_TABLE, wire::only_table, wire::read_table_is_dormant);
        let dormant = match table {
            Err(FirewallError::Gone { .. }) => return Ok(None),
            other => other?,
        };
        let sets = channel.dump("reading sets", kind::GET_SET, wire::only_table, wire::read_set)?;
        let mut elements = BTreeMap::new();
        for (name, _) in sets.iter().filter(|(name, _)| enforce::changes_in_place(name)) {
            let body = |message: &mut _| wire::only_set(message, name);
            let keys = channel.dump("reading a set", kind::GET_ELEMENT, body, wire::read_keys)?;
            elements.insert(name.clone(), keys.into_iter().flatten().collect());
        }
        let counters = read_counters(channel)?;
        let chains = channel.dump("reading chains", kind::GET_CHAIN, |_| {}, wire::read_chain)?;
        let rules =
            channel.dump("reading rules", kind::GET_RULE, wire::only_table, wire::read_numbered_rule)?;
        let mut ruleset = Ruleset {
            dormant,
            counters: counters.into_keys().collect(),
            sets: sets.into_iter().collect(),
            elements,
            chains: chains.into_iter().collect(),
        };
        let mut handles = Handles::new();
        for (handle, (name, rule)) in rules {
            match (handles.get_mut(&name), ruleset.chains.get_mut(&name)) {
                (Some(handles), Some(chain)) => {
                    handles.push(handle);
                    chain.rules.push(rule);
                }
                _ => {
                    handles.insert(name.clone(), vec![handle]);
                    ruleset.chains.entry(name).or_default().rules.push(rule);
                }
            }
        }
        Ok(Some(Reading { ruleset, handles, generation }))
    }

    /// Bans, or gives those that are banned a new time; in transactions of [`Firewall::CHUNK`]. After an error, some of
    /// those transactions may have taken effect; to repeat all is harmless.
    pub fn ban(&mut self, bans: &[Ban]) -> Result<(), FirewallError> {
        self.create_missing_sets(bans)?;
        bans.chunks(Firewall::CHUNK).try_for_each(|bans| {
            self.set_elements(
                "banning",
                bans.iter().map(|ban| (ban.jail.as_str(), &ban.net, timeout(ban.left))),
            )
        })
    }

    fn create_missing_sets(&mut self, bans: &[Ban]) -> Result<(), FirewallError> {
        let missing = self.layout.missing(bans)?;
        if missing.is_empty() {
            return Ok(());
        }
        let mut batch = self.channel.batch();
        transaction::add_sets(&mut batch, missing.iter());
        self.channel.commit("creating a set", batch)?;
        missing.into_iter().for_each(|set| self.layout.created(set));
        Ok(())
    }

    /// Ends bans. Those that are not there are no error.
    pub fn unban(&mut self, bans: &[(String, IpNet)]) -> Result<(), FirewallError> {
        bans.chunks(Firewall::CHUNK).try_for_each(|bans| {
            self.set_elements("unbanning", bans.iter().map(|(jail, net)| (jail.as_str(), net, Timeout::Over)))
        })
    }

    /// Whether the kernel holds exactly this ban, and for how long. Asks for one element, whatever the set's size.
    pub fn holds(&mut self, jail: &str, net: &IpNet) -> Result<Option<Remaining>, FirewallError> {
        let Some(set) = self.layout.set_of(jail, net)? else { return Ok(None) };
        let key = std::iter::once(Key::of(net));
        let body = |message: &mut _| wire::put_keys(message, &set, key);
        match self.channel.get("asking for a ban", kind::GET_ELEMENT, body, wire::read_remaining) {
            Ok(remaining) => Ok(Some(remaining)),
            Err(FirewallError::Gone { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// What each jail has refused.
    pub fn counters(&mut self) -> Result<BTreeMap<String, Counter>, FirewallError> {
        let counters = read_counters(&mut self.channel)?;
        let named = counters.into_iter().filter_map(|(name, counter)| {
            self.layout.jail_of_counter(&name).map(|jail| (jail.clone(), counter))
        });
        Ok(named.collect())
    }

    /// The chains of other programs' tables that drop what none of their rules lets through: `FAMILY TABLE CHAIN`.
    pub fn dropping_chains(&mut self) -> Result<Vec<String>, FirewallError> {
        let read = wire::read_foreign_dropping_chain;
        self.channel.dump_of(&wire::ANY_HEADER, "reading chains", kind::GET_CHAIN, |_| {}, read)
    }

    /// Deletes the table and all bans with it. That it is not there is no error.
    pub fn remove(&mut self) -> Result<(), FirewallError> {
        self.layout = Layout::default();
        self.wanted = Wanted::default();
        let mut batch = self.channel.batch();
        batch.add(kind::DEL_TABLE, 0, wire::only_table);
        match self.channel.commit("deleting the table", batch) {
            Err(FirewallError::Gone { .. }) => Ok(()),
            other => other,
        }
    }

    /// Tells from now on what others do to the table. While it is open, the kernel takes two to three times as long for
    /// a ban, so restore many bans before it is opened; then apply the policy once more, which sees what was missed.
    pub fn monitor(&self) -> Result<Monitor, FirewallError> {
        Monitor::open(self.channel.port())
    }

    pub(crate) fn channel(&mut self) -> &mut Channel {
        &mut self.channel
    }

    pub(crate) fn set_layout(&mut self, layout: Layout) {
        self.layout = layout;
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The elements by set; of those that are given twice, the last counts. A network of a size that has no set is not
    /// banned.
    fn by_set<'a>(
        &self,
        elements: impl Iterator<Item = (&'a str, &'a IpNet, Timeout)>,
    ) -> Result<BTreeMap<String, BTreeMap<Key, Timeout>>, FirewallError> {
        let mut by_set = BTreeMap::<_, BTreeMap<_, _>>::new();
        for (jail, net, timeout) in elements {
            if let Some(set) = self.layout.set_of(jail, net)? {
                by_set.entry(set).or_default().insert(Key::of(net), timeout);
            }
        }
        Ok(by_set)
    }

    fn set_elements<'a>(
        &mut self,
        doing: &'static str,
        elements: impl Iterator<Item = (&'a str, &'a IpNet, Timeout)>,
    ) -> Result<(), FirewallError> {
        let by_set = self.by_set(elements)?;
        let mut batch = self.channel.batch();
        for (set, elements) in by_set {
            transaction::set_elements(
                &mut batch,
                self.deletion,
                &set,
                &elements.into_iter().collect::<Vec<_>>(),
            );
        }
        self.channel.commit(doing, batch)
    }
}

fn read_counters(channel: &mut Channel) -> Result<BTreeMap<String, Counter>, FirewallError> {
    let counters =
        channel.dump("reading counters", kind::GET_OBJECT, wire::counters_of_table, wire::read_counter)?;
    Ok(counters.into_iter().collect())
}

/// More than the kernel can count is for ever.
fn timeout(left: Option<Duration>) -> Timeout {
    let milliseconds = left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
    match milliseconds {
        None => Timeout::Never,
        Some(0) => Timeout::Over,
        Some(LONGEST_TIMEOUT..) => Timeout::Never,
        Some(milliseconds) => Timeout::In(milliseconds),
    }
}

/// In milliseconds; the kernel counts nanoseconds in 64 bits.
const LONGEST_TIMEOUT: u64 = u64::MAX / 1_000_000;

#[cfg(test)]
#[path = "../tests/kernel/isolated.rs"]
pub(crate) mod isolated;

#[cfg(test)]
mod tests {
    use super::isolated::isolated;
    use super::*;
    use crate::{JailTarget, Ports, Protocol, Verdict};

    /// The newest kernel can be asked in both ways.
    #[test]
    fn both_ways_to_delete_give_the_same() {
        isolated("firewall::tests::both_ways_to_delete_give_the_same", || {
            for deletion in [Deletion::Destroy, Deletion::AddThenDelete] {
                bans_are_set_anew_and_taken_away(deletion);
            }
        });
    }

    fn bans_are_set_anew_and_taken_away(deletion: Deletion) {
        let mut firewall = Firewall { deletion, ..Firewall::open().unwrap() };
        let jail = JailTarget {
            name: "j".into(),
            protocol: Protocol::All,
            ports: Ports::All,
            verdict: Verdict::Drop,
        };
        firewall.apply(&BanPolicy { jails: vec![jail] }).unwrap();
        let net: IpNet = "192.0.2.1/32".parse().unwrap();
        for seconds in [None, Some(600), Some(60), None, Some(6000)] {
            let left = seconds.map(Duration::from_secs);
            firewall.ban(&[Ban { jail: "j".into(), net, left }]).unwrap();
            match (firewall.holds("j", &net).unwrap().unwrap(), left) {
                (Remaining::Forever, None) => {}
                (Remaining::For(held), Some(left)) => {
                    assert!(held <= left && held > left / 2, "{held:?} {left:?}")
                }
                other => panic!("{other:?}"),
            }
        }
        for _ in 0..2 {
            firewall.unban(&[("j".into(), net)]).unwrap();
            assert_eq!(firewall.holds("j", &net).unwrap(), None);
        }
    }
}
