//! From names to configurations: `.conf`, `.d/*.conf`, `.local`, `.d/*.local`, each with what it includes.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use foldhash::fast::RandomState;

use crate::diagnostic::{Diagnostic, Fault};
use crate::ini::{self, Ini};
use crate::interpolate::Scope;
use crate::layers::{Config, File, INCLUDES, Include};
use crate::place::{Files, Place};
use crate::text::Text;
use crate::tree::{Tree, has_extension};

/// A file that includes a file that includes a file…: so many at most.
const MAX_DEPTH: usize = 16;
/// So many files make one configuration at most.
const MAX_FILES: usize = 512;

/// Reads files once, however often they are included.
pub(crate) struct Reader<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) files: Files,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What they say, and where.
    reported: HashSet<(Option<Place>, String)>,
    directories: HashMap<OsString, Rc<Vec<OsString>>, RandomState>,
    read: HashMap<OsString, Option<Rc<File>>, RandomState>,
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
            read: HashMap::default(),
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
        let (directory, stem) = (stem.parent()?, stem.file_name()?);
        let there = self.entries(directory);
        // All that add to one configuration stand together.
        let first = there.partition_point(|name| **name < *stem);
        let beside = || {
            let names = there[first..].iter().map(|name| (name, name.as_encoded_bytes()));
            names.map_while(|(name, bytes)| Some((name, bytes.strip_prefix(stem.as_encoded_bytes())?)))
        };
        let has = |end: &[u8]| beside().find(|(_, have)| *have == end).map(|(name, _)| directory.join(name));
        let drop_ins = has(b".d").map(|directory| (self.entries(&directory), directory));
        let mut paths = Vec::new();
        for (end, extension) in [(b".conf" as &[u8], "conf"), (b".local", "local")] {
            paths.extend(has(end));
            if let Some((names, directory)) = &drop_ins {
                let names = names.iter().filter(|name| has_extension(name.as_ref(), extension));
                paths.extend(names.map(|name| directory.join(name)));
            }
        }
        self.merged(&paths)
    }

    /// A directory is read once: its names answer whether a file is there.
    fn entries(&mut self, directory: &Path) -> Rc<Vec<OsString>> {
        if let Some(found) = self.directories.get(directory.as_os_str()) {
            return found.clone();
        }
        let entries = Rc::new(self.tree.entries(directory));
        self.directories.insert(directory.into(), entries.clone());
        entries
    }

    fn exists(&mut self, path: &Path) -> bool {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return false };
        self.entries(directory).binary_search_by(|have| (**have).cmp(name)).is_ok()
    }

    /// This file, its `.local` and what they include.
    pub(crate) fn config_of(&mut self, path: PathBuf) -> Option<Config> {
        let local = self.local(&path, std::slice::from_ref(&path));
        self.merged(Some(path).iter().chain(&local))
    }

    /// The `.local` of a file, if there is one that does not stand beside it anyway.
    fn local(&mut self, path: &Path, beside: &[PathBuf]) -> Option<PathBuf> {
        let local = path.with_extension("local");
        (!beside.contains(&local) && self.exists(&local)).then_some(local)
    }

    /// Exactly these files and what they include.
    fn merged<'p>(&mut self, paths: impl IntoIterator<Item = &'p PathBuf>) -> Option<Config> {
        let mut config = Config::default();
        paths.into_iter().for_each(|path| self.expand(path, &mut Vec::new(), &mut config));
        let found = config.paths().next().is_some();
        found.then_some(config)
    }

    /// Reads a file and those that it includes in their order: before, itself, after.
    fn expand(&mut self, path: &Path, chain: &mut Vec<Rc<File>>, config: &mut Config) {
        let Some(file) = self.file(path) else { return };
        if config.paths().count() >= MAX_FILES {
            return;
        }
        chain.push(file.clone());
        file.before.iter().for_each(|include| self.include(include, chain, config));
        config.push(file.clone());
        file.after.iter().for_each(|include| self.include(include, chain, config));
        chain.pop();
    }

    fn include(&mut self, include: &Include, chain: &mut Vec<Rc<File>>, config: &mut Config) {
        let Include { name, path, local } = include;
        if chain.iter().any(|file| *file.path == **path) || chain.len() > MAX_DEPTH {
            let message = format!("{} includes itself", name.as_str());
            return self.report(Fault::error(name.place(), message).help("take this name out"));
        }
        self.expand(path, chain, config);
        local.iter().for_each(|local| self.expand(local, chain, config));
    }

    fn file(&mut self, path: &Path) -> Option<Rc<File>> {
        if let Some(found) = self.read.get(path.as_os_str()) {
            return found.clone();
        }
        let file = match self.tree.read(path) {
            Ok(content) => Some(Rc::new(self.parse(path, content))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.diagnostics.push(Diagnostic::file(path.to_owned(), format!("cannot be read: {error}")));
                None
            }
        };
        self.read.insert(path.into(), file.clone());
        file
    }

    fn parse(&mut self, path: &Path, content: Vec<u8>) -> File {
        let content = content.strip_prefix(b"\xEF\xBB\xBF").map(<[u8]>::to_vec).unwrap_or(content);
        let (content, bad) = match String::from_utf8(content) {
            Ok(content) => (content, None),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(valid))
            }
        };
        let path: Rc<Path> = path.into();
        let content = self.files.add(path.clone(), content);
        if let Some(offset) = bad {
            let place = content.place_at(offset);
            self.report(Fault::error(place, "not UTF-8").help("save the file as UTF-8"));
        }
        let mut ini = ini::parse(&content);
        ini.faults.drain(..).for_each(|fault| self.report(fault));
        let [before, after] = self.included(&path, &ini);
        File { path, ini, before, after }
    }

    /// The files that `[INCLUDES]` names.
    fn included(&mut self, path: &Path, ini: &Ini) -> [Vec<Include>; 2] {
        let Some(section) = ini.sections.get(INCLUDES) else { return Default::default() };
        let mut own = Config::default();
        own.add(ini);
        let scope = Scope::new(&own, INCLUDES).with_own(section);
        ["before", "after"].map(|option| match scope.get(option) {
            Ok(value) => self.named(path, &value.unwrap_or_default()),
            Err(fault) => {
                self.report(fault);
                Vec::new()
            }
        })
    }

    /// The files whose names stand in a value, one in a line.
    fn named(&mut self, path: &Path, value: &Text) -> Vec<Include> {
        let directory = path.parent().unwrap_or(Path::new(""));
        let names = value.lines().filter(|name| !name.is_empty());
        let (names, paths): (Vec<Text>, Vec<PathBuf>) =
            names.map(|name| (name.clone(), directory.join(name.as_str()))).unzip();
        let locals: Vec<Option<PathBuf>> = paths.iter().map(|path| self.local(path, &paths)).collect();
        let all = names.into_iter().zip(paths).zip(locals);
        all.map(|((name, path), local)| self.found(Include { name, path, local })).collect()
    }

    fn found(&mut self, include: Include) -> Include {
        let Include { name, path, .. } = &include;
        // A .local file is where the owner may write something, so it may be missing.
        if path.extension().is_none_or(|extension| extension != "local") && !self.exists(path) {
            let message = format!("there is no file {}", path.display());
            self.report(Fault::warning(name.place(), message).help("it is passed over"));
        }
        include
    }
}
