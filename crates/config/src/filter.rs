//! A filter: its file, the options it is given, and the patterns that come of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use detect::{FilterSpec, Usedns};

use crate::call::{self, Call};
use crate::diagnostic::{Diagnostic, Fault, Severity};
use crate::interpolate::{Scope, Vars};
use crate::journalmatch;
use crate::layers::{Config, Reader};
use crate::place::{Files, Place};
use crate::suggest::nearest;
use crate::tags;
use crate::text::Text;
use crate::tree::Tree;
use crate::value::integer;

/// The options of `[Definition]` that make a filter; a jail may set them too.
pub(crate) const OPTIONS: [&str; 7] =
    ["usedns", "prefregex", "ignoreregex", "failregex", "maxlines", "datepattern", "journalmatch"];

const DEFINITION: &str = "Definition";
const INIT: &str = "Init";

/// A filter with its options applied.
#[derive(Clone, Debug)]
pub struct Filter {
    /// What detection needs.
    pub spec: FilterSpec,
    /// Which journal entries to read: fields of one group must all match, groups stand beside each other.
    pub journalmatch: Vec<Vec<String>>,
    /// Where the patterns were written.
    pub origins: Origins,
}

/// Where each pattern of a filter was written, to the byte.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    pub(crate) prefregex: Option<Text>,
    pub(crate) failregex: Vec<Text>,
    pub(crate) ignoreregex: Vec<Text>,
    pub(crate) datepattern: Option<Text>,
}

impl Origins {
    /// Where the byte at `offset` of the pattern number `index` of `option` was written. `index` counts from 0 and is
    /// 0 for `prefregex` and `datepattern`.
    #[must_use]
    pub fn place(&self, option: &str, index: usize, offset: usize) -> Option<Place> {
        let text = match option {
            "prefregex" => self.prefregex.as_ref(),
            "failregex" => self.failregex.get(index),
            "ignoreregex" => self.ignoreregex.get(index),
            "datepattern" => self.datepattern.as_ref(),
            _ => None,
        }?;
        text.place_at(offset.min(text.as_str().len())).or_else(|| text.place())
    }
}

/// What [`filter`] gives.
#[derive(Clone, Debug)]
pub struct LoadedFilter {
    /// The filter itself.
    pub filter: Filter,
    /// Warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// To turn places into names.
    pub files: Files,
}

impl LoadedFilter {
    /// An error in one of the filter's patterns, as `detect` names it.
    #[must_use]
    pub fn diagnostic(&self, option: &str, index: usize, offset: usize, message: &str) -> Diagnostic {
        let place = self.filter.origins.place(option, index, offset);
        Fault::error(place, format!("{option}: {message}")).diagnostic(&self.files)
    }
}

/// Reads a filter as a jail's `filter = NAME[option=value]` names it, or by the path of its file. `journal` says that
/// lines come from the journal and carry no date.
///
/// # Errors
///
/// Everything that keeps the filter from being used.
pub fn filter(tree: &Tree, text: &str, journal: bool) -> Result<LoadedFilter, Vec<Diagnostic>> {
    let outside = path_tree(text);
    let mut reader = Reader::new(outside.as_ref().unwrap_or(tree));
    let filter = read_one(&mut reader, &Text::plain(text), journal);
    let failed = reader.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    match filter {
        Ok(filter) if !failed => {
            Ok(LoadedFilter { filter, diagnostics: reader.diagnostics, files: reader.files })
        }
        Ok(_) => Err(reader.diagnostics),
        Err(faults) => {
            faults.into_iter().for_each(|fault| reader.report(fault));
            Err(reader.diagnostics)
        }
    }
}

/// The names of all filters of a tree, sorted; files that only others include are not among them.
#[must_use]
pub fn filter_names(tree: &Tree) -> Vec<String> {
    let mut reader = Reader::new(tree);
    let mut paths = tree.list("filter.d", "conf");
    paths.extend(tree.list("filter.d", "local"));
    let mut names: Vec<String> =
        paths.iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names.dedup();
    names.retain(|name| {
        let config = reader.config(&format!("filter.d/{name}"));
        config.and_then(|config| config.section(DEFINITION)?.get("failregex").map(|_| ())).is_some()
    });
    names
}

fn read_one(reader: &mut Reader<'_>, text: &Text, journal: bool) -> Result<Filter, Vec<Fault>> {
    let call = call::parse(text).map_err(|fault| vec![fault])?;
    let source = FilterSource::read(reader, &call, Vars::new(), journal).map_err(|fault| vec![fault])?;
    let filter = combine(call.name.as_str(), &|_| None, Some(&source))?;
    match filter.spec.failregex.is_empty() {
        true => {
            Err(vec![Fault::error(text.place(), format!("filter {} has no failregex", call.name.as_str()))])
        }
        false => Ok(filter),
    }
}

/// A path to a file in some `filter.d` is read within the tree around it.
fn path_tree(text: &str) -> Option<Tree> {
    let path = Path::new(text.split('[').next()?.trim());
    let directory = path.parent().filter(|_| is_path(text))?;
    (directory.file_name()? == "filter.d")
        .then(|| Tree::Dir(directory.parent().unwrap_or(directory).to_owned()))
}

fn is_path(name: &str) -> bool {
    name.contains('/') || name.split('[').next().is_some_and(|name| name.trim_end().ends_with(".conf"))
}

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

    fn given(&self, name: &str) -> bool {
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
                "default" => [Some(Scope::new(&self.config, crate::ini::DEFAULT, &none)), None],
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

/// Gives one of the jail's own options.
pub(crate) type JailOption<'a> = &'a dyn Fn(&str) -> Option<Rc<Text>>;

/// Puts together what the jail itself and its filter say. What the jail gives the filter in brackets wins; then the
/// jail's own options; then the filter's file. Patterns in brackets and in the jail stand beside each other.
pub(crate) fn combine(
    name: &str,
    jail: JailOption<'_>,
    source: Option<&FilterSource>,
) -> Result<Filter, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut parts = BTreeMap::<&str, Vec<Rc<Text>>>::new();
    for option in OPTIONS {
        match combine_option(option, jail, source) {
            Ok(found) => drop(parts.insert(option, found)),
            Err(fault) => faults.push(fault),
        }
    }
    let part = |option: &str| parts.get(option).map_or(&[] as &[Rc<Text>], Vec::as_slice);
    let one = |option: &str| part(option).first().filter(|text| !text.as_str().is_empty()).cloned();
    let many = |option: &str| -> Vec<Text> {
        let lines = part(option).iter().flat_map(|text| text.lines());
        lines.filter(|line| !line.as_str().is_empty()).collect()
    };
    let origins = Origins {
        prefregex: one("prefregex").map(|text| (*text).clone()),
        failregex: many("failregex"),
        ignoreregex: many("ignoreregex"),
        datepattern: one("datepattern").map(|text| (*text).clone()),
    };
    let spec = FilterSpec {
        name: name.to_owned(),
        prefregex: origins.prefregex.as_ref().map(string),
        failregex: origins.failregex.iter().map(string).collect(),
        ignoreregex: origins.ignoreregex.iter().map(string).collect(),
        datepattern: origins.datepattern.as_ref().map(string),
        maxlines: one("maxlines").map_or(1, |text| keep(maxlines(&text), 1, &mut faults)),
        usedns: one("usedns").map_or(Usedns::Warn, |text| keep(usedns(&text), Usedns::No, &mut faults)),
        logtimezone: None,
        logencoding: None,
    };
    let journalmatch = keep(journalmatch::parse(&many("journalmatch")), Vec::new(), &mut faults);
    match faults.is_empty() {
        true => Ok(Filter { spec, journalmatch, origins }),
        false => Err(faults),
    }
}

fn combine_option(
    option: &str,
    jail: JailOption<'_>,
    source: Option<&FilterSource>,
) -> Result<Vec<Rc<Text>>, Fault> {
    let own = jail(option);
    let Some(source) = source else { return Ok(own.into_iter().collect()) };
    let given = source.given(option);
    Ok(match (option, own) {
        // The order in which Fail2Ban sets them makes the jail win here.
        ("datepattern", Some(own)) => vec![own],
        ("failregex" | "ignoreregex" | "journalmatch", own) if given => {
            source.option(option)?.into_iter().chain(own).collect()
        }
        (_, Some(own)) if !given => vec![own],
        _ => source.option(option)?.into_iter().collect(),
    })
}

fn string(text: &Text) -> String {
    text.as_str().to_owned()
}

/// The value, or `instead` after noting the fault.
pub(crate) fn keep<T>(value: Result<T, Fault>, instead: T, faults: &mut Vec<Fault>) -> T {
    value.unwrap_or_else(|fault| {
        faults.push(fault);
        instead
    })
}

fn maxlines(text: &Text) -> Result<usize, Fault> {
    /// A pattern over more lines than this is a mistake, and its buffer would not be bounded.
    const MOST: i64 = 1000;
    integer(text.as_str()).filter(|lines| (1..=MOST).contains(lines)).map(|lines| lines as usize).ok_or_else(
        || {
            let message = format!("maxlines cannot be {}", text.as_str());
            Fault::error(text.place(), message).help(format!("a whole number from 1 to {MOST}"))
        },
    )
}

fn usedns(text: &Text) -> Result<Usedns, Fault> {
    match text.as_str().to_lowercase().as_str() {
        "yes" => Ok(Usedns::Yes),
        "warn" => Ok(Usedns::Warn),
        "no" => Ok(Usedns::No),
        "raw" => Ok(Usedns::Raw),
        _ => {
            let message = format!("usedns cannot be {}", text.as_str());
            Err(Fault::error(text.place(), message).help("yes, warn, no or raw"))
        }
    }
}
