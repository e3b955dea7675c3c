//! Whatever bytes stand in the files, reading them ends, and without a panic.

use config::{Options, Tree, Which, filter, load_with};
use proptest::prelude::*;

use crate::rig::{Bare, all, tree};

/// Pieces that mean something, in no order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[DEFAULT]\n"),
        Just("[a]\n"),
        Just("[Definition]\n"),
        Just("[Init]\n"),
        Just("[a?x=y]\n"),
        Just("[INCLUDES]\n"),
        Just("before = jail.conf\n"),
        Just("filter = a[x=<y>, z='%(x)s']\n"),
        Just("failregex = "),
        Just("<HOST>"),
        Just("  "),
        Just("x = %(y)s%(known/x)s<x>\n"),
        Just("y = %(x)s%(default/x)s%(a/x)s\n"),
        Just("z = <x><z-<x>>\n"),
        Just("%"),
        Just("action = b[c=d]"),
        Just("actionban = <x> <b?family=inet6> <ip> <br> <actionunban> <bl> "),
        Just("actionunban = <actionban>\n"),
        Just("[Init?family=inet6]\nbl = <x>\n"),
        Just("actionstart_on_demand = 1\ntimeout = 1 x\n"),
        Just("\n"),
        Just("["),
        Just("]"),
        Just("="),
        Just(";"),
        Just("\t"),
        Just("\r"),
        Just("é\u{2003}"),
        Just("logpath = /var/log/x\n"),
        Just("bantime = 1h"),
        Just("ignoreip = 1.2.3.4/"),
        Just("\""),
        Just("port = 1:"),
        Just("journalmatch = A=b + "),
        Just("maxlines = -1\n"),
        Just("enabled = true\n"),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn read(jail: &[u8], definition: &[u8]) {
    let files = [("jail.conf", jail), ("filter.d/a.conf", definition), ("action.d/b.conf", definition)];
    let tree = Tree::Memory(files.map(|(name, content)| (name.to_owned(), content.to_vec())).to_vec());
    let loaded = load_with(&tree, &Options { jails: Which::All, host: &Bare, assume_logs: true });
    loaded.diagnostics.iter().for_each(|diagnostic| drop(diagnostic.to_string()));
    let _ = config::show(&loaded);
    let _ = filter(&tree, "a[x=y]", true);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(jail in prop::collection::vec(any::<u8>(), 0..300)) {
        read(&jail, &jail);
    }

    #[test]
    fn any_order_of_meaningful_pieces_is_read_without_a_panic(jail in pieces(), definition in pieces()) {
        read(jail.as_bytes(), definition.as_bytes());
    }

    #[test]
    fn any_filter_specification_is_read_without_a_panic(text in "[ -~é\n]{0,40}") {
        let definition = b"[Definition]\nfailregex = <HOST>\n";
        let _ = filter(&Tree::Memory(vec![("filter.d/a.conf".into(), definition.to_vec())]), &text, false);
    }
}

#[test]
fn values_that_double_at_every_step_are_refused() {
    let doubling: String = (0..40).map(|step| format!("v{step} = %(v{0})s%(v{0})s\n", step + 1)).collect();
    let tags: String = (0..40).map(|step| format!("t{step} = x<t{0}>y<t{0}>\n", step + 1)).collect();
    let jail =
        format!("[DEFAULT]\n{doubling}v40 = x\n[a]\nlogpath = /l\nfilter = a\nignorecommand = %(v0)s\n");
    let definition = format!("[Definition]\n{tags}t40 = z\nfailregex = <t0> <HOST>\n");
    let directory = tree(&[("jail.conf", &jail), ("filter.d/a.conf", &definition)]);
    let loaded = all(directory.path());
    assert!(loaded.jails.is_empty());
    assert_eq!(loaded.diagnostics.len(), 2, "{:?}", loaded.diagnostics);
}
