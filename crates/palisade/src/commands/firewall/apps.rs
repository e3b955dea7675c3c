//! `app list|info|default|update`.

use firewall::rules::list::{self, Place};
use firewall::rules::{
    Action, Direction, Endpoint, Families, NewProfiles, Port, ProfileFile, Protocol, Rule,
};

use super::rules::tell;
use super::session::Session;
use crate::exit::{CommandError, Exit};

type Said = Result<String, CommandError>;

/// Where ufw breaks lines of text.
const WIDTH: usize = 75;

pub(super) fn list(session: &Session) -> String {
    let names = session.vocabulary.profiles.iter().map(|(name, _)| format!("\n  {name}"));
    format!("Available applications:{}\n", names.collect::<String>())
}

pub(super) fn info(session: &Session, name: &str) -> Said {
    let profiles = &session.vocabulary.profiles;
    if name == "all" {
        let all: Vec<String> = profiles.iter().map(|(name, profile)| describe(name, profile)).collect();
        return Ok(format!("{}\n", all.join("\n\n--\n\n")));
    }
    match profiles.get(name) {
        Some(profile) => Ok(describe(name, profile) + "\n"),
        None => Err(CommandError::new(Exit::Nothing, format!("Could not find profile '{name}'"))),
    }
}

fn describe(name: &str, profile: &ProfileFile) -> String {
    let ports: Vec<&str> = profile.ports.split('|').collect();
    let plural = if ports.len() == 1 && !ports[0].contains(',') { "" } else { "s" };
    format!(
        "Profile: {name}\n{}\n{}\n\nPort{plural}:\n  {}",
        wrap(&format!("Title: {}", profile.title)),
        wrap(&format!("Description: {}", profile.description)),
        ports.join("\n  "),
    )
}

/// Breaks lines at spaces.
fn wrap(text: &str) -> String {
    let mut wrapped = String::new();
    let mut width = 0;
    for (at, word) in text.split(' ').enumerate() {
        let length = word.split('\n').next().unwrap_or_default().chars().count();
        let separator = match at {
            0 => "",
            _ if width + 1 + length > WIDTH => "\n",
            _ => " ",
        };
        let line = word.rsplit('\n').next().unwrap_or_default().chars().count();
        width = if separator == " " && !word.contains('\n') { width + 1 + line } else { line };
        wrapped += separator;
        wrapped += word;
    }
    wrapped
}

pub(super) fn default(mut session: Session, what: NewProfiles) -> Said {
    session.posture.set_new_profiles(what);
    session.save()?;
    Ok(format!("Default application policy changed to '{}'\n", what.name()))
}

/// Rules name their profiles, so they have the new ports already; with `add`, a new profile gets its rule.
pub(super) fn update(mut session: Session, name: &str, add: bool) -> Said {
    let used = used(&session, name);
    let mut said: String = used.iter().map(|name| format!("Rules updated for profile '{name}'\n")).collect();
    let enabled = session.policy().enabled;
    let action = match session.policy().new_profiles {
        _ if !add => None,
        NewProfiles::Skip => None,
        NewProfiles::Allow => Some(Action::Allow),
        NewProfiles::Deny => Some(Action::Deny),
        NewProfiles::Reject => Some(Action::Reject),
    };
    if !used.is_empty() {
        said += if enabled { "Firewall reloaded\n" } else { "\n" };
    }
    if let Some(action) = action {
        let Some(profile) = session.vocabulary.profiles.find(name) else {
            let message = format!("Could not find a profile matching '{name}'");
            return Err(CommandError::new(Exit::Nothing, message));
        };
        let rule = plain(action, Port::Profile(profile));
        let mut rules = session.policy().rules.clone();
        let edit = list::add(&mut rules, &rule, Place::Last)
            .map_err(|error| CommandError::new(Exit::Nothing, error))?;
        session.change_rules(&edit);
        session.save()?;
        said += &tell(&edit, session.is_in_force());
    } else if !used.is_empty() && session.is_in_force() {
        session.reload()?;
    }
    Ok(said)
}

/// The profiles that are meant and that rules use, in the order of their names.
fn used(session: &Session, name: &str) -> Vec<String> {
    let ends = session.policy().rules.iter().flat_map(|rule| [&rule.from.port, &rule.to.port]);
    let names = ends.filter_map(|port| match port {
        Port::Profile(profile) if name == "all" || profile.name == name => Some(profile.name.clone()),
        _ => None,
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    names
}

/// A rule about what comes to a port.
fn plain(action: Action, port: Port) -> Rule {
    Rule {
        action,
        direction: Direction::In,
        families: Families::Both,
        input: None,
        output: None,
        log: None,
        protocol: Protocol::Any,
        from: Endpoint::default(),
        to: Endpoint { port, ..Endpoint::default() },
        comment: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_where_ufw_breaks_them() {
        let text =
            "Description: NFS and portmap server. Will also need access to mountd, statd and possibly others";
        assert_eq!(wrap(text), text.replace(" and possibly", "\nand possibly"));
        let long = format!("Title: {} z", "x".repeat(100));
        assert_eq!(wrap(&long), long.replace(' ', "\n"));
        assert_eq!(wrap("Title: a  b\nc"), "Title: a  b\nc");
    }
}
