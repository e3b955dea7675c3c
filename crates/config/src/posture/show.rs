//! The effective posture: every setting, also those that nobody wrote, in the grammar that it was read from.

use lists::Named;
use toml_edit::Value;

use super::Posture;

impl Posture {
    /// A `palisade.toml` that says the same as this one, and all that this one leaves to the defaults.
    #[must_use]
    pub fn effective(&self) -> String {
        let policy = self.policy();
        let defaults = &policy.defaults;
        let rules: String =
            policy.rules.iter().map(|rule| format!("    {},\n", quoted(&rule.to_string()))).collect();
        let (built_in, own): (Vec<&Named>, Vec<_>) =
            self.lists().lists.iter().partition(|list| list.built_in.is_some());
        let source = |list: &&Named| format!("{} = {}\n", list.name, quoted(list.source.url()));
        let table = |list: &&Named| {
            let (url, any_change) = (quoted(list.source.url()), list.any_change);
            format!("\n[lists.{}]\nurl = {url}\nany-change = {any_change}\n", list.name)
        };
        let sources: String = built_in.iter().map(source).chain(own.iter().map(table)).collect();
        format!(
            "[firewall]\nenabled = {}\nlogging = {}\nnew-profiles = {}\n\
             defaults = {{ incoming = {}, outgoing = {}, routed = {} }}\nrules = [\n{rules}]\n\n\
             [lists]\nrefresh = {}\n{sources}\n\
             [rollback]\nafter = {}\nssh = {}\n",
            policy.enabled,
            quoted(policy.logging.name()),
            quoted(policy.new_profiles.name()),
            quoted(defaults.incoming.name()),
            quoted(defaults.outgoing.name()),
            quoted(defaults.routed.name()),
            quoted(self.lists().refresh.name()),
            quoted(&format!("{}s", self.rollback().after.as_secs_f64())),
            self.rollback().ssh,
        )
    }
}

/// As a string of TOML's.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
