//! Changes of the text, each of them also one of the policy.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use firewall::rules::command::Way;
use firewall::rules::list::Step;
use firewall::rules::{Logging, NewProfiles, Policy, Stance};
use toml_edit::{Array, InlineTable, Item, Table, TableLike, Value};

use super::{Posture, PostureError, array};

impl Posture {
    /// `enabled`.
    pub fn set_enabled(&mut self, enabled: bool) {
        self.policy.enabled = enabled;
        set(self.firewall(), "enabled", enabled);
    }

    /// `logging`.
    pub fn set_logging(&mut self, level: Logging) {
        self.policy.logging = level;
        set(self.firewall(), "logging", level.name());
    }

    /// `new-profiles`.
    pub fn set_new_profiles(&mut self, what: NewProfiles) {
        self.policy.new_profiles = what;
        set(self.firewall(), "new-profiles", what.name());
    }

    /// One of `defaults`.
    pub fn set_default(&mut self, way: Way, stance: Stance) {
        let defaults = &mut self.policy.defaults;
        *match way {
            Way::Incoming => &mut defaults.incoming,
            Way::Outgoing => &mut defaults.outgoing,
            Way::Routed => &mut defaults.routed,
        } = stance;
        let item = self.firewall().entry("defaults").or_insert(Item::Value(InlineTable::new().into()));
        if let Some(table) = item.as_table_like_mut() {
            set(table, way.name(), stance.name());
        }
    }

    /// Changes the rules.
    pub fn change_rules(&mut self, steps: &[Step]) {
        for step in steps {
            let list = rules(self.firewall());
            match step {
                Step::Insert(at, rule) => array::insert(list, *at, &rule.to_string()),
                Step::Replace(at, rule) => array::replace(list, *at, &rule.to_string()),
                Step::Remove(at) => array::remove(list, *at),
            }
            step.apply(&mut self.policy.rules);
        }
    }

    /// Everything about the firewall as it is by default.
    pub fn reset_firewall(&mut self) {
        self.policy = Policy::default();
        self.document.remove("firewall");
    }

    /// Writes the file anew, in one step: whoever reads it sees the old one or the new one.
    ///
    /// # Errors
    /// What the system says; then the old file is as it was.
    pub fn save(&self) -> Result<(), PostureError> {
        write_file(&self.path, &self.text())
            .map_err(|source| PostureError::Io { path: self.path.clone(), source })
    }

    fn firewall(&mut self) -> &mut dyn TableLike {
        let table = self.document.entry("firewall").or_insert_with(|| Item::Table(Table::new()));
        table.as_table_like_mut().expect("it was read as a table")
    }
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder)?;
    let mut new = tempfile::Builder::new().prefix(".palisade.toml.").tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    let mode = fs::metadata(path).map(|old| old.permissions());
    new.as_file().set_permissions(mode.unwrap_or_else(|_| default_mode()))?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

fn default_mode() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o644)
}

/// Sets a value and keeps what stands around it.
fn set(table: &mut dyn TableLike, key: &str, value: impl Into<Value>) {
    let mut value = value.into();
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    table.insert(key, Item::Value(value));
}

fn rules(table: &mut dyn TableLike) -> &mut Array {
    let item = table.entry("rules").or_insert(Item::Value(Value::Array(Array::new())));
    item.as_array_mut().expect("it was read as an array")
}
