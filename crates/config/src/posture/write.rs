//! Changes of the text, each of them also one of the policy.

use firewall::rules::command::Way;
use firewall::rules::list::Step;
use firewall::rules::{Logging, NewProfiles, Policy, Stance};
use toml_edit::{Array, InlineTable, Item, Table, TableLike, Value};

use super::{Posture, array};

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
        self.text.take();
        self.document.remove("firewall");
    }

    fn firewall(&mut self) -> &mut dyn TableLike {
        self.text.take();
        let table = self.document.entry("firewall").or_insert_with(|| Item::Table(Table::new()));
        table.as_table_like_mut().expect("it was read as a table")
    }
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
