//! From the ruleset that is there to the one that shall be there, as one batch. Packets see the old one or the new one.

use sys::netlink::{Encoder, flag};

use crate::channel::Batch;
use crate::edit::{Edits, Handles};
use crate::enforce::{self, Contents};
use crate::layout::Missing;
use crate::name::{self, BASE_CHAIN, REFUSE_CHAIN};
use crate::policy::JailTarget;
use crate::ruleset::{Bound, Chain, Keys, Ruleset, Set, refuse_rule};
use crate::wire::{self, Element, Timeout, kind};

/// What shall be there.
pub(crate) struct Goal<'a> {
    pub(crate) ruleset: Ruleset,
    pub(crate) jails: &'a [JailTarget],
    /// The elements of those sets that never change.
    pub(crate) contents: Option<&'a Contents>,
}

/// Changes what is there; sets that stay keep their elements, counters their counts, and rules that stay are not written.
pub(crate) fn change(batch: &mut Batch, there: &Ruleset, edits: &Edits<'_>, goal: &Goal<'_>) {
    batch.create(kind::NEW_TABLE, wire::new_table);
    remove_surplus(batch, there, edits, &goal.ruleset);
    add_missing(batch, there, edits, goal);
}

/// Deletes the table, if it is there, and builds it new, without elements: where something foreign in it stands in
/// the way of a change.
pub(crate) fn rebuild(batch: &mut Batch, goal: &Goal<'_>) {
    batch.create(kind::NEW_TABLE, wire::new_table);
    batch.add(kind::DEL_TABLE, 0, wire::only_table);
    batch.create(kind::NEW_TABLE, wire::new_table);
    let nothing = Ruleset::default();
    add_missing(batch, &nothing, &Edits::new(&nothing, &Handles::new(), &goal.ruleset), goal);
}

/// Only then a chain can get other rules; otherwise it goes and comes anew.
fn keeps_hook(other: &Ruleset, name: &str, chain: &Chain) -> bool {
    other.chains.get(name).map(|other| other.hook) == Some(chain.hook)
}

/// Rules go first: they hold on to chains, sets and counters.
fn remove_surplus(batch: &mut Batch, there: &Ruleset, edits: &Edits<'_>, wanted: &Ruleset) {
    for (name, chain) in &there.chains {
        match edits.leaving(name, chain) {
            None => batch.add(kind::DEL_RULE, 0, |m| wire::flush_chain(m, name)),
            Some(handles) => handles
                .iter()
                .for_each(|handle| batch.add(kind::DEL_RULE, 0, |m| wire::delete_rule(m, name, *handle))),
        }
    }
    for (name, _) in there.chains.iter().filter(|(name, chain)| !keeps_hook(wanted, name, chain)) {
        batch.add(kind::DEL_CHAIN, 0, |m| wire::delete_chain(m, name));
    }
    for (name, set) in &there.sets {
        if wanted.sets.get(name) != Some(set) {
            batch.add(kind::DEL_SET, 0, |m| wire::delete_set(m, name));
        }
    }
    for (name, keys) in wanted.elements.iter().filter(|(name, _)| stays(there, wanted, name)) {
        put_keys(batch, kind::DEL_ELEMENT, name, keys_of(there, name).difference(keys));
    }
    for name in there.counters.difference(&wanted.counters) {
        batch.add(kind::DEL_OBJECT, 0, |m| wire::delete_counter(m, name));
    }
}

fn add_missing(batch: &mut Batch, there: &Ruleset, edits: &Edits<'_>, goal: &Goal<'_>) {
    let wanted = &goal.ruleset;
    for name in wanted.counters.difference(&there.counters) {
        batch.create(kind::NEW_OBJECT, |m| wire::new_counter(m, name));
    }
    let sets = wanted.sets.iter().filter(|(name, set)| there.sets.get(*name) != Some(set));
    for (id, (name, set)) in (1..).zip(sets) {
        add_filled_set(batch, goal, name, set, id);
    }
    for (name, keys) in &wanted.elements {
        let known = if stays(there, wanted, name) { keys_of(there, name) } else { &NO_KEYS };
        put_keys(batch, kind::NEW_ELEMENT, name, keys.difference(known));
    }
    for (name, chain) in wanted.chains.iter().filter(|(name, chain)| !keeps_hook(there, name, chain)) {
        let comment = comment_of_chain(name, goal.jails);
        batch.create(kind::NEW_CHAIN, |m| wire::new_chain(m, name, chain, &comment));
    }
    for name in wanted.chains.keys() {
        let (rules, next) = edits.coming(name);
        let flags = if next.is_some() { flag::CREATE } else { flag::CREATE | flag::APPEND };
        for rule in rules {
            batch.add(kind::NEW_RULE, flags | batch.echo(), |m| wire::new_rule(m, name, rule, next));
        }
    }
}

static NO_KEYS: Keys = Keys::new();

fn keys_of<'a>(ruleset: &'a Ruleset, set: &str) -> &'a Keys {
    ruleset.elements.get(set).unwrap_or(&NO_KEYS)
}

/// Whether a set is changed, and not another one in its place.
fn stays(there: &Ruleset, wanted: &Ruleset, set: &str) -> bool {
    there.sets.get(set) == wanted.sets.get(set)
}

/// Elements that come or go.
fn put_keys<'a>(batch: &mut Batch, kind: u8, set: &str, keys: impl Iterator<Item = &'a Vec<u8>>) {
    let bounds: Vec<Bound> = keys.map(|key| Bound { key: key.clone(), ends: false }).collect();
    for bounds in bounds.chunks(PER_MESSAGE) {
        let flags = if kind == kind::NEW_ELEMENT { flag::CREATE } else { 0 };
        batch.add(kind, flags, |m| wire::put_bounds(m, set, bounds));
    }
}

/// `id` is unlike that of other sets in the batch.
fn add_set(batch: &mut Batch, name: &str, set: &Set, id: u32) {
    batch.create(kind::NEW_SET, |m| wire::new_set(m, name, set, id));
}

/// The same with what is in it, if that never changes.
pub(crate) fn add_filled_set(batch: &mut Batch, goal: &Goal<'_>, name: &str, set: &Set, id: u32) {
    add_set(batch, name, set, id);
    let content = goal.contents.and_then(|contents| contents.get(name));
    for bounds in content.into_iter().flat_map(|bounds| bounds.chunks(PER_MESSAGE)) {
        batch.create(kind::NEW_ELEMENT, |m| wire::put_bounds(m, name, bounds));
    }
}

/// For people: a jail by its own name, which the chain's may only resemble.
fn comment_of_chain(chain: &str, jails: &[JailTarget]) -> String {
    let is_its_chain = |jail: &&JailTarget| name::chain(&name::identifier(&jail.name)) == chain;
    match (chain, jails.iter().find(is_its_chain)) {
        (BASE_CHAIN, _) => "before containers' ports are translated".to_owned(),
        (REFUSE_CHAIN, _) => "answers: connection refused".to_owned(),
        (_, Some(jail)) => format!("jail {}", jail.name),
        (_, None) => enforce::describe(chain).to_owned(),
    }
}

/// Sets for networks of sizes that were not banned before, each with its rule.
pub(crate) fn add_sets<'a>(batch: &mut Batch, sets: impl Iterator<Item = &'a Missing>) {
    for (id, Missing { identifier, prefix, verdict, .. }) in (1..).zip(sets) {
        add_set(batch, &name::set(identifier, *prefix), &Set::of(*prefix), id);
        let rule = refuse_rule(identifier, *prefix, *verdict);
        let chain = name::chain(identifier);
        batch.add(kind::NEW_RULE, flag::CREATE | flag::APPEND, |m| wire::new_rule(m, &chain, &rule, None));
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
