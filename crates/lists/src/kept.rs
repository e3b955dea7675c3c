//! What was fetched, on disk: `STATE/lists/NAME.json`, written in one step and checked again when it is read.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::bounds::{check, check_own};
use crate::list::{List, Named, Origin};
use crate::{Change, Unbelievable, answer};

/// So many networks of a list of the host's own may always come and go.
const FEW: usize = 3;
/// More than this is nothing that was written here.
const FILE_LIMIT: u64 = 128 << 10;

/// A list, what became of the last attempt to refresh it, and the file that both are in.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// What is in force.
    pub list: List,
    /// If the last attempt failed.
    pub failure: Option<Failure>,
    /// If what was kept cannot be used.
    pub damage: Option<Damage>,
    named: Named,
    path: PathBuf,
}

/// What of the host an answer is judged by.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The addresses of this host.
    pub own: &'a [IpAddr],
    /// A person wants it, however much has changed.
    pub any_change: bool,
    /// Why networks that are believed are not taken all the same.
    pub objection: &'a dyn Fn(&[IpNet]) -> Option<String>,
}

/// Nobody is asked.
impl Default for Terms<'_> {
    fn default() -> Self {
        Self { own: &[], any_change: false, objection: &|_| None }
    }
}

/// An attempt that brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Why.
    pub why: String,
}

/// What was kept cannot be used, and what is built in stands in for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}; {instead} stands in for it", .path.display())]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub why: String,
    /// What is in force in its place.
    pub instead: &'static str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    list: Option<Kept>,
    failure: Option<Failure>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    source: String,
    at: i64,
    networks: Vec<IpNet>,
    /// Of all that stands before: a file that rotted is not read as another list.
    sha256: String,
}

impl Keeping {
    /// What is in force: what is kept in this state folder, if it can be used and is not older than what is built in.
    #[must_use]
    pub fn load(state: &Path, named: Named) -> Self {
        let path = state.join("lists").join(&named.name).with_extension("json");
        let (content, damage) = match read(&path, &named) {
            Ok(content) => (content, None),
            Err(why) => {
                let instead = if named.built_in.is_some() { "the built-in list" } else { "an empty list" };
                (None, Some(Damage { path: path.clone(), why, instead }))
            }
        };
        let (kept, failure) = content.map_or((None, None), |content| (content.list, content.failure));
        let is_new_enough = |kept: &Kept| named.built_in.is_none_or(|list| kept.at >= list.as_of);
        let list = match (kept.filter(is_new_enough), named.built_in) {
            (Some(Kept { source, at, networks, .. }), _) => {
                List { networks, origin: Origin::Fetched { source, at } }
            }
            (None, Some(list)) => List { networks: list.networks(), origin: Origin::BuiltIn },
            (None, None) => List { networks: Vec::new(), origin: Origin::Nowhere },
        };
        Self { list, failure, damage, named, path }
    }

    /// As rules name it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.named.name
    }

    /// What it is, and whom to ask for it.
    #[must_use]
    pub const fn named(&self) -> &Named {
        &self.named
    }

    /// Takes in what came of an attempt: an answer, which is judged, or why there is none. Only a list that is believed
    /// and written to disk takes the place of the one in force, and says how it differs. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// Why the list in force stays.
    pub fn take(
        &mut self,
        fetched: Result<Vec<u8>, String>,
        terms: &Terms<'_>,
        now: i64,
    ) -> Result<Change, String> {
        let believed = fetched.and_then(|answer| {
            self.judge(&answer, terms).map_err(|why| format!("the answer is not believed: {why}"))
        });
        let taken = believed.and_then(|(networks, change)| {
            let origin = Origin::Fetched { source: self.named.source.to_string(), at: now };
            let next = Self { list: List { networks, origin }, failure: None, damage: None, ..self.clone() };
            next.save().map_err(|error| format!("it cannot be kept: {}: {error}", self.path.display()))?;
            *self = next;
            Ok(change)
        });
        if let Err(why) = &taken {
            self.failure = Some(Failure { at: now, why: why.clone() });
            // It is told all the same; and if the disk is the trouble, this was it.
            let _ = self.save();
        }
        taken
    }

    fn judge(&self, answer: &[u8], terms: &Terms<'_>) -> Result<(Vec<IpNet>, Change), Unbelievable> {
        let is_own = self.named.built_in.is_none();
        let networks = if is_own { answer::read_lines(answer)? } else { answer::read(answer)? };
        let before = &self.list.networks;
        let change = Change::between(before, &networks);
        if !terms.any_change && !self.named.any_change && self.list.origin != Origin::Nowhere {
            change.check_size(before, if is_own { FEW } else { 0 })?;
        }
        if !is_own {
            change.check_own(terms.own)?;
        }
        match (terms.objection)(&networks) {
            Some(why) => Err(Unbelievable::Objection(why)),
            None => Ok((networks, change)),
        }
    }

    fn save(&self) -> io::Result<()> {
        let list = match &self.list.origin {
            Origin::BuiltIn | Origin::Nowhere => None,
            Origin::Fetched { source, at } => {
                let networks = self.list.networks.clone();
                let sha256 = digest(source, *at, &networks);
                Some(Kept { source: source.clone(), at: *at, networks, sha256 })
            }
        };
        let content = Content { list, failure: self.failure.clone() };
        let text = serde_json::to_string_pretty(&content)? + "\n";
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder)?;
        let mut new = tempfile::Builder::new().prefix(".list.").tempfile_in(folder)?;
        new.write_all(text.as_bytes())?;
        new.as_file().sync_all()?;
        new.persist(&self.path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    }
}

/// What is kept there, if anything is.
fn read(path: &Path, named: &Named) -> Result<Option<Content>, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(FILE_LIMIT + 1).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be read: {error}")),
        Ok(length) if length as u64 > FILE_LIMIT => return Err("it is longer than any list".into()),
        Ok(_) => {}
    }
    let damaged = || "it is damaged".to_owned();
    let content: Content = serde_json::from_str(&text).map_err(|_| damaged())?;
    if let Some(kept) = &content.list {
        if kept.sha256 != digest(&kept.source, kept.at, &kept.networks) {
            return Err(damaged());
        }
        let check = if named.built_in.is_some() { check } else { check_own };
        check(&kept.networks).map_err(|why| format!("it is not believed: {why}"))?;
    }
    Ok(Some(content))
}

fn digest(source: &str, at: i64, networks: &[IpNet]) -> String {
    let text = serde_json::to_vec(&(source, at, networks)).unwrap_or_default();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
