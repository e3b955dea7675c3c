//! What the configuration asks of the host it is read on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use globset::GlobBuilder;

/// Answers about the host, so that reading a configuration can be tested away from it.
pub trait Host: Sync {
    /// Whether a file matches this path with `*`, `?` and `[...]` in it.
    fn has_log(&self, glob: &str) -> bool;
    /// Whether there is a systemd journal; `path` is another directory to look for one.
    fn has_journal(&self, path: Option<&Path>) -> bool;
    /// Whether what writes such entries, as `_SYSTEMD_UNIT=nginx.service`, may be on the host. What cannot be told is
    /// yes.
    fn may_write(&self, field: &str) -> bool;
    /// The port of a service by its name, as in `/etc/services`.
    fn service(&self, name: &str) -> Option<u16>;
    /// A file that `ignoreip = file:PATH` names.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn read(&self, path: &Path) -> std::io::Result<String>;
}

/// The host that the program runs on.
#[derive(Debug, Default)]
pub struct ThisHost {
    /// `/etc/services`
    services: OnceLock<String>,
}

impl ThisHost {
    /// Reads nothing before it is asked.
    #[must_use]
    pub const fn new() -> Self {
        Self { services: OnceLock::new() }
    }
}

impl Host for ThisHost {
    fn has_log(&self, glob: &str) -> bool {
        let (start, parts) = parts(glob);
        any_file(&start, &parts, &mut |path| path.is_file())
    }

    fn has_journal(&self, path: Option<&Path>) -> bool {
        match path {
            Some(path) => path.exists(),
            None => ["/run/log/journal", "/var/log/journal"].iter().any(|path| Path::new(path).is_dir()),
        }
    }

    fn may_write(&self, field: &str) -> bool {
        let there =
            |folders: &[&str], name: &str| folders.iter().any(|folder| Path::new(folder).join(name).exists());
        match field.split_once('=') {
            Some(("_SYSTEMD_UNIT", unit)) => {
                let template = unit.split_once('@').map(|(name, _)| format!("{name}@.service"));
                let script = unit.strip_suffix(".service").unwrap_or(unit);
                [Some(unit), template.as_deref()].into_iter().flatten().any(|name| there(&UNITS, name))
                    || there(&["/etc/init.d"], script)
            }
            // The kernel cuts longer names.
            Some(("_COMM", program)) if program.len() < 15 => there(&PROGRAMS, program),
            Some(("_EXE", path)) => Path::new(path).exists(),
            _ => true,
        }
    }

    fn service(&self, name: &str) -> Option<u16> {
        let services = self.services.get_or_init(|| fs::read_to_string("/etc/services").unwrap_or_default());
        port(services, name).or_else(|| well_known(name))
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        fs::read_to_string(path)
    }
}

/// A host whose logs and services are looked for once: many jails read and close the same ones.
pub(crate) struct Remembering<'h> {
    host: &'h dyn Host,
    logs: Mutex<BTreeMap<String, bool>>,
    services: Mutex<BTreeMap<String, Option<u16>>>,
}

impl<'h> Remembering<'h> {
    pub(crate) const fn new(host: &'h dyn Host) -> Self {
        Self { host, logs: Mutex::new(BTreeMap::new()), services: Mutex::new(BTreeMap::new()) }
    }
}

fn remembered<T: Copy>(known: &Mutex<BTreeMap<String, T>>, name: &str, ask: impl FnOnce(&str) -> T) -> T {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(name) {
        return *found;
    }
    let found = ask(name);
    known.insert(name.to_owned(), found);
    found
}

impl Host for Remembering<'_> {
    fn has_log(&self, glob: &str) -> bool {
        remembered(&self.logs, glob, |glob| self.host.has_log(glob))
    }

    fn has_journal(&self, path: Option<&Path>) -> bool {
        self.host.has_journal(path)
    }

    fn may_write(&self, field: &str) -> bool {
        self.host.may_write(field)
    }

    fn service(&self, name: &str) -> Option<u16> {
        remembered(&self.services, name, |name| self.host.service(name))
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        self.host.read(path)
    }
}

/// Where systemd looks for units.
const UNITS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/transient",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
];
const PROGRAMS: [&str; 4] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"];

/// Where a path begins, and its parts.
fn parts(path: &str) -> (PathBuf, Vec<&str>) {
    let start = if path.starts_with('/') { "/" } else { "." };
    (start.into(), path.split('/').filter(|part| !part.is_empty()).collect())
}

/// Whether text is a pattern and no plain path.
pub(crate) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// What there is that matches a path with `*`, `?` and `[...]` in it.
pub(crate) fn files(glob: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (start, parts) = parts(glob);
    any_file(&start, &parts, &mut |path| {
        found.extend(path.exists().then(|| path.display().to_string()));
        false
    });
    found.sort_unstable();
    found
}

/// Whether one of the paths that match is what is looked for; with that one the search ends.
fn any_file(directory: &Path, parts: &[&str], wanted: &mut dyn FnMut(&Path) -> bool) -> bool {
    let Some((part, rest)) = parts.split_first() else { return wanted(directory) };
    if !is_glob(part) {
        return any_file(&directory.join(part), rest, wanted);
    }
    // A pattern is dearer than a look at a directory that is not there.
    let Ok(entries) = fs::read_dir(directory) else { return false };
    let Ok(glob) = GlobBuilder::new(part).literal_separator(true).build() else { return false };
    let matcher = glob.compile_matcher();
    let hidden = part.starts_with('.');
    entries
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| hidden || !name.as_encoded_bytes().starts_with(b"."))
        .filter(|name| matcher.is_match(name))
        .any(|name| any_file(&directory.join(name), rest, wanted))
}

/// The first port of a name or alias in what `/etc/services` holds.
fn port(services: &str, wanted: &str) -> Option<u16> {
    let line = |at: usize| {
        let start = services[..at].rfind('\n').map_or(0, |end| end + 1);
        let line = services[start..].lines().next()?;
        let mut words = line.split('#').next()?.split_whitespace();
        let (name, port) = (words.next()?, words.next()?);
        let named = name == wanted || words.any(|alias| alias == wanted);
        port.split('/').next()?.parse().ok().filter(|_| named)
    };
    memchr::memmem::find_iter(services.as_bytes(), wanted).find_map(line)
}

/// For hosts without `/etc/services`: what the jails of Fail2Ban's and our `jail.conf` name.
pub(crate) fn well_known(name: &str) -> Option<u16> {
    const PORTS: [(&str, u16); 31] = [
        ("ftp-data", 20),
        ("ftp", 21),
        ("ssh", 22),
        ("telnet", 23),
        ("smtp", 25),
        ("domain", 53),
        ("http", 80),
        ("pop3", 110),
        ("ntp", 123),
        ("imap", 143),
        ("imap2", 143),
        ("snmp", 161),
        ("ldap", 389),
        ("https", 443),
        ("ssmtp", 465),
        ("smtps", 465),
        ("submissions", 465),
        ("urd", 465),
        ("submission", 587),
        ("ldaps", 636),
        ("domain-s", 853),
        ("ftps-data", 989),
        ("ftps", 990),
        ("imaps", 993),
        ("pop3s", 995),
        ("socks", 1080),
        ("mysql", 3306),
        ("sieve", 4190),
        ("sip", 5060),
        ("sip-tls", 5061),
        ("postgresql", 5432),
    ];
    PORTS.iter().find(|(have, _)| *have == name).map(|(_, port)| *port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_found_by_patterns_in_directories_and_names() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("site-a/logs")).unwrap();
        fs::write(root.join("site-a/logs/error.log"), "").unwrap();
        let has = |glob: &str| ThisHost::default().has_log(&format!("{}/{glob}", root.display()));
        assert!(has("site-*/logs/*error.log"));
        assert!(has("site-[ab]/logs/error.log"));
        assert!(!has("site-*/error.log"));
        assert!(!has("site-a/logs"));
    }

    #[test]
    fn what_is_not_installed_writes_nothing_to_the_journal() {
        let host = ThisHost::default();
        assert!(host.may_write("_COMM=sh") && !host.may_write("_COMM=no-such-thing"));
        assert!(host.may_write("_EXE=/bin/sh") && !host.may_write("_EXE=/nowhere/sh"));
        assert!(!host.may_write("_SYSTEMD_UNIT=no-such-thing@x.service"));
        assert!(host.may_write("SYSLOG_IDENTIFIER=anything"), "whoever writes may call itself so");
    }

    #[test]
    fn services_are_read_with_their_aliases() {
        let services = "# x\nssh 22/tcp # SSH\nsmtp\t25/tcp mail\n\nimap2 143/tcp imap\nimap 1/tcp\n";
        let ports = ["ssh", "mail", "imap", "x", "SSH", "143", "map"].map(|name| port(services, name));
        assert_eq!(ports, [Some(22), Some(25), Some(143), None, None, None, None]);
    }
}
