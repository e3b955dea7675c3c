//! A filter's file: its options, those it was given, and the tags between them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::call::Call;
use crate::diagnostic::Fault;
use crate::filter::{OPTIONS, filter_names, is_path};
use crate::ini::DEFAULT;
use crate::interpolate::{Scope, Vars};
use crate::layers::{Config, Reader};
use crate::suggest::nearest;
use crate::tags;
use crate::text::Text;
use crate::tree::Tree;

const DEFINITION: &str = "Definition";
const INIT: &str = "Init";

/// A filter's file with the options it was given, before anything is asked of it.
pub(crate) struct FilterSource {
    config: Rc<Config>,
    /// What the jail gives in brackets, and what `[Init]` holds.
    init: Vars,
    /// Those and the jail's own options.
    vars: Vars,
    cache: RefCell<HashMap<String, Option<Rc<Text>>>>,
}

impl FilterSource {
    /// `jail` holds the options of the jail that the filter may refer to.
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        call: &Call,
        jail: Vars,
        journal: bool,
    ) -> Result<Self, Fault> {
        let config = Self::file(reader, &call.name)?;
        let mut init: Vars = call
            .options
            .iter()
            .map(|(name, value)| (name.as_str().to_lowercase(), Rc::new(value.clone())))
            .collect();
        let fixed = config.section(DEFINITION).is_some_and(|section| section.contains_key("logtype"));
        if !fixed && init.get("logtype").is_none_or(|logtype| logtype.as_str().is_empty()) {
            let logtype = if journal { "journal" } else { "file" };
            init.insert("logtype".to_owned(), Rc::new(Text::plain(logtype)));
        }
        add_init_section(&config, &mut init)?;
        let mut vars = jail;
        vars.extend(init.iter().map(|(name, value)| (name.clone(), value.clone())));
        Ok(Self { config, init, vars, cache: RefCell::default() })
    }

    fn file(reader: &mut Reader<'_>, name: &Text) -> Result<Rc<Config>, Fault> {
        let path = PathBuf::from(name.as_str());
        let foreign =
            is_path(name.as_str()) && path.parent().and_then(Path::file_name) != Some("filter.d".as_ref());
        let found = match (is_path(name.as_str()), foreign) {
            (true, true) => reader.config_of(vec![path]),
            (true, false) => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                reader.config(&format!("filter.d/{stem}"))
            }
            _ => reader.config(&format!("filter.d/{}", name.as_str())),
        };
        found.ok_or_else(|| unknown(reader.tree, name))
    }

    /// An option of the filter, tags replaced.
    pub(crate) fn option(&self, name: &str) -> Result<Option<Rc<Text>>, Fault> {
        let raw = match self.init.get(name) {
            Some(given) => Some(given.clone()),
            None => Scope::new(&self.config, DEFINITION, &self.vars).get(name)?,
        };
        let Some(raw) = raw else { return Ok(None) };
        if !raw.as_str().contains('<') {
            return Ok(Some(raw));
        }
        tags::substitute(name, &raw, &mut |tag| self.tag(tag)).map(Rc::new).map(Some)
    }

    /// An option as a jail sees it under `known/NAME`: only what the file itself defines.
    pub(crate) fn known(&self, name: &str) -> Result<Option<Rc<Text>>, Fault> {
        let own = self.config.section(DEFINITION).is_some_and(|section| section.contains_key(name));
        match own || self.init.contains_key(name) || OPTIONS.contains(&name) {
            true => self.option(name),
            false => Ok(None),
        }
    }

    /// Whether the jail or `[Init]` gives this option.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.init.contains_key(name)
    }

    fn tag(&self, tag: &str) -> Result<Option<Rc<Text>>, Fault> {
        // `blocktype?family=inet6` makes `<blocktype>` one that is known only when an address is.
        let conditional = format!("{tag}?");
        let mut later = self.init.range(conditional.clone()..);
        if later.next().is_some_and(|(name, _)| name.starts_with(&conditional)) {
            return Ok(None);
        }
        if let Some(given) = self.init.get(tag) {
            return Ok(Some(given.clone()));
        }
        if let Some(found) = self.cache.borrow().get(tag) {
            return Ok(found.clone());
        }
        let found = self.definition(tag)?;
        self.cache.borrow_mut().insert(tag.to_owned(), found.clone());
        Ok(found)
    }

    /// `<option>` from `[Definition]`, `<section/option>` from elsewhere.
    fn definition(&self, tag: &str) -> Result<Option<Rc<Text>>, Fault> {
        let none = Vars::new();
        if let Some((section, option)) = section_and_option(tag) {
            let scopes = match section.to_lowercase().as_str() {
                "known" => [
                    Some(Scope::before(&self.config, DEFINITION, &none)),
                    Some(Scope::new(&self.config, DEFINITION, &none)),
                ],
                "default" => [Some(Scope::new(&self.config, DEFAULT, &none)), None],
                _ => [Some(Scope::new(&self.config, section, &none)), None],
            };
            for scope in scopes.into_iter().flatten().filter(Scope::exists) {
                if let Some(found) = scope.get(&option.to_lowercase())? {
                    return Ok(Some(found));
                }
            }
        }
        Scope::new(&self.config, DEFINITION, &self.vars).get(&tag.to_lowercase())
    }
}

/// `[Init]` gives options that the jail did not, and is known under `known/` even where it did.
fn add_init_section(config: &Config, init: &mut Vars) -> Result<(), Fault> {
    let Some(section) = config.section(INIT) else { return Ok(()) };
    let none = Vars::new();
    let scope = Scope::new(config, INIT, &none);
    for name in section.keys() {
        let Some(value) = scope.get(name)? else { continue };
        if !name.starts_with("known/") {
            init.insert(format!("known/{name}"), value.clone());
        }
        init.entry((**name).to_owned()).or_insert(value);
    }
    Ok(())
}

/// Splits `lt_file/__prefix_line`.
fn section_and_option(tag: &str) -> Option<(&str, &str)> {
    let (section, option) = tag.split_once('/')?;
    let word = !section.is_empty() && section.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    (word && !option.is_empty() && !option.contains(char::is_whitespace)).then_some((section, option))
}

fn unknown(tree: &Tree, name: &Text) -> Fault {
    let fault = Fault::error(name.place(), format!("there is no filter {}", name.as_str()));
    let names = filter_names(tree);
    match nearest(name.as_str(), names.iter().map(String::as_str)) {
        Some(near) => fault.help(format!("did you mean {near}?")),
        None => fault.help(format!("write it to {}/filter.d/{}.conf", tree.root().display(), name.as_str())),
    }
}
