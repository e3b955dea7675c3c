//! Options that nobody asks for are typing mistakes, perhaps.

use std::collections::BTreeSet;

use memchr::memchr2_iter;

use crate::diagnostic::Fault;
use crate::filter;
use crate::ini::Section;
use crate::layers::Config;
use crate::load::jail_names;
use crate::named::Named;
use crate::options;
use crate::reader::Reader;
use crate::suggest::nearest;
use crate::text::{Text, lower_case};

/// Warns of options in the sections of jails that mean nothing, and of those in `[DEFAULT]` that look like a known one.
pub(crate) fn jails(reader: &mut Reader<'_>, config: &Config) {
    let sections = || jail_names(config).into_iter().filter_map(|name| config.section(name));
    let options = sections().chain([&*config.defaults]).flat_map(Section::iter);
    let mut asked = BTreeSet::new();
    options.for_each(|(_, value)| asked_for(value, &mut asked));
    let known = known();
    let mut faults = Vec::new();
    for section in sections() {
        faults.extend(section.iter().filter_map(|(name, _)| odd(name, &known, &asked, true)));
    }
    faults.extend(config.defaults.iter().filter_map(|(name, _)| odd(name, &known, &asked, false)));
    faults.into_iter().for_each(|fault| reader.report(fault));
}

/// The names in `%(name)s` and `<name>`, those behind a section's too.
fn asked_for(value: &Text, asked: &mut BTreeSet<String>) {
    let value = value.as_str();
    for at in memchr2_iter(b'%', b'<', value.as_bytes()) {
        let rest = &value[at + 1..];
        let name = match value.as_bytes()[at] {
            b'<' => rest.split('>').next(),
            _ => rest.strip_prefix('(').and_then(|rest| rest.split(')').next()),
        };
        let option = name.and_then(|name| name.rsplit('/').next());
        asked.extend(option.map(|option| lower_case(option).into_owned()));
    }
}

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

/// The names that mean something in a jail.
fn known() -> Named<()> {
    let names = options::JAIL.into_iter().chain(filter::OPTIONS).chain(VARIABLES);
    names.map(|name| (Text::fixed(name), ())).collect()
}

fn odd(option: &Text, known: &Named<()>, asked: &BTreeSet<String>, anything: bool) -> Option<Fault> {
    let name = option.as_str();
    if known.contains(name) || asked.contains(name) || name.starts_with("action_") {
        return None;
    }
    let near = nearest(name, known.names());
    let fault = Fault::warning(option.place(), format!("nothing asks for the option {name}"));
    match near {
        Some(near) => Some(fault.help(format!("did you mean {near}?"))),
        None if anything => Some(fault.help("take it out")),
        None => None,
    }
}
