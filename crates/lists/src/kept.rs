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
use crate::{Change, answer};

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
    /// and written to disk takes the place of the one in force, and says how it differs. `own` are this host's addresses,
    /// `any` is for a person who wants it whatever has changed, `now` is in seconds since 1970.
    ///
    /// # Errors
    /// Why the list in force stays.
    pub fn take(
        &mut self,
        fetched: Result<Vec<u8>, String>,
        own: &[IpAddr],
        any: bool,
        now: i64,
    ) -> Result<Change, String> {
        let believed = fetched.and_then(|answer| {
            self.judge(&answer, own, any).map_err(|why| format!("the answer is not believed: {why}"))
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

    fn judge(
        &self,
        answer: &[u8],
        own: &[IpAddr],
        any: bool,
    ) -> Result<(Vec<IpNet>, Change), crate::Unbelievable> {
        let is_own = self.named.built_in.is_none();
        let networks = if is_own { answer::read_lines(answer)? } else { answer::read(answer)? };
        let before = &self.list.networks;
        let change = Change::between(before, &networks);
        if !any && !self.named.any_change && self.list.origin != Origin::Nowhere {
            change.check_size(before, if is_own { FEW } else { 0 })?;
        }
        if !is_own {
            change.check_own(own)?;
        }
        Ok((networks, change))
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
mod tests {
    use super::*;
    use crate::{BUILT_IN, Source};

    const NOW: i64 = 1_800_000_000;

    fn load(state: &Path) -> Keeping {
        Keeping::load(state, Named { source: source(), ..Named::built_in().remove(0) })
    }

    fn source() -> Source {
        Source::parse("https://mirror.example/ips").unwrap()
    }

    /// The built-in list and one network more.
    fn answer() -> Vec<u8> {
        let (v4, v6): (Vec<IpNet>, Vec<IpNet>) =
            BUILT_IN[0].networks().into_iter().partition(|net| net.addr().is_ipv4());
        let v4 = [v4, vec!["185.7.0.0/16".parse().unwrap()]].concat();
        let result = serde_json::json!({ "ipv4_cidrs": v4, "ipv6_cidrs": v6 });
        serde_json::json!({ "success": true, "result": result }).to_string().into_bytes()
    }

    #[test]
    fn a_believed_list_is_there_again_after_a_restart() {
        let state = tempfile::tempdir().unwrap();
        let mut keeping = load(state.path());
        assert_eq!(keeping.list.origin, Origin::BuiltIn);
        let change = keeping.take(Ok(answer()), &[], false, NOW).unwrap();
        assert_eq!((change.came, change.gone), (vec!["185.7.0.0/16".parse().unwrap()], vec![]));
        let again = load(state.path());
        assert_eq!((&again.list, &again.failure, &again.damage), (&keeping.list, &None, &None));
        assert_eq!(again.list.networks.len(), 23);
        assert_eq!(again.list.origin, Origin::Fetched { source: source().to_string(), at: NOW });
        let change = keeping.take(Ok(answer()), &[], false, NOW + 1).unwrap();
        assert!(change.is_nothing());
    }

    #[test]
    fn a_failure_leaves_the_list_and_is_remembered_until_an_attempt_succeeds() {
        let state = tempfile::tempdir().unwrap();
        let mut keeping = load(state.path());
        keeping.take(Ok(answer()), &[], false, NOW).unwrap();
        let list = keeping.list.clone();
        for (fetched, why) in [
            (Err("no route to host".to_owned()), "no route to host"),
            (
                Ok(b"<html>".to_vec()),
                "the answer is not believed: it is not a list in JSON (line 1, column 1)",
            ),
        ] {
            assert_eq!(keeping.take(fetched, &[], false, NOW + 5), Err(why.to_owned()));
            let again = load(state.path());
            assert_eq!(again.list, list);
            assert_eq!(again.failure, Some(Failure { at: NOW + 5, why: why.to_owned() }));
        }
        keeping.take(Ok(answer()), &[], false, NOW + 9).unwrap();
        assert_eq!(load(state.path()).failure, None);
    }

    #[test]
    fn what_cannot_be_kept_is_not_taken() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join("lists"), "in the way").unwrap();
        let mut keeping = load(state.path());
        let why = keeping.take(Ok(answer()), &[], false, NOW).unwrap_err();
        assert!(why.starts_with("it cannot be kept: "), "{why}");
        assert_eq!(keeping.list.origin, Origin::BuiltIn);
    }

    #[test]
    fn a_list_of_the_hosts_own_begins_empty_and_changes_by_a_third_or_a_few() {
        let state = tempfile::tempdir().unwrap();
        let load =
            |any_change| Keeping::load(state.path(), Named::own("office".into(), source(), any_change));
        let answer = |numbers: std::ops::Range<u8>| {
            Ok(numbers.map(|number| format!("10.0.0.{number}\n")).collect::<String>().into_bytes())
        };
        let mut keeping = load(false);
        assert_eq!((keeping.list.networks.len(), &keeping.list.origin), (0, &Origin::Nowhere));
        // That this host is on it is no fault.
        let own = ["10.0.0.1".parse().unwrap()];
        keeping.take(answer(1..5), &own, false, NOW).unwrap();
        keeping.take(answer(4..8), &own, false, NOW).unwrap();
        let why = keeping.take(answer(100..104), &own, false, NOW).unwrap_err();
        assert!(why.ends_with("4 of 4 IPv4 networks gone and 4 new, where 3 of each are believed"), "{why}");
        assert!(keeping.take(Ok(Vec::new()), &own, false, NOW).unwrap_err().ends_with("it is empty"));
        assert_eq!(load(false).list, keeping.list);
        load(true).take(answer(100..104), &own, false, NOW).unwrap();
        assert_eq!(load(false).list.networks[0], "10.0.0.100/32".parse().unwrap());
        fs::write(state.path().join("lists/office.json"), "{").unwrap();
        let damage = load(false).damage.unwrap().to_string();
        assert!(damage.ends_with("office.json: it is damaged; an empty list stands in for it"), "{damage}");
    }

    #[test]
    fn what_is_built_in_is_newer_than_an_old_answer() {
        let state = tempfile::tempdir().unwrap();
        load(state.path()).take(Ok(answer()), &[], false, BUILT_IN[0].as_of - 1).unwrap();
        assert_eq!(load(state.path()).list.origin, Origin::BuiltIn);
    }

    #[test]
    fn whatever_byte_of_the_file_is_another_no_other_list_comes_of_it() {
        let state = tempfile::tempdir().unwrap();
        load(state.path()).take(Ok(answer()), &[], false, NOW).unwrap();
        let good = load(state.path()).list;
        let path = state.path().join("lists/cloudflare.json");
        let text = fs::read(&path).unwrap();
        for at in 0..text.len() {
            let mut bytes = text.clone();
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            let Keeping { list, damage, .. } = load(state.path());
            assert!(list == good || (list.origin == Origin::BuiltIn && damage.is_some()), "byte {at}");
            fs::write(&path, &text[..at]).unwrap();
            let Keeping { list, damage, .. } = load(state.path());
            assert!(list == good || (list.origin == Origin::BuiltIn && damage.is_some()), "cut at {at}");
        }
        fs::write(&path, vec![b' '; 1 << 20]).unwrap();
        let damage = load(state.path()).damage.unwrap().to_string();
        assert!(
            damage
                .ends_with("cloudflare.json: it is longer than any list; the built-in list stands in for it")
        );
    }
}
