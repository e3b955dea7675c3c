//! What another firewall was told becomes part of `palisade.toml`, as by any command.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use config::Posture;
use firewall::import::Import;
use firewall::rules::command::Way;
use firewall::rules::list::Step;
use firewall::rules::{Policy, Rule, Stance};

use super::session::{Manner, open};
use crate::cli::{ImportRules, Place};
use crate::engine::place;
use crate::engine::posture::{folder, vocabulary_of};
use crate::exit::CommandError;

/// What became of it.
pub(crate) struct Taken {
    /// Where it is written.
    pub(crate) path: PathBuf,
    /// Rules that were not there.
    pub(crate) added: usize,
    /// Rules that were there.
    pub(crate) there: usize,
    pub(crate) in_force: bool,
}

/// The import alone, as `palisade.toml` would have it.
pub(crate) fn text_of(place: &Place, import: &Import) -> Result<String, CommandError> {
    let nothing = Posture::parse(PathBuf::new(), "", &vocabulary_of(place));
    let mut posture = nothing.map_err(|errors| place::faulty(&errors))?;
    change(&mut posture, import);
    Ok(posture.text().to_owned())
}

/// Adds the rules behind those that are there, and sets what the import says otherwise; unless it is to be applied,
/// nothing is written. `command` is what stands in the history.
pub(crate) fn take_over(
    place: &Place,
    command: &str,
    how: ImportRules,
    import: &Import,
) -> Result<Taken, CommandError> {
    let manner = Manner {
        command: command.to_owned(),
        force: how.careful.force,
        dry_run: !how.apply,
        rollback_after: how.careful.after,
    };
    let mut session = open(folder(place), &place.state, manner)?;
    let added = change(&mut session.posture, import);
    session.save()?;
    let (path, there) = (Path::to_owned(session.posture.path()), import.rules.len() - added);
    Ok(Taken { path, added, there, in_force: session.is_in_force() })
}

/// How many rules were added.
fn change(posture: &mut Posture, import: &Import) -> usize {
    let there: HashSet<&Rule> = posture.policy().rules.iter().collect();
    let missing: Vec<&Rule> = import.rules.iter().filter(|rule| !there.contains(rule)).collect();
    let behind = posture.policy().rules.len()..;
    let steps: Vec<Step> =
        behind.zip(&missing).map(|(at, rule)| Step::Insert(at, Rule::clone(rule))).collect();
    posture.change_rules(&steps);
    for (way, stance) in &import.defaults {
        if default(posture.policy(), *way) != *stance {
            posture.set_default(*way, *stance);
        }
    }
    if let Some(level) = import.logging.filter(|level| *level != posture.policy().logging) {
        posture.set_logging(level);
    }
    if let Some(what) = import.new_profiles.filter(|what| *what != posture.policy().new_profiles) {
        posture.set_new_profiles(what);
    }
    // What is off elsewhere is no reason to end what is on here.
    if import.enabled == Some(true) && !posture.policy().enabled {
        posture.set_enabled(true);
    }
    steps.len()
}

const fn default(policy: &Policy, way: Way) -> Stance {
    match way {
        Way::Incoming => policy.defaults.incoming,
        Way::Outgoing => policy.defaults.outgoing,
        Way::Routed => policy.defaults.routed,
    }
}
