//! `show` writes what `load` reads back.

use std::path::Path;

use config::{Jail, Loaded, Options, Tree, Which, filter, filter_names, load_with, show};

use crate::rig::{OnlyJournal, all, corners, debian, tree};

fn same_after_showing(path: &Path) {
    same(all(path));
}

fn same(first: Loaded) {
    assert_eq!(first.diagnostics, []);
    assert!(!first.jails.is_empty());
    let shown = show(&first);
    let again = tree(&[("jail.conf", &shown)]);
    let second = all(again.path());
    assert_eq!(second.diagnostics, []);
    let name = |jail: &Jail| jail.spec.name.clone();
    assert_eq!(
        first.jails.iter().map(name).collect::<Vec<_>>(),
        second.jails.iter().map(name).collect::<Vec<_>>()
    );
    for (one, two) in first.jails.iter().zip(&second.jails) {
        assert_eq!(one, two);
    }
    assert_eq!(first.settings, second.settings);
    let without_places =
        |text: &str| text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    assert_eq!(without_places(&show(&second)), without_places(&shown));
}

#[test]
fn what_is_shown_reads_back_the_same() {
    same_after_showing(&corners());
    if let Some(debian) = debian() {
        same_after_showing(&debian);
    }
}

#[test]
fn what_is_built_in_is_in_order_and_reads_back_the_same() {
    let options = Options { jails: Which::All, host: &OnlyJournal, assume_logs: true };
    let loaded = load_with(&Tree::Shipped, &options);
    if loaded.diagnostics.iter().any(|diagnostic| diagnostic.message == "there is no such file") {
        eprintln!("skipped: nothing is built in");
        return;
    }
    same(loaded);
    for name in filter_names(&Tree::Shipped) {
        assert!(filter(&Tree::Shipped, &name, false).is_ok(), "{name}");
        assert!(filter(&Tree::Shipped, &name, true).is_ok(), "{name}");
    }
}

#[test]
fn signs_that_look_like_comments_survive() {
    let jail = "[DEFAULT]\nno =\n[a]\nlogpath = /l\nbantime = 1.5\nmaxretry = 2\n\
        failregex = %(no)s#x %(no)s;y %(no)s\n  %(no)s  %%z <HOST>;\n\
        action = iptables[port=\"22,80:90\", blocktype=DROP]\n";
    let directory = tree(&[("jail.conf", jail)]);
    assert_eq!(all(directory.path()).jails[0].filter.failregex, ["#x ;y ", "  %z <HOST>;"]);
    same_after_showing(directory.path());
}

#[test]
fn journal_jails_survive() {
    let jail = "[a]\nbackend = systemd[journalpath=\"/j\"]\njournalmatch = A=b C='d e' + E=f\nfailregex = x <HOST>\n\
        [b]\nlogpath = /none\nsystemd_if_nologs = true\njournalmatch = A=b\nfailregex = x <HOST>\n";
    let first = tree(&[("jail.conf", jail)]);
    let options = Options { jails: Which::All, host: &OnlyJournal, assume_logs: false };
    let one = load_with(&Tree::Dir(first.path().to_owned()), &options);
    let second = tree(&[("jail.conf", &show(&one))]);
    let two = load_with(&Tree::Dir(second.path().to_owned()), &options);
    assert_eq!(one.jails.len(), 2);
    assert!(one.jails == two.jails);
}
