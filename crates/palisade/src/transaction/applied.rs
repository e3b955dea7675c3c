//! What of `palisade.toml` was put in force last.
//!
//! The file may have been edited since, and may have errors; then this is what the host goes back to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use config::Posture;
use firewall::Firewall;
use firewall::rules::Policy;
use serde::{Deserialize, Serialize};

const FILE: &str = "applied.json";

/// A text that was put in force, and what it meant then: what rules name may have changed since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Applied {
    /// The file.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) policy: Policy,
}

/// What was put in force last, and its text. Where that is not known, the kernel says whether the file is, or nothing.
pub(crate) fn in_force(state: &Path, posture: &Posture) -> (String, Policy) {
    if let Some(applied) = Applied::load(state, posture.path()) {
        return (applied.text, applied.policy);
    }
    let mut before = posture.clone();
    if before.policy().enabled && !Firewall::open().and_then(|mut kernel| kernel.has_rules()).unwrap_or(false)
    {
        before.set_enabled(false);
    }
    (before.text(), before.policy().clone())
}

impl Applied {
    pub(crate) fn of(posture: &Posture) -> Self {
        let path = fs::canonicalize(posture.path()).unwrap_or_else(|_| posture.path().to_owned());
        Self { path, text: posture.text(), policy: posture.policy().clone() }
    }

    /// What is known; `None` if nothing is, or not of this file.
    pub(crate) fn load(state: &Path, path: &Path) -> Option<Self> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let applied: Self = serde_json::from_slice(&fs::read(state.join(FILE)).ok()?).ok()?;
        Some(applied).filter(|applied| applied.path == path)
    }

    /// Remembers it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn save(&self, state: &Path) -> io::Result<()> {
        posture::write_private(&state.join(FILE), &serde_json::to_vec(self)?)
    }
}
