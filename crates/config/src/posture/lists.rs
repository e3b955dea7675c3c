//! `[lists]`: which lists of addresses there are beside those that are built in, when they are refreshed, and from where.

use std::collections::BTreeSet;

use firewall::rules::Vocabulary;
use lists::{BUILT_IN, Named, Source};
use toml_edit::{Document, Item, Key, TableLike};

use super::read::{Reader, entries};

/// What is said of the lists that rules can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSettings {
    /// When the daemon asks for them.
    pub refresh: Refresh,
    /// All of them, the built-in ones first.
    pub lists: Vec<Named>,
}

impl Default for ListSettings {
    fn default() -> Self {
        Self { refresh: Refresh::default(), lists: Named::built_in() }
    }
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
    /// What a `palisade.toml` says of lists, whatever is wrong in it.
    #[must_use]
    pub fn of(text: &str) -> Self {
        // Most say nothing.
        let document = text.contains("lists").then(|| Document::parse(text.to_owned()).ok()).flatten();
        let table = document.as_ref().and_then(|document| document.get("lists")?.as_table_like());
        table.map(|table| Reader::new(text, &Vocabulary::default()).lists(table)).unwrap_or_default()
    }

    /// As rules name them.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.lists.iter().map(|list| list.name.clone()).collect()
    }

    /// The list of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Named> {
        self.lists.iter().find(|list| list.name == name)
    }
}

impl Reader<'_> {
    pub(super) fn lists(&mut self, table: &dyn TableLike) -> ListSettings {
        let mut settings = ListSettings::default();
        for (key, item) in entries(table) {
            let built_in = settings.lists.iter().position(|list| list.name == key.get());
            match (key.get(), built_in, item.as_table_like()) {
                ("refresh", ..) => {
                    let all = Refresh::ALL.map(|when| (when.name(), when));
                    settings.refresh = self.one_of(item, &all, settings.refresh);
                }
                (name, Some(at), _) => {
                    let example = format!("write {name} = \"{}\"", settings.lists[at].source);
                    if let Some(source) = self.source(item, example) {
                        settings.lists[at].source = source;
                    }
                }
                (name, None, Some(list)) if Named::is_name(name) => {
                    settings.lists.extend(self.own_list(key, list));
                }
                (_, None, Some(_)) => self.note(
                    key.span(),
                    "a list is named with lower-case letters, digits and -, a letter first, 32 at the most",
                    "write [lists.office]",
                ),
                (other, None, None) => {
                    let names: Vec<&str> =
                        ["refresh"].into_iter().chain(BUILT_IN.iter().map(|list| list.name)).collect();
                    self.unknown(key, other, &names);
                }
            }
        }
        settings
    }

    fn own_list(&mut self, key: &Key, table: &dyn TableLike) -> Option<Named> {
        let (mut source, mut any_change) = (None, false);
        for (key, item) in entries(table) {
            match key.get() {
                "url" => source = Some(self.source(item, EXAMPLE.to_owned())),
                "any-change" => self.switch(item, "any-change", &mut any_change),
                other => self.unknown(key, other, &["url", "any-change"]),
            }
        }
        if source.is_none() {
            self.note(key.span(), format!("nobody is known who could be asked for {}", key.get()), EXAMPLE);
        }
        Some(Named::own(key.get().to_owned(), source??, any_change))
    }

    fn source(&mut self, item: &Item, example: String) -> Option<Source> {
        match item.as_str().map(Source::parse) {
            Some(Ok(source)) => return Some(source),
            Some(Err(error)) => self.note(item.span(), format!("this is not asked: {error}"), example),
            None => self.note(item.span(), "whom to ask is a string", example),
        }
        None
    }
}

const EXAMPLE: &str = "write url = \"https://example.org/office.txt\"";
