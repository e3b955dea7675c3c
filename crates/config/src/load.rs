//! A whole tree: `jail.conf` and everything around it.

use crate::diagnostic::{Diagnostic, Fault, Severity};
use crate::draft::{self, Context, Outcome};
use crate::host::{Host, Remembering, ThisHost};
use crate::jail::{Idle, Jail, Unfinished};
use crate::layers::Config;
use crate::lint;
use crate::options::Asked;
use crate::place::{Files, Place};
use crate::reader::Reader;
use crate::settings::{self, Settings};
use crate::suggest::nearest;
use crate::text::Text;
use crate::tree::Tree;

/// What Fail2Ban's files see as `%(fail2ban_version)s`: the version whose grammar this is.
const FAIL2BAN_VERSION: &str = "1.0.2";

/// How to load.
#[derive(Clone)]
pub struct Options<'a> {
    /// Which jails.
    pub jails: Which,
    /// The host to ask about logs, services and files.
    pub host: &'a dyn Host,
    /// Lines come from elsewhere (`replay`): every log counts as there.
    pub assume_logs: bool,
}

/// Which jails to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that the configuration enables.
    Enabled,
    /// Every one, enabled or not.
    All,
    /// These, enabled or not.
    Named(Vec<String>),
}

static THIS_HOST: ThisHost = ThisHost::new();

impl Default for Options<'_> {
    fn default() -> Self {
        Self { jails: Which::Enabled, host: &THIS_HOST, assume_logs: false }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The jails that can run, in the order of the files.
    pub jails: Vec<Jail>,
    /// What those look for that cannot run because of an error, as far as it is known.
    pub unfinished: Vec<Unfinished>,
    /// Those that would run if they had something to read.
    pub idle: Vec<Idle>,
    /// Everything that is wrong or looks wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// Of the whole program.
    pub settings: Settings,
    /// To turn places into names.
    pub files: Files,
}

impl Loaded {
    /// Whether something is wrong, not only odd.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// An error in one of a jail's patterns, as `detect` names it: the option, the pattern's number from 0, the byte
    /// in the pattern.
    #[must_use]
    pub fn diagnostic(
        &self,
        jail: &Jail,
        option: &str,
        index: usize,
        offset: usize,
        message: &str,
    ) -> Diagnostic {
        let written = || jail.option(option).and_then(|text| text.place_at(offset));
        let place = jail.origins.place(option, index, offset).or_else(written).or(jail.place);
        self.in_pattern(place, &jail.spec.name, option, message)
    }

    /// The same for a jail that cannot run.
    #[must_use]
    pub fn diagnostic_of_unfinished(
        &self,
        jail: &Unfinished,
        option: &str,
        index: usize,
        offset: usize,
        message: &str,
    ) -> Diagnostic {
        let place = jail.origins.place(option, index, offset).or(jail.place);
        self.in_pattern(place, &jail.name, option, message)
    }

    fn in_pattern(&self, place: Option<Place>, jail: &str, option: &str, message: &str) -> Diagnostic {
        Fault::error(place, format!("jail {jail}: {option}: {message}")).diagnostic(&self.files)
    }
}

/// Loads the enabled jails of a tree for this host.
#[must_use]
pub fn load(tree: &Tree) -> Loaded {
    load_with(tree, &Options::default())
}

/// Loads a tree. It never fails as a whole: what is in order is there, and so is every diagnostic.
#[must_use]
pub fn load_with(tree: &Tree, options: &Options<'_>) -> Loaded {
    let mut reader = Reader::new(tree);
    let Some(config) = jail_config(&mut reader) else {
        let diagnostic = Diagnostic::file(tree.root().join("jail.conf"), "there is no such file");
        reader.diagnostics.push(diagnostic);
        return Loaded { diagnostics: reader.diagnostics, files: reader.files, ..Loaded::default() };
    };
    let settings = settings::read(&mut reader, &config);
    let mut loaded = Loaded { settings, ..Loaded::default() };
    jails(&mut reader, &config, options, &mut loaded);
    lint::jails(&mut reader, &config);
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by(Diagnostic::by_place);
    Loaded { diagnostics, files: reader.files, ..loaded }
}

/// Settings of the whole program alone, without a look at any jail. What is wrong with them is said when the whole tree
/// is loaded.
#[must_use]
pub fn settings(tree: &Tree) -> Settings {
    let mut reader = Reader::new(tree);
    let jails = jail_config(&mut reader).unwrap_or_default();
    settings::read(&mut reader, &jails)
}

/// The names of all jails of a tree, enabled or not.
#[must_use]
pub fn all_jail_names(tree: &Tree) -> Vec<String> {
    let config = jail_config(&mut Reader::new(tree));
    config.map_or(Vec::new(), |config| jail_names(&config).into_iter().map(str::to_owned).collect())
}

pub(crate) fn jail_config(reader: &mut Reader<'_>) -> Option<Config> {
    let mut config = reader.read("jail")?;
    config.built_in("fail2ban_version", Text::fixed(FAIL2BAN_VERSION));
    config.built_in("fail2ban_confpath", Text::plain(reader.tree.root().display().to_string()));
    Some(config)
}

fn jails(reader: &mut Reader<'_>, config: &Config, options: &Options<'_>, loaded: &mut Loaded) {
    let names = jail_names(config);
    if let Which::Named(wanted) = &options.jails {
        wanted
            .iter()
            .filter(|name| !names.contains(&name.as_str()))
            .for_each(|name| unknown(reader, &names, name));
    }
    let host = Remembering::new(options.host);
    let asked = Asked::of_jails(config);
    loaded.jails.reserve_exact(names.len());
    for name in names {
        let forced = match &options.jails {
            Which::Enabled => false,
            Which::All => true,
            Which::Named(wanted) if wanted.iter().any(|have| have == name) => true,
            Which::Named(_) => continue,
        };
        let assume_logs = options.assume_logs;
        let context = Context { config, asked: &asked, host: &host, forced, assume_logs };
        match draft::read(reader, &context, name) {
            Outcome::Jail(jail) => loaded.jails.push(*jail),
            Outcome::Broken(what) => loaded.unfinished.extend(what.map(|what| *what)),
            Outcome::Off(why) => loaded.idle.extend(why.map(|why| Idle { name: name.to_owned(), why })),
        }
    }
}

/// The sections that are jails.
pub(crate) fn jail_names(config: &Config) -> Vec<&str> {
    let names = config.sections().map(|(name, _)| name);
    names.filter(|name| *name != settings::SECTION).collect()
}

fn unknown(reader: &mut Reader<'_>, names: &[&str], name: &str) {
    let fault = Fault::error(None, format!("there is no jail {name}"));
    reader.report(match nearest(name, names.iter().copied()) {
        Some(near) => fault.help(format!("did you mean {near}?")),
        None => fault.help(format!("there are {}", names.join(", "))),
    });
}
