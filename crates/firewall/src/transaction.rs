//! From the ruleset that is there to the one that shall be there, as one batch. Packets see the old one or the new one.

use sys::netlink::{Encoder, flag};

use crate::channel::Batch;
use crate::layout::Missing;
use crate::name::{self, BASE_CHAIN, REFUSE_CHAIN};
use crate::policy::JailTarget;
use crate::ruleset::{Chain, Ruleset, Set, refuse_rule};
use crate::wire::{self, Element, Timeout, kind};

/// Changes what is there; sets that stay keep their elements, counters their counts.
pub(crate) fn change(batch: &mut Batch, there: &Ruleset, wanted: &Ruleset, jails: &[JailTarget]) {
    batch.create(kind::NEW_TABLE, wire::new_table);
    remove_surplus(batch, there, wanted);
    add_missing(batch, there, wanted, jails);
}

/// Deletes the table, if it is there, and builds it new, without elements: where something foreign in it stands in
/// the way of a change.
pub(crate) fn rebuild(batch: &mut Batch, wanted: &Ruleset, jails: &[JailTarget]) {
    batch.create(kind::NEW_TABLE, wire::new_table);
    batch.add(kind::DEL_TABLE, 0, wire::only_table);
    batch.create(kind::NEW_TABLE, wire::new_table);
    add_missing(batch, &Ruleset::default(), wanted, jails);
}

/// All rules go first: they hold on to chains, sets and counters.
fn remove_surplus(batch: &mut Batch, there: &Ruleset, wanted: &Ruleset) {
    for chain in there.chains.keys() {
        batch.add(kind::DEL_RULE, 0, |m| wire::flush_chain(m, chain));
    }
    for (name, chain) in &there.chains {
        if wanted.chains.get(name).map(|wanted| wanted.hook) != Some(chain.hook) {
            batch.add(kind::DEL_CHAIN, 0, |m| wire::delete_chain(m, name));
        }
    }
    for (name, set) in &there.sets {
        if wanted.sets.get(name) != Some(set) {
            batch.add(kind::DEL_SET, 0, |m| wire::delete_set(m, name));
        }
    }
    for name in there.counters.difference(&wanted.counters) {
        batch.add(kind::DEL_OBJECT, 0, |m| wire::delete_counter(m, name));
    }
}

fn add_missing(batch: &mut Batch, there: &Ruleset, wanted: &Ruleset, jails: &[JailTarget]) {
    for name in wanted.counters.difference(&there.counters) {
        batch.create(kind::NEW_OBJECT, |m| wire::new_counter(m, name));
    }
    let sets = wanted.sets.iter().filter(|(name, set)| there.sets.get(*name) != Some(set));
    for (id, (name, set)) in (1..).zip(sets) {
        add_set(batch, name, set, id);
    }
    for (name, chain) in &wanted.chains {
        if there.chains.get(name).map(|there| there.hook) != Some(chain.hook) {
            batch
                .create(kind::NEW_CHAIN, |m| wire::new_chain(m, name, chain, &comment_of_chain(name, jails)));
        }
    }
    for (name, Chain { rules, .. }) in &wanted.chains {
        for rule in rules {
            batch.add(kind::NEW_RULE, flag::CREATE | flag::APPEND, |m| wire::new_rule(m, name, rule));
        }
    }
}

/// `id` is unlike that of other sets in the batch.
fn add_set(batch: &mut Batch, name: &str, set: &Set, id: u32) {
    batch.create(kind::NEW_SET, |m| wire::new_set(m, name, set, id));
}

/// For people: a jail by its own name, which the chain's may only resemble.
fn comment_of_chain(chain: &str, jails: &[JailTarget]) -> String {
    let is_its_chain = |jail: &&JailTarget| name::chain(&name::identifier(&jail.name)) == chain;
    match (chain, jails.iter().find(is_its_chain)) {
        (BASE_CHAIN, _) => "before containers' ports are translated".to_owned(),
        (REFUSE_CHAIN, _) => "answers: connection refused".to_owned(),
        (_, Some(jail)) => format!("jail {}", jail.name),
        (_, None) => String::new(),
    }
}

/// Sets for networks of sizes that were not banned before, each with its rule.
pub(crate) fn add_sets<'a>(batch: &mut Batch, sets: impl Iterator<Item = &'a Missing>) {
    for (id, Missing { identifier, prefix, verdict, .. }) in (1..).zip(sets) {
        add_set(batch, &name::set(identifier, *prefix), &Set::of(*prefix), id);
        let rule = refuse_rule(identifier, *prefix, *verdict);
        let chain = name::chain(identifier);
        batch.add(kind::NEW_RULE, flag::CREATE | flag::APPEND, |m| wire::new_rule(m, &chain, &rule));
    }
}

/// So many elements fit into one message: 60 bytes the largest, 65,535 all.
const PER_MESSAGE: usize = 1000;

/// How an element is taken away that may not be there, which the kernel otherwise takes for an error of the whole
/// batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// A message for it, since Linux 6.3.
    Destroy,
    /// Adding is no error where it is there, and then it can be deleted. Packets see neither.
    AddThenDelete,
}

impl Deletion {
    /// By its version number: a kernel that has the message although its number is lower is served in the other way.
    pub(crate) fn of_this_kernel() -> Deletion {
        let uname = rustix::system::uname();
        if is_at_least_6_3(&uname.release().to_string_lossy()) {
            Deletion::Destroy
        } else {
            Deletion::AddThenDelete
        }
    }
}

fn is_at_least_6_3(release: &str) -> bool {
    let mut numbers =
        release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (6, 3)
}

/// Elements take these timeouts, whether they are there already or not; those that are over go. Adding alone would
/// leave the old timeout in force before Linux 6.12.
pub(crate) fn set_elements(batch: &mut Batch, how: Deletion, set: &str, elements: &[Element]) {
    for elements in elements.chunks(PER_MESSAGE) {
        delete_elements(batch, how, set, elements);
        let live = || elements.iter().filter(|(_, timeout)| *timeout != Timeout::Over);
        if live().next().is_some() {
            batch.create(kind::NEW_ELEMENT, |m| wire::put_elements(m, set, live()));
        }
    }
}

fn delete_elements(batch: &mut Batch, how: Deletion, set: &str, elements: &[Element]) {
    let put = |message: &mut Encoder| wire::put_keys(message, set, elements.iter().map(|(key, _)| *key));
    match how {
        Deletion::Destroy => batch.add(kind::DESTROY_ELEMENT, 0, put),
        Deletion::AddThenDelete => {
            batch.create(kind::NEW_ELEMENT, put);
            batch.add(kind::DEL_ELEMENT, 0, put);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_number() {
        for (release, expected) in [
            ("6.3.0", true),
            ("6.18.44-x86", true),
            ("10.0", true),
            ("6.2.16-rc1", false),
            ("5.10.0-28-amd64", false),
            ("?", false),
        ] {
            assert_eq!(is_at_least_6_3(release), expected, "{release}");
        }
    }
}
