//! The demonstration, as somebody sees it who has just built the program: with and without privileges.

use std::path::Path;
use std::process::{Command, Output};

/// An ordinary user's number that no host gives to anybody in particular.
const NOBODY: &str = "65534";

/// Why it cannot run here, if so; said once, loudly.
fn skipped(test: &str, why: Option<String>) -> bool {
    if let Some(why) = &why {
        eprintln!("SKIPPED {test}: {why}");
    }
    why.is_some()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The demonstration's own word for a host that does not let it run.
fn cannot_run(output: &Output) -> Option<String> {
    const UNAVAILABLE: i32 = 69;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code() == Some(UNAVAILABLE)).then_some(errors)
}

fn ruleset() -> Option<Vec<u8>> {
    let output = Command::new("nft").args(["list", "ruleset"]).output().ok()?;
    output.status.success().then_some(output.stdout)
}

fn assert_attack_was_stopped(output: &Output) {
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{:?}\n{text}\n{errors}", output.status);
    assert_eq!(errors, "");
    let summary =
        |start: &str| text.lines().rfind(|line| line.starts_with(start)).unwrap_or_default().to_owned();
    assert!(summary("Banned, IPv4: ").contains("203.0.113.7"), "{text}");
    assert!(summary("Banned, IPv6: ").contains("2001:db8:bad::/64"), "{text}");
    for address in ["203.0.113.7", "2001:db8:bad::8"] {
        assert!(text.lines().any(|line| line.ends_with(&format!("refused  {address}"))), "{address}\n{text}");
    }
    let visitor = summary("The visitor logged in ");
    let words: Vec<&str> = visitor.split(' ').collect();
    assert!(words[4] == words[6] && words[4] != "0", "as often as it came: {visitor}");
    assert!(!text.contains('\x1b'), "no colours and no movements where there is no terminal");
}

#[test]
fn the_demonstration_stops_an_attack_and_leaves_the_host_as_it_was() {
    let before = ruleset();
    let output = Command::new(env!("CARGO_BIN_EXE_palisade")).arg("demo").output().unwrap();
    let name = "the_demonstration_stops_an_attack_and_leaves_the_host_as_it_was";
    if skipped(name, cannot_run(&output)) {
        return;
    }
    assert_attack_was_stopped(&output);
    assert_eq!(ruleset(), before);
    assert!(!Path::new("/run/palisade-demo").exists());
}

#[test]
fn the_demonstration_needs_no_privileges() {
    let name = "the_demonstration_needs_no_privileges";
    if skipped(name, (!is_root()).then(|| "the other test has done it: it is not run by root".to_owned())) {
        return;
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]);
    // Its own folder may be closed to others, and is not needed.
    let output = command.arg(env!("CARGO_BIN_EXE_palisade")).arg("demo").current_dir("/").output().unwrap();
    if skipped(name, cannot_run(&output)) {
        return;
    }
    assert_attack_was_stopped(&output);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("Attacked: a small login service"), "it says what is attacked");
}

/// A namespace that allows no other stands in for a host that does.
#[test]
fn a_host_without_user_namespaces_is_told_which_setting_forbids_them() {
    const SCRIPT: &str = r#"echo 0 > /proc/sys/user/max_user_namespaces || exit 99
        exec setpriv --bounding-set=-all --inh-caps=-all "$0" demo"#;
    let mut command = Command::new("unshare");
    command.args(["-Ur", "sh", "-c", SCRIPT, env!("CARGO_BIN_EXE_palisade")]);
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let cannot = matches!(output.status.code(), Some(1 | 99)).then(|| errors.clone().into_owned());
    if skipped("a_host_without_user_namespaces_is_told_which_setting_forbids_them", cannot) {
        return;
    }
    assert_eq!(output.status.code(), Some(69), "{errors}");
    assert!(errors.contains("user.max_user_namespaces=0"), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(output.stdout.is_empty());
}
