//! Earlier bans, as the store has them.

use detect::Time;
use detect::jail::{History, JailId, Offence, Suspect};
use store::Store;

/// The store with the names by which it knows the jails.
pub(super) struct Stored<'a> {
    pub(super) store: &'a Store,
    pub(super) names: &'a [(JailId, String)],
}

impl History for Stored<'_> {
    fn earlier(&self, jail: Option<JailId>, suspect: Suspect) -> Option<Offence> {
        let name = match jail {
            None => None,
            Some(id) => Some(self.names.iter().find(|(known, _)| *known == id)?.1.as_str()),
        };
        // A store that cannot be read just now: the address is taken for a new one.
        let offence = self.store.offence(name, suspect.host()).ok().flatten()?;
        Some(Offence { bans: offence.bans, last: Time::from_micros(offence.last) })
    }
}
