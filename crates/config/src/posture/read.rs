//! The text to a policy, with a diagnostic for everything that has no meaning.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use firewall::rules::{Logging, NewProfiles, Policy, Rule, Stance, Vocabulary, Wrong};
use toml_edit::{Document, DocumentMut, Item, Key, TableLike, Value};

use super::{ListSettings, Rollback};
use crate::diagnostic::{Diagnostic, Fault};
use crate::place::{Files, Place};
use crate::suggest::nearest;

/// All that a file says.
#[derive(Default)]
pub(super) struct Said {
    pub(super) policy: Policy,
    pub(super) lists: ListSettings,
    pub(super) rollback: Rollback,
}

type Read = Result<(DocumentMut, Said), Vec<Diagnostic>>;

pub(super) fn read(path: &Path, text: &str, vocabulary: &Vocabulary) -> Read {
    let mut reader = Reader::new(text, vocabulary);
    let document = Document::parse(text.to_owned()).map_err(|error| {
        let fault = reader.fault(error.span(), error.message());
        vec![diagnostic(fault, path, text)]
    })?;
    let said = reader.root(document.as_table());
    match reader.faults.is_empty() {
        true => Ok((document.into_mut(), said)),
        false => Err(reader.faults.into_iter().map(|fault| diagnostic(fault, path, text)).collect()),
    }
}

fn diagnostic(fault: Fault, path: &Path, text: &str) -> Diagnostic {
    let mut files = Files::default();
    files.add(path, text);
    fault.diagnostic(&files)
}

pub(super) struct Reader<'a> {
    text: &'a str,
    vocabulary: Cow<'a, Vocabulary>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str, vocabulary: &'a Vocabulary) -> Self {
        Self { text, vocabulary: Cow::Borrowed(vocabulary), faults: Vec::new() }
    }

    fn root(&mut self, root: &dyn TableLike) -> Said {
        const KEYS: [&str; 3] = ["firewall", "lists", "rollback"];
        let mut said = Said::default();
        // Rules can name them, wherever they stand.
        if let Some(table) = root.get("lists").and_then(Item::as_table_like) {
            said.lists = self.lists(table);
        }
        let names = said.lists.names();
        if self.vocabulary.lists != names {
            self.vocabulary.to_mut().lists = names;
        }
        for (key, item) in entries(root) {
            match (key.get(), item.as_table_like()) {
                ("firewall", Some(table)) => self.firewall(table, &mut said.policy),
                ("lists", Some(_)) => {}
                ("rollback", Some(table)) => self.rollback(table, &mut said.rollback),
                (name, None) if KEYS.contains(&name) => {
                    self.note(span(item), format!("{name} is a table"), format!("write [{name}]"));
                }
                (other, _) => self.unknown(key, other, &KEYS),
            }
        }
        said
    }

    fn rollback(&mut self, table: &dyn TableLike, rollback: &mut Rollback) {
        for (key, item) in entries(table) {
            match key.get() {
                "after" => match item.as_str().map(Rollback::length) {
                    Some(Ok(length)) => rollback.after = length,
                    Some(Err(why)) => self.note(span(item), why, "write after = \"60s\""),
                    None => self.note(span(item), "after is a length of time", "write after = \"60s\""),
                },
                "ssh" => self.switch(item, "ssh", &mut rollback.ssh),
                other => self.unknown(key, other, &["after", "ssh"]),
            }
        }
    }

    pub(super) fn switch(&mut self, item: &Item, name: &str, switch: &mut bool) {
        match item.as_bool() {
            Some(on) => *switch = on,
            None => self.note(span(item), format!("{name} is true or false"), format!("write {name} = true")),
        }
    }

    fn firewall(&mut self, table: &dyn TableLike, policy: &mut Policy) {
        const KEYS: [&str; 5] = ["enabled", "logging", "new-profiles", "defaults", "rules"];
        for (key, item) in entries(table) {
            match key.get() {
                "enabled" => self.switch(item, "enabled", &mut policy.enabled),
                "logging" => {
                    let all = Logging::ALL.map(|level| (level.name(), level));
                    policy.logging = self.one_of(item, &all, policy.logging);
                }
                "new-profiles" => {
                    let all = NewProfiles::ALL.map(|what| (what.name(), what));
                    policy.new_profiles = self.one_of(item, &all, policy.new_profiles);
                }
                "defaults" => self.defaults(item, policy),
                "rules" => self.rules(item, policy),
                other => self.unknown(key, other, &KEYS),
            }
        }
    }

    fn defaults(&mut self, item: &Item, policy: &mut Policy) {
        const KEYS: [&str; 3] = ["incoming", "outgoing", "routed"];
        let Some(table) = item.as_table_like() else {
            return self.note(span(item), "defaults is a table", "write defaults = { incoming = \"deny\" }");
        };
        let all = Stance::ALL.map(|stance| (stance.name(), stance));
        for (key, item) in entries(table) {
            let defaults = &mut policy.defaults;
            let stance = match key.get() {
                "incoming" => &mut defaults.incoming,
                "outgoing" => &mut defaults.outgoing,
                "routed" => &mut defaults.routed,
                other => {
                    self.unknown(key, other, &KEYS);
                    continue;
                }
            };
            *stance = self.one_of(item, &all, *stance);
        }
    }

    fn rules(&mut self, item: &Item, policy: &mut Policy) {
        let Some(array) = item.as_array() else {
            return self.note(span(item), "rules is a list", "write rules = [\"allow 22/tcp\"]");
        };
        for value in array {
            match value.as_str() {
                Some(line) => {
                    let rule = Rule::read(line, &self.vocabulary);
                    match rule {
                        Ok(rule) => policy.rules.push(rule),
                        Err((wrong, place)) => self.bad_rule(value, line, &wrong, &place),
                    }
                }
                None => self.note(value.span(), "a rule is a string", "write \"allow 22/tcp\""),
            }
        }
    }

    fn bad_rule(&mut self, value: &Value, line: &str, wrong: &Wrong, place: &Range<usize>) {
        let span = value.span();
        let start = span.as_ref().map(|span| span.start);
        // Escapes and long strings move what stands behind them; then the caret stands at the rule.
        let as_written = |start: usize| self.text.get(start + 1..).is_some_and(|rest| rest.starts_with(line));
        let at = start.map(|start| if as_written(start) { start + 1 + place.start } else { start });
        let fault = self.fault(at.map(|at| at..at), wrong.to_string());
        self.faults.push(match (wrong, &line[place.clone()]) {
            (Wrong::Syntax, _) => {
                fault.help("a rule is written as for ufw, from `allow` or `route allow` on")
            }
            (Wrong::Profile(name), _) => match nearest(name, self.profiles()) {
                Some(near) => fault.help(format!("did you mean {near}?")),
                None => fault.help("neither a service in /etc/services nor an application profile"),
            },
            (Wrong::Source | Wrong::Destination, word) => {
                match nearest(word, self.vocabulary.lists.iter().map(String::as_str)) {
                    Some(near) => fault.help(format!("did you mean {near}?")),
                    None => fault.help("an address, a network, any, or the name of a list"),
                }
            }
            _ => fault,
        });
    }

    fn profiles(&self) -> impl Iterator<Item = &str> {
        self.vocabulary.profiles.iter().map(|(name, _)| name)
    }

    pub(super) fn one_of<T: Copy>(&mut self, item: &Item, all: &[(&str, T)], instead: T) -> T {
        let given = item.as_str().unwrap_or_default();
        if let Some((_, value)) = all.iter().find(|(name, _)| *name == given) {
            return *value;
        }
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let what = item
            .as_str()
            .map_or_else(|| "this is no word".to_owned(), |given| format!("{given:?} is none of them"));
        self.note(span(item), what, format!("one of {}", names.join(", ")));
        instead
    }

    pub(super) fn unknown(&mut self, key: &Key, name: &str, known: &[&str]) {
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.note(key.span(), format!("{name} is not known"), help);
    }

    pub(super) fn note(
        &mut self,
        span: Option<Range<usize>>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let fault = self.fault(span, message).help(help);
        self.faults.push(fault);
    }

    fn fault(&self, span: Option<Range<usize>>, message: impl Into<String>) -> Fault {
        Fault::error(Some(self.place(span.map_or(0, |span| span.start))), message)
    }

    fn place(&self, byte: usize) -> Place {
        Place { file: 0, offset: self.text.floor_char_boundary(byte) as u32 }
    }
}

fn span(item: &Item) -> Option<Range<usize>> {
    item.span()
}

/// Keys with their places, which the table's own iterator leaves out.
pub(super) fn entries(table: &dyn TableLike) -> impl Iterator<Item = (&Key, &Item)> {
    table.iter().filter_map(move |(key, _)| table.get_key_value(key))
}
