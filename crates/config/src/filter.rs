//! A filter: its file, the options it is given, and the patterns that come of them.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use detect::FilterSpec;

use crate::call::{self, Call};
use crate::combine::combine;
use crate::definition::{self, DEFINITION, Definition};
use crate::diagnostic::{Diagnostic, Fault, Severity};
use crate::layers::Config;
use crate::options::Values;
use crate::place::{Files, Place};
use crate::reader::Reader;
use crate::suggest::nearest;
use crate::text::Text;
use crate::tree::Tree;

/// The options of `[Definition]` that make a filter; a jail may set them too.
pub(crate) const OPTIONS: [&str; 7] =
    ["usedns", "prefregex", "ignoreregex", "failregex", "maxlines", "datepattern", "journalmatch"];

/// A filter with its options applied.
#[derive(Clone, Debug)]
pub struct Filter {
    /// What detection needs.
    pub spec: FilterSpec,
    /// Which journal entries to read: fields of one group must all match, groups stand beside each other.
    pub journalmatch: Vec<Vec<String>>,
    /// Where the patterns were written.
    pub origins: Origins,
    /// Whether it says how many lines a pattern may span.
    pub sets_maxlines: bool,
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

/// A filter's file with what the jail gives it. `jail` holds the options of the jail that the filter may refer to.
pub(crate) fn definition(
    config: Rc<Config>,
    call: &Call,
    jail: Values,
    journal: bool,
) -> Result<Definition, Fault> {
    let mut given = definition::given(call);
    let fixed = config.section(DEFINITION).is_some_and(|section| section.contains("logtype"));
    if !fixed && given.get("logtype").is_none_or(|logtype| logtype.as_str().is_empty()) {
        let logtype = if journal { "journal" } else { "file" };
        given.insert(Text::fixed("logtype"), Text::fixed(logtype));
    }
    Definition::new(config, given, jail, &[])
}

/// The file of a filter with everything that adds to it.
pub(crate) fn file(reader: &mut Reader<'_>, name: &Text) -> Result<Rc<Config>, Fault> {
    let path = PathBuf::from(name.as_str());
    let foreign =
        is_path(name.as_str()) && path.parent().and_then(Path::file_name) != Some("filter.d".as_ref());
    let found = match (is_path(name.as_str()), foreign) {
        (true, true) => reader.config_of(path).map(Rc::new),
        (true, false) => {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            reader.config(&format!("filter.d/{stem}"))
        }
        _ => reader.config(&["filter.d/", name.as_str()].concat()),
    };
    found.ok_or_else(|| unknown(reader.tree, name))
}

fn unknown(tree: &Tree, name: &Text) -> Fault {
    let fault = Fault::error(name.place(), format!("there is no filter {}", name.as_str()));
    let names = filter_names(tree);
    match nearest(name.as_str(), names.iter().map(String::as_str)) {
        Some(near) => fault.help(format!("did you mean {near}?")),
        None => fault.help(match tree {
            Tree::Dir(root) => format!("it would be {}/filter.d/{}.conf", root.display(), name.as_str()),
            Tree::Shipped | Tree::Memory(_) => "`palisade filter list` lists those that are built in; \
                one of your own is named by its path, as ./my-app.conf"
                .to_owned(),
        }),
    }
}

fn read_one(reader: &mut Reader<'_>, text: &Text, journal: bool) -> Result<Filter, Vec<Fault>> {
    let call = call::parse(text).map_err(|fault| vec![fault])?;
    let source =
        file(reader, &call.name).and_then(|file| definition(file, &call, Values::default(), journal));
    let source = source.map_err(|fault| vec![fault])?;
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
