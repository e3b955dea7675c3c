//! `%(name)s`: the value of another option, from the same section, another one, or what the value was before.

use std::cell::Cell;

use memchr::memchr;

use crate::diagnostic::Fault;
use crate::ini::{DEFAULT, Section};
use crate::layers::Config;
use crate::named::Named;
use crate::suggest::nearest;
use crate::text::{Builder, Text, lower_case};

/// A value in a value in a value…: so many at most, as in Python.
const MAX_DEPTH: usize = 10;
/// So many references are followed for one value.
const MAX_REFERENCES: usize = 10_000;
/// A value is no longer than this.
pub(crate) const MAX_SIZE: usize = 1 << 20;

/// Options given from outside, in their order; they win over those of the files.
pub(crate) type Vars = Named<Text>;

/// Gives an option of the jail's filter, which a jail sees as `known/NAME`.
pub(crate) type Known<'a> = &'a dyn Fn(&str) -> Result<Option<Text>, Fault>;

/// Where names are looked up.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    config: &'a Config,
    section: &'a str,
    own: Option<&'a Section>,
    /// What is given to a filter or an action, and the jail's options; they win in this order.
    outside: Option<(&'a Vars, &'a Vars)>,
    known: Option<Known<'a>>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(config: &'a Config, section: &'a str) -> Self {
        Self { config, section, own: config.section(section), outside: None, known: None }
    }

    /// With other options in the section.
    pub(crate) fn with_own(self, own: &'a Section) -> Self {
        Self { own: Some(own), ..self }
    }

    pub(crate) fn with_vars(self, given: &'a Vars, jail: &'a Vars) -> Self {
        Self { outside: Some((given, jail)), ..self }
    }

    pub(crate) fn with_known(self, known: Known<'a>) -> Self {
        Self { known: Some(known), ..self }
    }

    pub(crate) fn exists(&self) -> bool {
        self.own.is_some() || self.section == DEFAULT
    }

    /// An option as written in the section itself.
    pub(crate) fn own(&self, name: &str) -> Option<&'a Text> {
        self.own.and_then(|own| own.get(name))
    }

    /// An option as written: given from outside, in the section, or in `[DEFAULT]`.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a Text> {
        let given = |(given, jail): (&'a Vars, &'a Vars)| given.get(name).or_else(|| jail.get(name));
        self.outside.and_then(given).or_else(|| self.own(name).or_else(|| self.config.defaults.get(name)))
    }

    /// An option's value.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Text>, Fault> {
        self.raw(name).map(|raw| self.interpolate(raw)).transpose()
    }

    /// `value` with the names in it replaced.
    pub(crate) fn interpolate(&self, value: &Text) -> Result<Text, Fault> {
        let walk = Walk { scope: self, references: Cell::new(0) };
        walk.value(value, 1).map_err(|fault| fault.or_at(value.place()))
    }

    fn lookup(&self, name: &str) -> Result<Option<Text>, Fault> {
        let lower = lower_case(name);
        if lower == "__name__" {
            return Ok(Some(Text::plain(self.section)));
        }
        if let Some(found) = self.raw(&lower) {
            return Ok(Some(found.clone()));
        }
        match name.split_once('/') {
            Some((section, option)) => self.elsewhere(section, &lower_case(option)),
            None => Ok(None),
        }
    }

    /// `%(section/option)s`; an option that is missing there is taken from `[DEFAULT]`.
    fn elsewhere(&self, section: &str, option: &str) -> Result<Option<Text>, Fault> {
        let known;
        let own = match &*lower_case(section) {
            "default" => None,
            "known" => match self.known.map(|known| known(option)).transpose()?.flatten() {
                Some(found) => return Ok(Some(found)),
                None => {
                    known = self.config.known(self.section);
                    Some(&known)
                }
            },
            lower => match self.config.section(section).or_else(|| self.config.section_in_any_case(lower)) {
                None => return Ok(None),
                own => own,
            },
        };
        let found = own.and_then(|own| own.get(option)).or_else(|| self.config.defaults.get(option));
        Ok(found.cloned())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let own = self.own.into_iter().flat_map(Section::names);
        let given = self.outside.into_iter().flat_map(|(given, _)| given.names());
        let jail = self.outside.into_iter().flat_map(|(_, jail)| jail.names());
        own.chain(self.config.defaults.names()).chain(jail).chain(given)
    }

    fn missing(&self, name: &str) -> Fault {
        let fault = Fault::error(None, format!("there is no option {name} here"));
        match nearest(name, self.names()) {
            Some(near) => fault.help(format!("did you mean %({near})s?")),
            None => fault.help(format!("set {name} in this section or in [DEFAULT]")),
        }
    }
}

/// One value being worked out.
struct Walk<'a> {
    scope: &'a Scope<'a>,
    references: Cell<usize>,
}

impl Walk<'_> {
    fn value(&self, value: &Text, depth: usize) -> Result<Text, Fault> {
        let string = value.as_str();
        if memchr(b'%', string.as_bytes()).is_none() {
            return Ok(value.clone());
        }
        let name = string.strip_prefix('%').and_then(reference);
        // One reference and nothing else: what it refers to need not be copied.
        if let Some(name) = name.filter(|name| name.len() + "%()s".len() == string.len()) {
            let found = self.found(name, depth).and_then(|found| self.value(&found, depth + 1));
            return found.map_err(|fault| fault.or_at(value.place()));
        }
        let mut out = Builder::for_value(value);
        self.expand(&mut out, value, depth)?;
        Ok(out.finish())
    }

    fn expand(&self, out: &mut Builder, value: &Text, depth: usize) -> Result<(), Fault> {
        let string = value.as_str();
        let mut done = 0;
        while let Some(at) = memchr(b'%', &string.as_bytes()[done..]).map(|at| done + at) {
            out.push_slice(value, done..at);
            let rest = &string[at + 1..];
            if rest.starts_with('%') {
                out.push_slice(value, at + 1..at + 2);
                done = at + 2;
                continue;
            }
            let Some(name) = reference(rest) else { return Err(bad_percent(value, at)) };
            let found = self.found(name, depth).and_then(|found| self.expand(out, &found, depth + 1));
            found.map_err(|fault| fault.or_at(value.place_at(at)))?;
            done = at + 1 + name.len() + "()s".len();
        }
        out.push_slice(value, done..string.len());
        if out.as_str().len() > MAX_SIZE {
            return Err(Fault::error(value.place(), "the value grows beyond 1 MiB"));
        }
        Ok(())
    }

    /// The text that a reference stands for.
    fn found(&self, name: &str, depth: usize) -> Result<Text, Fault> {
        self.references.set(self.references.get() + 1);
        if self.references.get() > MAX_REFERENCES {
            return Err(Fault::error(
                None,
                format!("one value refers to others more than {MAX_REFERENCES} times"),
            ));
        }
        let found = self.scope.lookup(name)?.ok_or_else(|| self.scope.missing(name))?;
        if depth == MAX_DEPTH {
            let message = format!("values refer to one another more than {MAX_DEPTH} deep");
            return Err(Fault::error(found.place(), message).help("does one of them refer to itself?"));
        }
        Ok(found)
    }
}

/// The name in `(name)s` at the start of `rest`.
fn reference(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix('(')?;
    let end = inner.bytes().position(|byte| byte == b')')?;
    (end > 0 && inner[end + 1..].starts_with('s')).then(|| &inner[..end])
}

fn bad_percent(value: &Text, at: usize) -> Fault {
    Fault::error(value.place_at(at), "% begins no reference")
        .help("write %(name)s, or %% for the sign itself")
}
