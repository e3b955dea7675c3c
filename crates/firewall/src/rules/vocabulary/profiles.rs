//! `/etc/ufw/applications.d`.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::parse::ports;
use super::super::{Entry, Profile, Protocol};
use super::{Service, Services};

/// The application profiles of a folder, by name.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    files: BTreeMap<String, ProfileFile>,
    /// What is wrong in that folder, in ufw's words.
    pub warnings: Vec<String>,
}

/// One section of a file in that folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileFile {
    /// One line.
    pub title: String,
    /// A few.
    pub description: String,
    /// As it is written: `12/udp|34|56,78:90/tcp`.
    pub ports: String,
    entries: Vec<Entry>,
}

/// A longer name is none.
const NAME: usize = 64;

impl Profiles {
    /// Reads every file of a folder. A file or section without meaning becomes a warning.
    #[must_use]
    pub fn read(folder: &Path, services: &Services) -> Self {
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let files = paths.iter().filter(|path| path.is_file()).map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // What is no text is no profile either, and is told as such.
            (name, std::fs::read_to_string(path).unwrap_or_else(|_| "?".to_owned()))
        });
        Self::parse(files.filter(|(name, _)| !name.starts_with('.')), services)
    }

    /// Reads the texts of files, each with its name.
    #[must_use]
    pub fn parse<N: std::fmt::Display, T: AsRef<str>>(
        files: impl IntoIterator<Item = (N, T)>,
        services: &Services,
    ) -> Self {
        let mut profiles = Self::default();
        for (name, text) in files {
            match sections(text.as_ref()) {
                Some(sections) => sections.into_iter().for_each(|section| profiles.add(section, services)),
                None => profiles.warnings.push(format!("Skipping '{name}': couldn't process")),
            }
        }
        profiles
    }

    fn add(&mut self, (name, options): Section, services: &Services) {
        match check_name(&name, services).and_then(|()| check(&name, options, services)) {
            Err(warning) => self.warnings.push(warning),
            Ok(profile) => {
                if self.files.contains_key(&name) {
                    self.warnings.push(format!("Duplicate profile '{name}', using last found"));
                }
                self.files.insert(name, profile);
            }
        }
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ProfileFile)> {
        self.files.iter().map(|(name, file)| (name.as_str(), file))
    }

    /// The one of exactly that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ProfileFile> {
        self.files.get(name)
    }

    /// The one that a rule means by `name`: exactly, or else the only one with these letters in either case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Profile> {
        let exact = self.files.get_key_value(name);
        let found = exact.or_else(|| {
            let mut alike = self.files.iter().filter(|(have, _)| have.to_lowercase() == name.to_lowercase());
            alike.next().filter(|_| alike.next().is_none())
        });
        found.map(|(name, file)| Profile { name: name.clone(), entries: file.entries.clone() })
    }
}

type Section = (String, BTreeMap<String, String>);

/// The sections of a file of `key=value` lines, where an indented line continues the value before it; `None` if it is
/// no such file, or has a section twice.
fn sections(text: &str) -> Option<Vec<Section>> {
    let mut sections: Vec<Section> = Vec::new();
    let mut key = None;
    for line in text.lines() {
        let (indented, line) = (line.starts_with([' ', '\t']), line.trim());
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let (true, Some(key), Some((_, options))) = (indented, &key, sections.last_mut()) {
            *options.entry(String::clone(key)).or_default() += &format!("\n{line}");
        } else if let Some((name, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            if sections.iter().any(|(have, _)| have == name) {
                return None;
            }
            sections.push((name.to_owned(), BTreeMap::new()));
            key = None;
        } else {
            let (name, value) = line.split_once(['=', ':'])?;
            let name = name.trim().to_lowercase();
            if sections.last_mut()?.1.insert(name.clone(), value.trim().to_owned()).is_some() {
                return None;
            }
            key = Some(name);
        }
    }
    Some(sections)
}

/// Whether a profile can have this name.
pub(in crate::rules) fn is_profile_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '+');
    let starts = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let number = name.chars().all(|c| c.is_ascii_digit());
    starts && !number && name != "all" && name.chars().all(fits)
}

fn check_name(name: &str, services: &Services) -> Result<(), String> {
    let why = match () {
        () if name.len() > NAME => "name too long",
        () if !is_profile_name(name) => "invalid name",
        () if services.get(name).is_some() => "also in /etc/services",
        () => return Ok(()),
    };
    Err(format!("Skipping '{name}': {why}"))
}

fn check(
    name: &str,
    mut options: BTreeMap<String, String>,
    services: &Services,
) -> Result<ProfileFile, String> {
    let mut take = |key: &str| match options.remove(key) {
        None => Err(format!("\"Profile '{name}' missing required field '{key}'\"")),
        Some(value) if value.is_empty() => {
            Err(format!("\"Profile '{name}' has empty required field '{key}'\""))
        }
        Some(value) => Ok(value),
    };
    let (title, description, ports) = (take("title")?, take("description")?, take("ports")?);
    match ports.split('|').map(|part| entry(part, services)).collect() {
        Some(entries) => Ok(ProfileFile { title, description, ports, entries }),
        None => Err(format!("\"Invalid ports in profile '{name}'\"")),
    }
}

/// One part of `ports`: a protocol is needed where there are several.
fn entry(text: &str, services: &Services) -> Option<Entry> {
    let (list, protocol) = match text.split_once('/') {
        None => (text, Protocol::Any),
        Some((list, "tcp")) => (list, Protocol::Tcp),
        Some((list, "udp")) => (list, Protocol::Udp),
        Some(_) => return None,
    };
    if let Some(Service::Ports(tcp, udp)) = services.get(list) {
        let port = if protocol == Protocol::Udp { udp.or(tcp) } else { tcp.or(udp) };
        return port.map(|port| Entry { protocol, ports: vec![port..=port] });
    }
    let ports = ports::numeric(list)?;
    let several = ports.len() > 1 || ports.iter().any(|range| range.start() != range.end());
    (protocol != Protocol::Any || !several).then_some(Entry { protocol, ports })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Profiles {
        let services = Services::parse("domain 53/tcp\ndomain 53/udp\ntftp 69/udp\n");
        Profiles::parse(files.iter().copied(), &services)
    }

    fn profile(name: &str, ports: &str) -> String {
        format!("[{name}]\ntitle=t\ndescription=d\n e\nports={ports}\n")
    }

    #[test]
    fn a_profile_has_an_entry_for_each_part_of_its_ports() {
        let profiles = read(&[("a", &profile("Multi", "12/udp|domain|56,78:90/tcp"))]);
        let ports = |list: &[(u16, u16)]| list.iter().map(|(from, to)| *from..=*to).collect();
        let wanted = [
            Entry { protocol: Protocol::Udp, ports: ports(&[(12, 12)]) },
            Entry { protocol: Protocol::Any, ports: ports(&[(53, 53)]) },
            Entry { protocol: Protocol::Tcp, ports: ports(&[(56, 56), (78, 90)]) },
        ];
        let found = profiles.find("mULTI").unwrap();
        assert_eq!((found.name.as_str(), found.entries.as_slice()), ("Multi", wanted.as_slice()));
        assert_eq!(profiles.get("Multi").unwrap().description, "d\ne");
        assert!(profiles.get("mULTI").is_none());
    }

    #[test]
    fn what_has_no_meaning_is_a_warning_in_the_words_of_ufw() {
        let bad = [
            profile("domain", "5"),
            profile("a;b", "5"),
            profile("Bad", "5/gre"),
            profile("Several", "5,6"),
            profile("Service", "tftp/tcp,5"),
            "[NoTitle]\n[Empty]\ntitle=\n".to_owned(),
        ];
        let profiles = read(&[("bad", &bad.concat()), ("junk", "junk\n")]);
        let wanted = [
            "Skipping 'domain': also in /etc/services",
            "Skipping 'a;b': invalid name",
            "\"Invalid ports in profile 'Bad'\"",
            "\"Invalid ports in profile 'Several'\"",
            "\"Invalid ports in profile 'Service'\"",
            "\"Profile 'NoTitle' missing required field 'title'\"",
            "\"Profile 'Empty' has empty required field 'title'\"",
            "Skipping 'junk': couldn't process",
        ];
        assert_eq!(profiles.warnings, wanted);
        assert_eq!(profiles.iter().count(), 0);
    }

    #[test]
    fn of_two_that_differ_in_case_only_none_is_meant_by_a_third_spelling() {
        let profiles = read(&[("a", &(profile("Abc", "1") + &profile("aBC", "2")))]);
        assert_eq!(profiles.find("aBC").unwrap().name, "aBC");
        assert!(profiles.find("abc").is_none());
    }
}
