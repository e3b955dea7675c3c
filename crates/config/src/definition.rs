//! `[Definition]` and `[Init]` of a filter's or an action's file: its options, those it was given, and the tags between
//! them.

use std::cell::RefCell;
use std::rc::Rc;

use crate::call::Call;
use crate::diagnostic::Fault;
use crate::filter::OPTIONS;
use crate::ini::{DEFAULT, Section};
use crate::interpolate::{Scope, Vars};
use crate::layers::Config;
use crate::named::Named;
use crate::options::Values;
use crate::tags;
use crate::text::{Text, lower_case};

pub(crate) const DEFINITION: &str = "Definition";
const INIT: &str = "Init";

/// A file with the options it was given, before anything is asked of it.
pub(crate) struct Definition {
    config: Rc<Config>,
    /// What the jail gives in brackets, and what `[Init]` holds.
    init: Vars,
    /// The jail's own options.
    jail: Values,
    /// What `init` holds for one family of addresses alone: `blocktype?family=inet6` makes `<blocktype>` a tag that is
    /// known only when an address is.
    conditional: Vec<String>,
    /// Tags that get their values later, whatever the file says of them.
    later: &'static [&'static str],
    /// What the tags that were met stand for: the same few are in every line of a filter.
    met: RefCell<Named<Option<Text>>>,
}

impl Definition {
    /// `given` is what the jail gives in brackets, `jail` the options of the jail that the file may refer to.
    pub(crate) fn new(
        config: Rc<Config>,
        given: Vars,
        jail: Values,
        later: &'static [&'static str],
    ) -> Result<Self, Fault> {
        let mut init = given;
        add_init_section(&config, &mut init)?;
        let conditional = init.names().filter_map(|name| Some(name.split_once('?')?.0.to_owned())).collect();
        Ok(Self { config, init, jail, conditional, later, met: RefCell::default() })
    }

    /// An option of the file, tags replaced.
    pub(crate) fn option(&self, name: &str) -> Result<Option<Text>, Fault> {
        let raw = match self.init.get(name) {
            Some(given) => Some(given.clone()),
            None => self.scope().get(name)?,
        };
        let Some(raw) = raw else { return Ok(None) };
        let tag = &mut |tag: &Text| {
            if let Some(met) = self.met.borrow().get(tag.as_str()) {
                return Ok(met.clone());
            }
            let found = self.tag(tag.as_str())?;
            self.met.borrow_mut().push(tag.clone(), found.clone());
            Ok(found)
        };
        tags::substitute(name, &raw, tag).map(Some)
    }

    fn scope(&self) -> Scope<'_> {
        Scope::new(&self.config, DEFINITION).with_vars(&self.init, &self.jail)
    }

    /// An option as a jail sees it under `known/NAME`: only what the file itself defines.
    pub(crate) fn known(&self, name: &str) -> Result<Option<Text>, Fault> {
        let own = self.config.section(DEFINITION).is_some_and(|section| section.contains(name));
        match own || self.init.contains(name) || OPTIONS.contains(&name) {
            true => self.option(name),
            false => Ok(None),
        }
    }

    /// Whether the jail or `[Init]` gives this option.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.init.contains(name)
    }

    /// What the jail and `[Init]` give, as written.
    pub(crate) fn init(&self) -> &Vars {
        &self.init
    }

    /// The same in their order, without what stands for what they were before.
    pub(crate) fn given_options(&self) -> impl Iterator<Item = (&str, &Text)> {
        let options = self.init.iter().map(|(name, value)| (name.as_str(), value));
        options.filter(|(name, _)| !name.starts_with("known/"))
    }

    /// These options, those that are given behind the others and in the order in which they are.
    pub(crate) fn given_last<'o>(&self, options: &[&'o str]) -> Vec<&'o str> {
        let own = options.iter().filter(|option| !self.given(option));
        let given = self.given_options().filter_map(|(name, _)| options.iter().find(|have| **have == name));
        own.chain(given).copied().collect()
    }

    fn tag(&self, tag: &str) -> Result<Option<Text>, Fault> {
        if self.later.contains(&tag) || self.conditional.iter().any(|name| name == tag) {
            return Ok(None);
        }
        if let Some(given) = self.init.get(tag) {
            return Ok(Some(given.clone()));
        }
        // `<option>` is in `[Definition]`, `<section/option>` elsewhere.
        if let Some((section, option)) = section_and_option(tag) {
            let in_section = |name| Scope::new(&self.config, name);
            let name = lower_case(section);
            let known = if name == "known" { self.config.known(DEFINITION) } else { Section::default() };
            let scopes = match &*name {
                "known" if known.is_empty() => [Some(in_section(DEFINITION)), None],
                "known" => [Some(in_section(DEFINITION).with_own(&known)), Some(in_section(DEFINITION))],
                "default" => [Some(in_section(DEFAULT)), None],
                _ => [Some(in_section(section)), None],
            };
            for scope in scopes.into_iter().flatten().filter(Scope::exists) {
                if let Some(found) = scope.get(&lower_case(option))? {
                    return Ok(Some(found));
                }
            }
        }
        self.scope().get(&lower_case(tag))
    }
}

/// `[Init]` gives options that the jail did not, and is known under `known/` even where it did.
fn add_init_section(config: &Config, init: &mut Vars) -> Result<(), Fault> {
    let Some(section) = config.section(INIT) else { return Ok(()) };
    let scope = Scope::new(config, INIT);
    for (name, raw) in section.iter() {
        let value = scope.interpolate(raw)?;
        if !name.as_str().starts_with("known/") {
            init.insert(Text::plain(format!("known/{}", name.as_str())), value.clone());
        }
        init.or_insert_with(name.clone(), || value);
    }
    Ok(())
}

/// The options in a call's brackets; the last of a name counts.
pub(crate) fn given(call: &Call) -> Vars {
    call.options.iter().map(|(name, value)| (name.clone().lower_case(), value.clone())).collect()
}

/// Splits `lt_file/__prefix_line`.
fn section_and_option(tag: &str) -> Option<(&str, &str)> {
    let (section, option) = tag.split_once('/')?;
    let word = !section.is_empty() && section.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    (word && !option.is_empty() && !option.contains(char::is_whitespace)).then_some((section, option))
}
