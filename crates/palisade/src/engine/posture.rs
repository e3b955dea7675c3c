//! `palisade.toml`: where it is, what its words can name, and its rules in force.

use std::path::Path;

use config::{ListSettings, POSTURE_FILE, Posture, PostureError, Tree};
use firewall::rules::{Policy, Vocabulary};
use firewall::{Firewall, Lists};

use super::lists::KeptLists;
use super::place::{INSTALLED, faulty};
use crate::cli::Place;
use crate::exit::CommandError;

/// Where packages put the profiles of their applications.
const APPLICATIONS: &str = "/etc/ufw/applications.d";

/// The folder in which commands look for the file.
pub(crate) fn folder(place: &Place) -> &Path {
    place.config.as_deref().unwrap_or(Path::new(INSTALLED))
}

/// Where the file of a daemon with these jails is: in their folder, or else in the installed one, or nowhere.
pub(crate) fn beside(root: &Path) -> Option<&Path> {
    [root, Path::new(INSTALLED)].into_iter().find(|folder| folder.join(POSTURE_FILE).exists())
}

/// That of a daemon with these jails. `None`: there is no such file.
pub(crate) fn load(tree: &Tree) -> Result<Option<Posture>, PostureError> {
    beside(tree.root()).map(|folder| Posture::load(folder, &vocabulary(folder))).transpose()
}

/// Services of this host, profiles and lists. Profiles in the configuration itself stand in for those of the packages.
pub(crate) fn vocabulary(folder: &Path) -> Vocabulary {
    let own = folder.join("applications.d");
    let applications = if own.is_dir() { own } else { APPLICATIONS.into() };
    // Whoever reads the file sees what is wrong with it.
    let text = std::fs::read_to_string(folder.join(POSTURE_FILE)).unwrap_or_default();
    Vocabulary::of_host(&applications, ListSettings::of(&text).names())
}

/// What rules can name that commands change.
pub(crate) fn vocabulary_of(place: &Place) -> Vocabulary {
    vocabulary(folder(place))
}

/// What is written is in force when this returns, by one transaction, read back; a policy that is not enabled takes all
/// rules away.
pub(crate) fn put_in_force(policy: &Policy, lists: &Lists) -> Result<(), CommandError> {
    Firewall::open().and_then(|mut kernel| kernel.set_policy(policy, lists)).map(drop).map_err(Into::into)
}

/// The same with the lists that are kept in the state folder.
pub(crate) fn enforce(policy: &Policy, state: &Path, lists: &ListSettings) -> Result<(), CommandError> {
    put_in_force(policy, &KeptLists::load(state, lists).in_force())
}

impl From<PostureError> for CommandError {
    fn from(error: PostureError) -> Self {
        match error {
            PostureError::Wrong(errors) => faulty(&errors),
            PostureError::Io { path, source } => Self::io(path.display(), &source),
        }
    }
}
