//! `-d` and `--dp`: the same commands as Fail2Ban's client makes of the same configuration.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::world::{PALISADE, here};

const REAL: &str = "/usr/bin/fail2ban-client";

/// Debian's configuration with more files over it, and two logs; taken away when the test is over.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str, over: impl FnOnce(&Path)) -> Self {
        let tree = std::env::temp_dir().join(format!("palisade-{name}-{}", std::process::id()));
        let copied = Command::new("cp").arg("-a").arg("/etc/fail2ban").arg(&tree).status().unwrap();
        assert!(copied.success());
        for log in ["a.log", "b.log"] {
            std::fs::write(tree.join(log), "").unwrap();
        }
        over(&tree);
        Self(tree)
    }

    fn shown(&self, program: &[&str], option: &str) -> String {
        let output = self.output(program, option);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program:?} {option}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn output(&self, program: &[&str], option: &str) -> Output {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).arg("-c").arg(&self.0).arg(option).output().unwrap()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn assert_same(tree: &Tree) {
    for option in ["-d", "--dp"] {
        let (theirs, ours) =
            (tree.shown(&[REAL], option), tree.shown(&[PALISADE, "fail2ban-client"], option));
        for (number, (theirs, ours)) in theirs.lines().zip(ours.lines()).enumerate() {
            assert_eq!(ours, theirs, "{option}: line {}", number + 1);
        }
        assert_eq!(ours.len(), theirs.len(), "{option}");
    }
}

fn skipped(test: &str) -> bool {
    let missing = !Path::new(REAL).exists();
    if missing {
        eprintln!("SKIPPED {test}: Fail2Ban is not installed");
    }
    missing
}

#[test]
fn every_jail_of_the_distribution_is_dumped_alike() {
    if skipped("dump of all jails") {
        return;
    }
    let enable =
        |tree: &Path| std::fs::write(tree.join("jail.local"), "[DEFAULT]\nenabled = true\n").unwrap();
    assert_same(&Tree::new("dump-all", enable));
}

#[test]
fn options_in_every_place_are_dumped_alike() {
    if skipped("dump of all options") {
        return;
    }
    let over = |tree: &Path| {
        let copied = Command::new("cp").arg("-r").arg(here("dump/.")).arg(tree).status().unwrap();
        assert!(copied.success());
    };
    assert_same(&Tree::new("dump-own", over));
}

#[test]
fn a_dump_fails_where_no_jail_can_be_set_up() {
    if skipped("dump of wrong jails") {
        return;
    }
    for (name, sshd, fails) in [("dump-wrong", "false", true), ("dump-mixed", "true", false)] {
        let jails = format!("[no-such-filter]\nenabled = true\n[sshd]\nenabled = {sshd}\n");
        let tree = Tree::new(name, |tree| std::fs::write(tree.join("jail.local"), jails).unwrap());
        let (theirs, ours) = (tree.output(&[REAL], "-d"), tree.output(&[PALISADE, "fail2ban-client"], "-d"));
        assert_eq!(theirs.status.success(), !fails, "{name}");
        assert_eq!(ours.status.code(), theirs.status.code(), "{name}");
        assert_eq!(String::from_utf8_lossy(&ours.stdout), String::from_utf8_lossy(&theirs.stdout), "{name}");
    }
}
