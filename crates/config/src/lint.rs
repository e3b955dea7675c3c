//! Options that nobody asks for are typing mistakes, perhaps.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::diagnostic::Fault;
use crate::filter;
use crate::ini::{Entry, Section};
use crate::layers::{Config, Reader};
use crate::load::jail_names;
use crate::options;
use crate::suggest::nearest;
use crate::text::lower_case;

/// Warns of options in the sections of jails that mean nothing, and of those in `[DEFAULT]` that look like a known one.
pub(crate) fn jails(reader: &mut Reader<'_>, config: &Config) {
    let sections = || jail_names(config).into_iter().filter_map(|name| config.section(name));
    let entries = sections().chain([&*config.defaults]).flat_map(Section::values);
    let mut asked = BTreeSet::new();
    entries.for_each(|entry| asked_for(entry, &mut asked));
    let mut faults = Vec::new();
    for section in sections() {
        faults.extend(section.iter().filter_map(|(name, entry)| odd(name, entry, &asked, true)));
    }
    faults.extend(config.defaults.iter().filter_map(|(name, entry)| odd(name, entry, &asked, false)));
    faults.into_iter().for_each(|fault| reader.report(fault));
}

/// The names in `%(name)s` and `<name>`, those behind a section's too.
fn asked_for(entry: &Entry, asked: &mut BTreeSet<String>) {
    let value = lower_case(entry.text.as_str());
    for (open, close) in [("%(", ')'), ("<", '>')] {
        for (at, _) in value.match_indices(open) {
            let rest = &value[at + open.len()..];
            let name = rest.split(close).next().unwrap_or("");
            asked.insert(name.rsplit('/').next().unwrap_or(name).to_owned());
        }
    }
}

fn odd(name: &Rc<str>, entry: &Entry, asked: &BTreeSet<String>, anything: bool) -> Option<Fault> {
    /// Names that configurations carry as variables though nothing may ask for them.
    const VARIABLES: [&str; 10] = [
        "mode",
        "chain",
        "name",
        "destemail",
        "sender",
        "mta",
        "banaction",
        "banaction_allports",
        "action_",
        "bantime",
    ];
    let known = || options::JAIL.into_iter().chain(filter::OPTIONS).chain(VARIABLES);
    if known().any(|have| have == &**name) || asked.contains(&**name) || name.starts_with("action_") {
        return None;
    }
    let near = nearest(name, known());
    let fault = Fault::warning(Some(entry.key), format!("nothing asks for the option {name}"));
    match near {
        Some(near) => Some(fault.help(format!("did you mean {near}?"))),
        None if anything => Some(fault.help("take it out")),
        None => None,
    }
}
