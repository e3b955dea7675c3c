//! What people see when something is wrong: all of it at once, each with its place.

use std::path::Path;

use config::{Loaded, Options, Tree, Which, filter, load_with};

use crate::rig::{Bare, OnlyJournal, tree};

fn load(path: &Path) -> Loaded {
    load_with(
        &Tree::Dir(path.to_owned()),
        &Options { jails: Which::Enabled, host: &Bare, assume_logs: false },
    )
}

/// Compares with a file; `UPDATE_GOLDEN=1` writes it.
fn compare(name: &str, shown: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, shown).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(shown, expected, "run with UPDATE_GOLDEN=1 and look at the difference");
}

fn rendered(loaded: &Loaded, root: &Path) -> String {
    let mut shown = String::new();
    for diagnostic in &loaded.diagnostics {
        shown.push_str(&format!("{diagnostic}\n\n").replace(&root.display().to_string(), "DIR"));
    }
    shown
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/wrong");
    let loaded = load(&root);
    compare("wrong.txt", &rendered(&loaded, &root));
    let names: Vec<_> = loaded.jails.iter().map(|jail| jail.spec.name.as_str()).collect();
    assert_eq!(names, ["later"], "what is in order runs, and nothing else");
    assert!(loaded.has_errors());
}

#[test]
fn nothing_is_wider_than_a_terminal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/wrong");
    for diagnostic in load(&root).diagnostics {
        let (line, caret) = diagnostic.excerpt(78).unwrap_or_default();
        assert!(line.chars().count() <= 78 && caret.len() <= 79, "{diagnostic}");
    }
}

#[test]
fn a_pattern_is_shown_where_it_was_written() {
    let directory = tree(&[
        ("jail.conf", "[a]\nenabled = true\nlogpath = /var/log/*\nfilter = a[mode=x]\nlogtimezone = X\n"),
        ("filter.d/common.conf", "[DEFAULT]\nsuffix = on (port\n"),
        (
            "filter.d/a.conf",
            "[INCLUDES]\nbefore = common.conf\n[Definition]\nfailregex = ^fine <HOST>\n    <re-<mode>>\nre-x = ^bad %(suffix)s <HOST>\n",
        ),
    ]);
    let loaded = load(directory.path());
    let jail = &loaded.jails[0];
    let offset = jail.filter.failregex[1].find('(').unwrap();
    let diagnostic = loaded.diagnostic(jail, "failregex", 1, offset, "bracket is not closed");
    assert_eq!((diagnostic.line, diagnostic.column), (2, 13));
    assert!(diagnostic.path.ends_with("filter.d/common.conf"));
    let zone = loaded.diagnostic(jail, "logtimezone", 0, 0, "unknown");
    assert_eq!((zone.line, zone.column), (5, 15));
    let alone = filter(&Tree::Dir(directory.path().to_owned()), "a[mode=x]", false).unwrap();
    assert_eq!(alone.diagnostic("failregex", 1, 0, "").line, 6);
}

#[test]
fn a_directory_without_jails_is_an_error() {
    let directory = tree(&[("filter.d/a.conf", "")]);
    let diagnostics = load(directory.path()).diagnostics;
    assert_eq!(diagnostics.len(), 1);
    assert!(diagnostics[0].to_string().contains("jail.conf: error: there is no such file"));
}

#[test]
fn the_journal_stands_in_for_files_that_are_not_there() {
    let directory = tree(&[
        ("jail.conf", "[a]\nenabled = auto\nlogpath = /var/log/a.log\nfilter = a\n"),
        (
            "filter.d/a.conf",
            "[Definition]\nfailregex = <re-<logtype>> <HOST>\nre-file = f\nre-journal = j\njournalmatch = A=b\n",
        ),
    ]);
    let path = Tree::Dir(directory.path().to_owned());
    let options = Options { jails: Which::Enabled, host: &OnlyJournal, assume_logs: false };
    let loaded = load_with(&path, &options);
    assert_eq!(loaded.diagnostics, []);
    assert!(
        matches!(&loaded.jails[0].source, config::Source::Journal(journal) if journal.matches == [["A=b"]])
    );
    assert_eq!(loaded.jails[0].filter.failregex, ["j <HOST>"]);
}

#[test]
fn a_jail_that_is_not_there_is_an_error() {
    let directory = tree(&[("jail.conf", "[sshd]\nfailregex = <HOST>\nlogpath = /l\n")]);
    let jails = Which::Named(vec!["sshd".into(), "ssh".into()]);
    let options = Options { jails, host: &Bare, assume_logs: true };
    let loaded = load_with(&Tree::Dir(directory.path().to_owned()), &options);
    assert_eq!(loaded.jails.len(), 1);
    assert_eq!(loaded.diagnostics[0].to_string(), "error: there is no jail ssh\n  did you mean sshd?");
}

#[test]
fn with_auto_a_jail_runs_only_where_something_may_write_what_it_reads_and_show_says_why_not() {
    let directory = tree(&[(
        "jail.conf",
        "[DEFAULT]\nenabled = auto\nfailregex = ^x <HOST>\n\
         [gone]\njournalmatch = _SYSTEMD_UNIT=absent.service\n\
         [here]\njournalmatch = _SYSTEMD_UNIT=absent.service + _SYSTEMD_UNIT=there.service\n\
         [both]\njournalmatch = _SYSTEMD_UNIT=absent.service PRIORITY=5\n\
         [meant]\nenabled = true\njournalmatch = _SYSTEMD_UNIT=absent.service\n\
         [file]\nlogpath = /nowhere.log\n",
    )]);
    let options = Options { jails: Which::Enabled, host: &OnlyJournal, assume_logs: false };
    let loaded = load_with(&Tree::Dir(directory.path().to_owned()), &options);
    assert_eq!(loaded.diagnostics, []);
    let names: Vec<_> = loaded.jails.iter().map(|jail| jail.spec.name.as_str()).collect();
    assert_eq!(names, ["here", "meant"]);
    let shown = config::show(&loaded);
    assert!(
        shown.ends_with(
            "# Switched off by \"enabled = auto\":\n\
             # [gone]: nothing here writes _SYSTEMD_UNIT=absent.service to the journal\n\
             # [both]: nothing here writes _SYSTEMD_UNIT=absent.service PRIORITY=5 to the journal\n\
             # [file]: there is no file /nowhere.log\n"
        ),
        "{shown}"
    );
}
