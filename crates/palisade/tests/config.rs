//! `palisade config` on jails and on `palisade.toml` together.
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

const JAILS: &str = "[a]\nenabled = true\nfilter =\nfailregex = ^<HOST>$\nlogpath = /etc/passwd\nport = 22\n";
const POSTURE: &str = "[firewall]\nenabled = true\nrules = [\"allow 22/tcp\", \"limit 80\"]\n";

struct Place(TempDir);

impl Place {
    fn new(jails: &str, posture: Option<&str>) -> Self {
        let place = Self(TempDir::new().unwrap());
        fs::write(place.0.path().join("jail.conf"), jails).unwrap();
        if let Some(posture) = posture {
            fs::write(place.0.path().join("palisade.toml"), posture).unwrap();
        }
        place
    }

    fn config(&self, words: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.arg("--config").arg(self.0.path()).arg("config").args(words.split(' ')).output().unwrap()
    }

    fn said(&self, words: &str) -> String {
        let output = self.config(words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn errors_of_all_files_are_told_at_once() {
    let jails = JAILS.replace("^<HOST>$", "^<HOST>(");
    let posture =
        "[firewall]\nlogging = \"loud\"\nrules = [\"allow 22/udp/tcp\"]\n[rollback]\nafter = \"soon\"\n";
    let output = Place::new(&jails, Some(posture)).config("check");
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("4 errors in the configuration"), "{said}");
    for place in
        ["jail.conf:4:", "palisade.toml:2:11: error", "palisade.toml:3:17: error", "palisade.toml:5:9: error"]
    {
        assert!(said.contains(place), "{place}: {said}");
    }
    let output = Place::new(&jails, Some(posture)).config("check --json");
    assert_eq!(output.status.code(), Some(78));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 4);
    for words in ["show", "show --posture"] {
        assert_eq!(Place::new(JAILS, Some(posture)).config(words).status.code(), Some(78));
    }
}

#[test]
fn what_is_right_is_counted() {
    assert!(Place::new(JAILS, Some(POSTURE)).said("check").ends_with("1 jail, 2 rules, no errors.\n"));
    assert!(Place::new(JAILS, None).said("check").ends_with("1 jail, no errors.\n"));
}

#[test]
fn what_is_shown_reads_back_the_same() {
    let first = Place::new(JAILS, Some(POSTURE));
    let (jails, posture) = (first.said("show"), first.said("show --posture"));
    assert!(posture.contains("    \"limit 80\",\n"), "{posture}");
    assert!(jails.contains("\n#     \"limit 80\",\n"), "{jails}");
    let second = Place::new(&jails, Some(&posture));
    let without_places = |text: &str| -> String {
        text.lines().filter(|line| !line.starts_with("# /")).map(|line| format!("{line}\n")).collect()
    };
    assert_eq!(without_places(&second.said("show")), without_places(&jails));
    assert_eq!(second.said("show --posture"), posture);
    assert_eq!(Place::new(JAILS, None).config("show --posture").status.code(), Some(1));
}
