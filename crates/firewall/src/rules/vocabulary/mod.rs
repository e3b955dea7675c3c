//! The names that a rule can use: services, application profiles, address lists.

mod profiles;
mod services;

use std::collections::BTreeSet;
use std::path::Path;

pub(super) use profiles::is_profile_name;
pub use profiles::{ProfileFile, Profiles};
pub(super) use services::Service;
pub use services::Services;

/// The names that a rule can use.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Names of ports.
    pub services: Services,
    /// Names of applications.
    pub profiles: Profiles,
    /// Names of lists of addresses.
    pub lists: BTreeSet<String>,
}

impl Vocabulary {
    /// This host's services, the profiles in `applications`, and the named lists. What cannot be read is not there.
    #[must_use]
    pub fn of_host(applications: &Path, lists: impl IntoIterator<Item = String>) -> Self {
        let services = Services::of_host();
        Self {
            profiles: Profiles::read(applications, &services),
            services,
            lists: lists.into_iter().collect(),
        }
    }
}
