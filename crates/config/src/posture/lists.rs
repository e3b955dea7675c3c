//! `[lists]`: when lists of addresses are refreshed, and from where.

use std::collections::BTreeMap;

use lists::{BUILT_IN, BuiltIn, Source};
use toml_edit::{Item, TableLike};

use super::read::{Reader, entries};

/// What is said of the lists that rules can name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSettings {
    /// When the daemon asks for them.
    pub refresh: Refresh,
    /// By the list's name: whom to ask instead of its owner.
    pub sources: BTreeMap<String, Source>,
}

/// When the daemon asks for lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// Daily, for those that rules in force name.
    #[default]
    Used,
    /// Daily, for all.
    All,
    /// Never.
    Off,
}

impl Refresh {
    const ALL: [Self; 3] = [Self::Used, Self::All, Self::Off];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::All => "all",
            Self::Off => "off",
        }
    }
}

impl ListSettings {
    /// Whom to ask for a list. That there always is somebody is tested where lists are built in.
    #[must_use]
    pub fn source(&self, list: &BuiltIn) -> Option<Source> {
        self.sources.get(list.name).cloned().or_else(|| Source::parse(list.url).ok())
    }
}

impl Reader<'_> {
    pub(super) fn lists(&mut self, table: &dyn TableLike) -> ListSettings {
        let mut settings = ListSettings::default();
        for (key, item) in entries(table) {
            match (key.get(), BuiltIn::named(key.get())) {
                ("refresh", _) => {
                    let all = Refresh::ALL.map(|when| (when.name(), when));
                    settings.refresh = self.one_of(item, &all, settings.refresh);
                }
                (_, Some(list)) => settings.sources.extend(self.source(list, item)),
                (other, None) => {
                    let names: Vec<&str> =
                        ["refresh"].into_iter().chain(BUILT_IN.iter().map(|list| list.name)).collect();
                    self.unknown(key, other, &names);
                }
            }
        }
        settings
    }

    fn source(&mut self, list: &BuiltIn, item: &Item) -> Option<(String, Source)> {
        let help = || format!("write {} = \"{}\"", list.name, list.url);
        match item.as_str().map(Source::parse) {
            // To ask its owner is what is done anyway.
            Some(Ok(source)) if source.url() == list.url => {}
            Some(Ok(source)) => return Some((list.name.to_owned(), source)),
            Some(Err(error)) => self.note(item.span(), format!("this is not asked: {error}"), help()),
            None => self.note(item.span(), "whom to ask is a string", help()),
        }
        None
    }
}
