//! Several files as one configuration: `.conf`, `.d/*.conf`, `.local`, `.d/*.local`, each with what it includes. Later
//! files win; what they replace stays known under `KNOWN/section`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Fault};
use crate::ini::{self, DEFAULT, Entry, Ini, Section};
use crate::interpolate::{Scope, Vars};
use crate::place::{Files, Place};
use crate::text::Text;
use crate::tree::{Tree, has_extension};

/// The section that names other files to read.
pub(crate) const INCLUDES: &str = "INCLUDES";

/// A file that includes a file that includes a file…: so many at most.
const MAX_DEPTH: usize = 16;
/// So many files make one configuration at most.
const MAX_FILES: usize = 512;

/// Several files as one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) defaults: Section,
    /// In the order of their first appearance.
    pub(crate) names: Vec<Rc<str>>,
    sections: BTreeMap<Rc<str>, Section>,
    headers: BTreeMap<Rc<str>, Place>,
    /// The files that it was read from.
    pub(crate) paths: Vec<PathBuf>,
    /// What options said before a later file replaced them.
    known: BTreeMap<Rc<str>, Section>,
}

impl Config {
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.get(name)
    }

    pub(crate) fn sections(&self) -> impl Iterator<Item = (&str, &Section)> {
        self.sections.iter().map(|(name, section)| (&**name, section))
    }

    pub(crate) fn known(&self, name: &str) -> Option<&Section> {
        self.known.get(name)
    }

    /// Where a section begins: its header in the last file that has it.
    pub(crate) fn header(&self, name: &str) -> Option<Place> {
        self.headers.get(name).copied()
    }

    /// `[Definition]` for `definition`: names lose their case inside `%(...)s`.
    pub(crate) fn section_in_any_case(&self, name: &str) -> Option<&Section> {
        self.section(name).or_else(|| {
            let found = self.names.iter().find(|have| have.to_lowercase() == name)?;
            self.section(found)
        })
    }

    fn merge(&mut self, file: &Ini) {
        self.headers.extend(file.headers.iter().map(|(name, place)| (name.clone(), *place)));
        for (name, section) in &file.sections {
            if &**name == DEFAULT {
                self.defaults.extend(section.iter().map(|(key, entry)| (key.clone(), entry.clone())));
            } else {
                self.merge_section(name, section);
            }
        }
    }

    fn merge_section(&mut self, name: &Rc<str>, section: &Section) {
        let (name, condition) = match conditional(name) {
            Some((name, condition)) => (Rc::from(name), condition),
            None => (name.clone(), ""),
        };
        let first = !self.sections.contains_key(&name);
        if first {
            self.names.push(name.clone());
        }
        let have = self.sections.entry(name.clone()).or_default();
        for (key, entry) in section {
            let key = if condition.is_empty() { key.clone() } else { format!("{key}{condition}").into() };
            if let Some(before) = have.insert(key.clone(), entry.clone()) {
                self.known.entry(name.clone()).or_default().insert(key, before);
            }
        }
    }
}

/// `[Init?family=inet6]` holds options of `[Init]` that have `?family=inet6` in their names.
fn conditional(name: &str) -> Option<(&str, &str)> {
    let at = name.find('?')?;
    let word = name[..at].chars().all(|c| c.is_alphanumeric() || c == '_');
    (word && at > 0 && name.len() > at + 1).then(|| name.split_at(at))
}

/// Reads files once, however often they are included.
pub(crate) struct Reader<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) files: Files,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What they say, and where.
    reported: HashSet<(Option<Place>, String)>,
    directories: HashMap<PathBuf, Rc<Vec<PathBuf>>>,
    inis: HashMap<PathBuf, Option<Rc<Ini>>>,
    configs: HashMap<String, Option<Rc<Config>>>,
    /// By the name of an action: whether its files are those of Fail2Ban.
    pub(crate) stock: HashMap<String, bool>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            files: Files::default(),
            diagnostics: Vec::new(),
            reported: HashSet::new(),
            directories: HashMap::new(),
            inis: HashMap::new(),
            configs: HashMap::new(),
            stock: HashMap::new(),
        }
    }

    pub(crate) fn report(&mut self, fault: Fault) {
        // The same place can be reached on many ways: once through every jail that uses a filter.
        if self.reported.insert((fault.place, fault.message.clone())) {
            self.diagnostics.push(fault.diagnostic(&self.files));
        }
    }

    /// `jail` or `filter.d/sshd` with everything that adds to it; `None` when there is no such file.
    pub(crate) fn config(&mut self, name: &str) -> Option<Rc<Config>> {
        if let Some(found) = self.configs.get(name) {
            return found.clone();
        }
        let file = |extension: &str| self.tree.root().join(format!("{name}.{extension}"));
        let directory = file("d");
        let inside = if self.exists(&directory) { self.entries(&directory) } else { Rc::default() };
        let mut paths = Vec::new();
        for extension in ["conf", "local"] {
            paths.extend(Some(file(extension)).filter(|path| self.exists(path)));
            paths.extend(inside.iter().filter(|path| has_extension(path, extension)).cloned());
        }
        let config = self.config_of(paths);
        self.configs.insert(name.to_owned(), config.clone());
        config
    }

    /// A directory is read once: its names answer whether a file is there.
    fn entries(&mut self, directory: &Path) -> Rc<Vec<PathBuf>> {
        if !self.directories.contains_key(directory) {
            self.directories.insert(directory.to_owned(), Rc::new(self.tree.entries(directory)));
        }
        self.directories[directory].clone()
    }

    fn exists(&mut self, path: &Path) -> bool {
        let Some(directory) = path.parent() else { return false };
        let entries = self.entries(directory);
        entries.binary_search_by(|have| have.as_os_str().cmp(path.as_os_str())).is_ok()
    }

    /// Exactly these files and what they include.
    pub(crate) fn config_of(&mut self, paths: Vec<PathBuf>) -> Option<Rc<Config>> {
        let mut order = Vec::new();
        self.expand(&paths, &mut Vec::new(), &mut order);
        let mut config = Config::default();
        for path in &order {
            if let Some(ini) = self.ini(path) {
                config.merge(&ini);
            }
        }
        config.paths = order;
        (!config.paths.is_empty()).then(|| Rc::new(config))
    }

    /// Appends the files in the order in which they are read: before, itself, after.
    fn expand(&mut self, paths: &[PathBuf], chain: &mut Vec<PathBuf>, order: &mut Vec<PathBuf>) {
        for path in paths {
            self.expand_one(path, chain, order);
            let local = path.with_extension("local");
            if !paths.contains(&local) && self.exists(&local) {
                self.expand_one(&local, chain, order);
            }
        }
    }

    fn expand_one(&mut self, path: &Path, chain: &mut Vec<PathBuf>, order: &mut Vec<PathBuf>) {
        let Some(ini) = self.ini(path) else { return };
        if order.len() >= MAX_FILES {
            return;
        }
        chain.push(path.to_owned());
        let before = self.includes(&ini, "before", path, chain);
        self.expand(&before, chain, order);
        order.push(path.to_owned());
        let after = self.includes(&ini, "after", path, chain);
        self.expand(&after, chain, order);
        chain.pop();
    }

    /// The paths that one of the two options of `[INCLUDES]` names.
    fn includes(&mut self, ini: &Ini, option: &str, path: &Path, chain: &[PathBuf]) -> Vec<PathBuf> {
        let Some(section) = ini.section(INCLUDES) else { return Vec::new() };
        let defaults = ini.section(DEFAULT).cloned().unwrap_or_default();
        let Some(entry) = section.get(option).or_else(|| defaults.get(option)).cloned() else {
            return Vec::new();
        };
        let mut config = Config { defaults, ..Config::default() };
        config.merge_section(&INCLUDES.into(), section);
        let value = match Scope::new(&config, INCLUDES, &Vars::default()).interpolate(&entry.text) {
            Ok(value) => value,
            Err(fault) => {
                self.report(fault);
                return Vec::new();
            }
        };
        let directory = path.parent().unwrap_or(Path::new(""));
        let names: Vec<Text> = value.lines().filter(|name| !name.as_str().is_empty()).collect();
        names.into_iter().filter_map(|name| self.include(&name, directory, chain)).collect()
    }

    fn include(&mut self, name: &Text, directory: &Path, chain: &[PathBuf]) -> Option<PathBuf> {
        let path = directory.join(name.as_str());
        if chain.contains(&path) || chain.len() > MAX_DEPTH {
            let message = format!("{} includes itself", name.as_str());
            self.report(Fault::error(name.place(), message).help("take this name out"));
            return None;
        }
        // A .local file is where the owner may write something, so it may be missing.
        if !self.exists(&path) && path.extension().is_none_or(|extension| extension != "local") {
            let message = format!("there is no file {}", path.display());
            self.report(Fault::warning(name.place(), message).help("it is passed over"));
        }
        Some(path)
    }

    fn ini(&mut self, path: &Path) -> Option<Rc<Ini>> {
        if let Some(found) = self.inis.get(path) {
            return found.clone();
        }
        let ini = match self.tree.read(path) {
            Ok(content) => Some(Rc::new(self.parse(path, content))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.diagnostics.push(Diagnostic::file(path.to_owned(), format!("cannot be read: {error}")));
                None
            }
        };
        self.inis.insert(path.to_owned(), ini.clone());
        ini
    }

    fn parse(&mut self, path: &Path, content: Vec<u8>) -> Ini {
        let (content, bad) = match String::from_utf8(content) {
            Ok(content) => (content, None),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(valid))
            }
        };
        let content: Arc<str> = content.into();
        let file = self.files.add(path.to_owned(), content.clone());
        if let Some(offset) = bad {
            let before = &content[..offset];
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let line = before.matches('\n').count() as u32;
            let place = Place { file, line, column: (offset - start) as u32 };
            self.report(Fault::error(Some(place), "not UTF-8").help("save the file as UTF-8"));
        }
        let ini = ini::parse(file, &content);
        for fault in &ini.faults {
            self.report(fault.clone());
        }
        ini
    }
}

/// An option that no file holds.
pub(crate) fn built_in(config: &mut Config, name: &str, value: impl Into<String>) {
    let entry =
        Entry { key: Place { file: u32::MAX, line: 0, column: 0 }, text: Rc::new(Text::plain(value)) };
    config.defaults.insert(name.into(), entry);
}
