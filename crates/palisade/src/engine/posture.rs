//! `palisade.toml`, for the daemon and for `palisade config`.

use std::path::Path;

use config::{POSTURE_FILE, Posture, PostureError, Tree};

use super::place::INSTALLED;
use crate::commands::firewall::vocabulary;

/// In the folder of the jails, or else in the installed one. `None`: there is no such file.
pub(crate) fn load(tree: &Tree) -> Result<Option<Posture>, PostureError> {
    let folders = [tree.root(), Path::new(INSTALLED)];
    let folder = folders.into_iter().find(|folder| folder.join(POSTURE_FILE).exists());
    folder.map(|folder| Posture::load(folder, &vocabulary(folder))).transpose()
}
