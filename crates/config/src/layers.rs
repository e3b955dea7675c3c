//! Several files as one configuration: `.conf`, `.d/*.conf`, `.local`, `.d/*.local`, each with what it includes. Later
//! files win; what they replace stays known under `KNOWN/section`.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use foldhash::fast::RandomState;

use crate::diagnostic::{Diagnostic, Fault};
use crate::ini::{self, DEFAULT, Entry, Ini, Section, Sections};
use crate::interpolate::Scope;
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
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) defaults: Rc<Section>,
    sections: Sections,
    /// In the order in which they are read.
    files: Vec<(PathBuf, Rc<Ini>)>,
}

impl Config {
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.get(name).map(|section| &**section)
    }

    /// In the order of their first appearance.
    pub(crate) fn sections(&self) -> impl Iterator<Item = (&str, &Section)> {
        self.sections.iter().map(|(name, section)| (&**name, &**section))
    }

    /// What the options of a section said before later files replaced them; put together for the few who ask.
    pub(crate) fn known(&self, name: &str) -> Section {
        let (mut now, mut known) = (Section::default(), Section::default());
        let all = self.files.iter().filter_map(|(_, file)| file.sections.get(name));
        for (option, entry) in all.flat_map(|section| section.iter()) {
            if let Some(before) = now.insert(option.clone(), entry.clone()) {
                known.insert(option.clone(), before);
            }
        }
        known
    }

    /// Where a section begins: its header in the last file that has it.
    pub(crate) fn header(&self, name: &str) -> Option<Place> {
        self.files.iter().rev().find_map(|(_, file)| file.headers.get(name).copied())
    }

    /// The files that it was read from.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// `[Definition]` for `definition`: names lose their case inside `%(...)s`.
    pub(crate) fn section_in_any_case(&self, name: &str) -> Option<&Section> {
        let found = || self.sections().find(|(have, _)| have.to_lowercase() == name);
        self.section(name).or_else(|| found().map(|(_, section)| section))
    }

    /// Sets an option of `[DEFAULT]` that no file holds.
    pub(crate) fn built_in(&mut self, name: &str, value: impl Into<String>) {
        let key = Place { file: u32::MAX, offset: 0 };
        let entry = Entry { key, text: Text::plain(value) };
        Rc::make_mut(&mut self.defaults).insert(name.into(), entry);
    }

    fn read(&mut self, path: PathBuf, file: Rc<Ini>) {
        for (name, section) in &file.sections {
            match self.sections.get_mut(name) {
                _ if &**name == DEFAULT => merge(&mut self.defaults, section),
                Some(have) => merge(have, section),
                None => drop(self.sections.insert(name.clone(), section.clone())),
            }
        }
        self.files.push((path, file));
    }
}

/// Options of a later file win.
fn merge(have: &mut Rc<Section>, more: &Rc<Section>) {
    match have.is_empty() {
        true => have.clone_from(more),
        false => Rc::make_mut(have).extend(more.iter().map(|(name, entry)| (name.clone(), entry.clone()))),
    }
}

/// Reads files once, however often they are included.
pub(crate) struct Reader<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) files: Files,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What they say, and where.
    reported: HashSet<(Option<Place>, String)>,
    directories: HashMap<OsString, Rc<Vec<PathBuf>>, RandomState>,
    inis: HashMap<OsString, Option<Rc<Ini>>, RandomState>,
    configs: HashMap<String, Option<Rc<Config>>, RandomState>,
    /// By the name of an action: whether its files are those of Fail2Ban.
    pub(crate) stock: HashMap<String, bool, RandomState>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            files: Files::default(),
            diagnostics: Vec::new(),
            reported: HashSet::new(),
            directories: HashMap::default(),
            inis: HashMap::default(),
            configs: HashMap::default(),
            stock: HashMap::default(),
        }
    }

    pub(crate) fn report(&mut self, fault: Fault) {
        // The same place can be reached on many ways: once through every jail that uses a filter.
        if self.reported.insert((fault.place, fault.message.clone())) {
            self.diagnostics.push(fault.diagnostic(&self.files));
        }
    }

    /// `fail2ban` or `filter.d/sshd` with everything that adds to it; `None` when there is no such file.
    pub(crate) fn config(&mut self, name: &str) -> Option<Rc<Config>> {
        if let Some(found) = self.configs.get(name) {
            return found.clone();
        }
        let config = self.read(name).map(Rc::new);
        self.configs.insert(name.to_owned(), config.clone());
        config
    }

    /// The same, read anew.
    pub(crate) fn read(&mut self, name: &str) -> Option<Config> {
        let stem = self.tree.root().join(name);
        let file = |extension: &str| stem.with_added_extension(extension);
        let directory = file("d");
        let inside = if self.exists(&directory) { self.entries(&directory) } else { Rc::default() };
        let mut paths = Vec::new();
        for extension in ["conf", "local"] {
            paths.extend(Some(file(extension)).filter(|path| self.exists(path)));
            paths.extend(inside.iter().filter(|path| has_extension(path, extension)).cloned());
        }
        self.merged(&paths)
    }

    /// A directory is read once: its names answer whether a file is there.
    fn entries(&mut self, directory: &Path) -> Rc<Vec<PathBuf>> {
        if let Some(found) = self.directories.get(directory.as_os_str()) {
            return found.clone();
        }
        let entries = Rc::new(self.tree.entries(directory));
        self.directories.insert(directory.into(), entries.clone());
        entries
    }

    fn exists(&mut self, path: &Path) -> bool {
        let Some(directory) = path.parent() else { return false };
        let entries = self.entries(directory);
        entries.binary_search_by(|have| have.as_os_str().cmp(path.as_os_str())).is_ok()
    }

    /// This file, its `.local` and what they include.
    pub(crate) fn config_of(&mut self, path: PathBuf) -> Option<Config> {
        let mut paths = vec![path];
        self.add_locals(&mut paths);
        self.merged(&paths)
    }

    /// Exactly these files and what they include.
    fn merged(&mut self, paths: &[PathBuf]) -> Option<Config> {
        let mut config = Config::default();
        paths.iter().for_each(|path| self.expand(path, &mut Vec::new(), &mut config));
        (!config.files.is_empty()).then_some(config)
    }

    /// Behind each file comes its `.local`, if there is one.
    fn add_locals(&mut self, paths: &mut Vec<PathBuf>) {
        for at in (0..paths.len()).rev() {
            let local = paths[at].with_extension("local");
            if !paths.contains(&local) && self.exists(&local) {
                paths.insert(at + 1, local);
            }
        }
    }

    /// Reads a file and those that it includes in their order: before, itself, after.
    fn expand(&mut self, path: &Path, chain: &mut Vec<PathBuf>, config: &mut Config) {
        let Some(ini) = self.ini(path) else { return };
        if config.files.len() >= MAX_FILES {
            return;
        }
        if !ini.sections.contains_key(INCLUDES) {
            return config.read(path.to_owned(), ini);
        }
        let mut own = Config::default();
        own.read(path.to_owned(), ini.clone());
        chain.push(path.to_owned());
        for before in self.includes(&own, "before", path, chain) {
            self.expand(&before, chain, config);
        }
        config.read(path.to_owned(), ini);
        for after in self.includes(&own, "after", path, chain) {
            self.expand(&after, chain, config);
        }
        chain.pop();
    }

    /// The paths that one of the two options of `[INCLUDES]` names.
    fn includes(&mut self, own: &Config, option: &str, path: &Path, chain: &[PathBuf]) -> Vec<PathBuf> {
        let value = match Scope::new(own, INCLUDES).get(option) {
            Ok(value) => value.unwrap_or_default(),
            Err(fault) => {
                self.report(fault);
                return Vec::new();
            }
        };
        let directory = path.parent().unwrap_or(Path::new(""));
        let names = value.lines().filter(|name| !name.is_empty());
        let mut paths = names.filter_map(|name| self.include(&name, directory, chain)).collect();
        self.add_locals(&mut paths);
        paths
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
        if let Some(found) = self.inis.get(path.as_os_str()) {
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
        self.inis.insert(path.into(), ini.clone());
        ini
    }

    fn parse(&mut self, path: &Path, content: Vec<u8>) -> Ini {
        let content = content.strip_prefix(b"\xEF\xBB\xBF").map(<[u8]>::to_vec).unwrap_or(content);
        let (content, bad) = match String::from_utf8(content) {
            Ok(content) => (content, None),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(valid))
            }
        };
        let content = self.files.add(path.to_owned(), content);
        if let Some(offset) = bad {
            let place = content.place_at(offset);
            self.report(Fault::error(place, "not UTF-8").help("save the file as UTF-8"));
        }
        let ini = ini::parse(&content);
        for fault in &ini.faults {
            self.report(fault.clone());
        }
        ini
    }
}
