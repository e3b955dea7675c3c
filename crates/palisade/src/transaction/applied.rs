//! What of `palisade.toml` was put in force last.
//!
//! The file may have been edited since, and may have errors; then this is what the host goes back to.

use std::borrow::Cow;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use config::Posture;
use firewall::Firewall;
use firewall::rules::Policy;
use serde::{Deserialize, Serialize};

const FILE: &str = "applied.json";

/// A text that was put in force, and what it meant then: what rules name may have changed since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Applied<'a> {
    /// Of all the rest, so that the same is known without reading it. A version that reckons otherwise reads it.
    sum: u64,
    /// The file.
    pub(crate) path: PathBuf,
    pub(crate) text: Cow<'a, str>,
    pub(crate) policy: Cow<'a, Policy>,
}

/// What is read of it first.
#[derive(Deserialize)]
struct Sum {
    sum: u64,
}

/// What was put in force last, and its text. Where that is not known, the kernel says whether the file is, or nothing.
pub(crate) fn in_force(state: &Path, posture: &Posture) -> (String, Policy) {
    // Mostly it is what the file still says.
    let (known, now) = (fs::read(state.join(FILE)).unwrap_or_default(), Applied::of(posture));
    if serde_json::from_slice::<Sum>(&known).is_ok_and(|known| known.sum == now.sum) {
        return (now.text.into_owned(), now.policy.into_owned());
    }
    if let Some(applied) = Applied::read(&known, &now.path) {
        return (applied.text.into_owned(), applied.policy.into_owned());
    }
    let mut before = posture.clone();
    if before.policy().enabled && !Firewall::open().and_then(|mut kernel| kernel.has_rules()).unwrap_or(false)
    {
        before.set_enabled(false);
    }
    (before.text().to_owned(), before.policy().clone())
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

impl<'a> Applied<'a> {
    pub(crate) fn of(posture: &'a Posture) -> Self {
        let (path, text, policy) = (canonical(posture.path()), posture.text(), posture.policy());
        let mut hasher = DefaultHasher::new();
        (&path, text, policy).hash(&mut hasher);
        Self { sum: hasher.finish(), path, text: Cow::Borrowed(text), policy: Cow::Borrowed(policy) }
    }

    /// What is known; `None` if nothing is, or not of this file.
    pub(crate) fn load(state: &Path, path: &Path) -> Option<Self> {
        Self::read(&fs::read(state.join(FILE)).ok()?, &canonical(path))
    }

    fn read(known: &[u8], path: &Path) -> Option<Self> {
        let applied: Self = serde_json::from_slice(known).ok()?;
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
