//! The shipped `jail.conf` on hosts of several kinds.
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::Duration;

use config::{Host, Loaded, Options, Ports, Source, ThisHost, Tree, Which, load_with};

/// A host with these logs.
struct With {
    logs: &'static [&'static str],
    journal: bool,
}

impl Host for With {
    fn has_log(&self, glob: &str) -> bool {
        let matcher = globset::Glob::new(glob).unwrap().compile_matcher();
        self.logs.iter().any(|log| matcher.is_match(log))
    }

    fn has_journal(&self, _: Option<&Path>) -> bool {
        self.journal
    }

    fn may_write(&self, field: &str) -> bool {
        self.journal && ["_SYSTEMD_UNIT=postfix@-.service", "_SYSTEMD_UNIT=ssh.service"].contains(&field)
    }

    fn service(&self, name: &str) -> Option<u16> {
        ThisHost::new().service(name)
    }

    fn read(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn load(host: &With, jails: Which, assume_logs: bool) -> Loaded {
    let loaded = load_with(&Tree::Shipped, &Options { jails, host, assume_logs });
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    loaded
}

fn names(loaded: &Loaded) -> BTreeSet<&str> {
    loaded.jails.iter().map(|jail| jail.spec.name.as_str()).collect()
}

const NOTHING: With = With { logs: &[], journal: false };

#[test]
fn every_jail_loads_and_bans() {
    let loaded = load(&NOTHING, Which::All, true);
    for jail in &loaded.jails {
        let name = &jail.spec.name;
        assert!(jail.bans, "{name}");
        assert_eq!(jail.ports == Ports::All, name == "recidive", "{name}");
        assert_eq!(jail.spec.ipv6prefix, 64, "{name}");
        assert!(jail.spec.bantime.increment, "{name}");
        assert_eq!(jail.spec.bantime.maxtime, Some(Duration::from_secs(5 * 7 * 24 * 60 * 60)), "{name}");
    }
}

#[test]
fn every_filter_but_the_included_ones_has_a_jail() {
    let loaded = load(&NOTHING, Which::All, true);
    let used: BTreeSet<&str> = loaded.jails.iter().map(|jail| jail.filter.name.as_str()).collect();
    let shipped = config::filter_names(&Tree::Shipped);
    assert_eq!(used, shipped.iter().map(String::as_str).collect());
}

#[test]
fn a_jail_runs_where_its_log_is() {
    let debian = With {
        logs: &["/var/log/auth.log", "/var/log/nginx/access.log", "/var/log/nginx/error.log"],
        journal: false,
    };
    let loaded = load(&debian, Which::Enabled, false);
    let wanted = ["apache-badbots", "nginx-botsearch", "nginx-http-auth", "sshd", "wordpress"];
    assert_eq!(names(&loaded), BTreeSet::from(wanted));

    let fedora = With { logs: &["/var/log/secure", "/var/log/httpd/error_log"], journal: false };
    let wanted = ["apache-auth", "apache-overflows", "sshd"];
    assert_eq!(names(&load(&fedora, Which::Enabled, false)), BTreeSet::from(wanted));
}

#[test]
fn a_host_without_sshd_is_no_error() {
    let loaded = load(&NOTHING, Which::Enabled, false);
    assert!(loaded.jails.is_empty() && loaded.idle.iter().any(|idle| idle.name == "sshd"));
}

#[test]
fn sshd_is_read_from_the_journal_where_there_are_no_files() {
    let host = With { logs: &[], journal: true };
    let loaded = load(&host, Which::Enabled, false);
    let sshd = loaded.jails.iter().find(|jail| jail.spec.name == "sshd").unwrap();
    let Source::Journal(journal) = &sshd.source else { panic!("{:?}", sshd.source) };
    assert!(journal.matches.contains(&vec!["_COMM=sshd-session".to_owned()]), "{journal:?}");
    assert_eq!(
        names(&loaded),
        BTreeSet::from(["postfix", "sshd"]),
        "no jail for a service that is not there"
    );
}
