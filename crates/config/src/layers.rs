//! Several files as one configuration. Later files win; what they replace stays known under `KNOWN/section`.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::ini::{DEFAULT, Ini, Section, Sections};
use crate::place::Place;
use crate::text::Text;

/// The section that names other files to read.
pub(crate) const INCLUDES: &str = "INCLUDES";

/// One file, and where to find those that it includes.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: Rc<Path>,
    pub(crate) ini: Ini,
    pub(crate) before: Vec<Include>,
    pub(crate) after: Vec<Include>,
}

/// A file that another one names to be read with it.
#[derive(Debug)]
pub(crate) struct Include {
    pub(crate) name: Text,
    pub(crate) path: PathBuf,
    /// Its `.local`, if there is one.
    pub(crate) local: Option<PathBuf>,
}

/// Several files as one.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) defaults: Rc<Section>,
    sections: Sections,
    /// In the order in which they are read.
    files: Vec<Rc<File>>,
}

impl Config {
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.get(name).map(|section| &**section)
    }

    /// In the order of their first appearance.
    pub(crate) fn sections(&self) -> impl Iterator<Item = (&str, &Section)> {
        self.sections.iter().map(|(name, section)| (name.as_str(), &**section))
    }

    /// What the options of a section said before later files replaced them; put together for the few who ask.
    pub(crate) fn known(&self, name: &str) -> Section {
        let (mut now, mut known) = (Section::default(), Section::default());
        let all = self.files.iter().filter_map(|file| file.ini.sections.get(name));
        for (option, text) in all.flat_map(|section| section.iter()) {
            known.extend(now.insert(option.clone(), text.clone()));
        }
        known
    }

    /// Where a section begins: its header in the last file that has it.
    pub(crate) fn header(&self, name: &str) -> Option<Place> {
        self.files.iter().rev().find_map(|file| file.ini.headers.get(name).copied())
    }

    /// The files that it was read from.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| &*file.path)
    }

    /// `[Definition]` for `definition`: names lose their case inside `%(...)s`.
    pub(crate) fn section_in_any_case(&self, name: &str) -> Option<&Section> {
        let found = || self.sections().find(|(have, _)| have.to_lowercase() == name);
        self.section(name).or_else(|| found().map(|(_, section)| section))
    }

    /// Sets an option of `[DEFAULT]` that no file holds.
    pub(crate) fn built_in(&mut self, name: &'static str, value: Text) {
        Rc::make_mut(&mut self.defaults).insert(Text::fixed(name), value);
    }

    /// Puts a file behind those that are there.
    pub(crate) fn push(&mut self, file: Rc<File>) {
        self.add(&file.ini);
        self.files.push(file);
    }

    /// Takes in what a file says.
    pub(crate) fn add(&mut self, ini: &Ini) {
        for (name, section) in ini.sections.iter() {
            match self.sections.find(name.as_str()) {
                // It is done with when the files are found.
                _ if name.is(INCLUDES) => {}
                _ if name.is(DEFAULT) => merge(&mut self.defaults, section),
                Some(have) => merge(self.sections.at_mut(have), section),
                None => drop(self.sections.push(name.clone(), section.clone())),
            }
        }
    }
}

/// Options of a later file win.
fn merge(have: &mut Rc<Section>, more: &Rc<Section>) {
    match have.is_empty() {
        true => have.clone_from(more),
        false => Rc::make_mut(have).extend(more.iter().map(|(name, text)| (name.clone(), text.clone()))),
    }
}
