//! What ufw has no part in: the file, questions, programs that read.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn firewall(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("--config").arg(folder).arg("firewall").args(line.split(' '));
    command.stdin(Stdio::null());
    command
}

fn run(folder: &Path, line: &str) -> Output {
    firewall(folder, line).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn written(folder: &Path) -> String {
    fs::read_to_string(folder.join("palisade.toml")).unwrap_or_default()
}

#[test]
fn commands_at_the_same_time_lose_no_rule() {
    let folder = TempDir::new().unwrap();
    let started: Vec<_> = (1..=12)
        .map(|port| firewall(folder.path(), &format!("allow {port}")).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    for mut process in started {
        assert!(process.wait().unwrap().success());
    }
    let text = written(folder.path());
    for port in 1..=12 {
        assert!(text.contains(&format!("\"allow {port}\"")), "{text}");
    }
}

#[test]
fn a_dry_run_and_a_no_change_nothing() {
    let folder = TempDir::new().unwrap();
    assert!(run(folder.path(), "allow 22/tcp").status.success());
    let before = written(folder.path());
    for line in ["--dry-run deny 22/tcp", "--dry-run enable", "delete 1", "reset"] {
        let output = run(folder.path(), line);
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        assert_eq!(written(folder.path()), before, "{line}");
    }
    let mut asked =
        firewall(folder.path(), "delete 1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    asked.stdin.take().unwrap().write_all(b"y\n").unwrap();
    let said = asked.wait_with_output().unwrap();
    assert_eq!(text(&said.stdout), "Deleting:\n allow 22/tcp\nProceed with operation (y|n)? Rules updated\n");
    assert!(written(folder.path()).contains("allow to ::/0 port 22 proto tcp"));
}

#[test]
fn programs_read_json() {
    let folder = TempDir::new().unwrap();
    assert!(run(folder.path(), "limit 22/tcp rate 10/minute burst 5 comment people").status.success());
    let output = run(folder.path(), "status --json");
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["enabled"], false);
    assert_eq!(status["defaults"]["incoming"], "deny");
    let rule = &status["rules"][1];
    assert_eq!((&rule["number"], &rule["family"]), (&2.into(), &"ipv6".into()));
    assert_eq!(rule["rule"], "limit 22/tcp rate 10/minute burst 5 comment 'people'");
}

#[test]
fn a_file_with_errors_is_left_alone_and_every_error_told() {
    let folder = TempDir::new().unwrap();
    let file = "[firewall]\nlogging = \"loud\"\nrules = [\"allow ssh/udp\"]\n";
    fs::write(folder.path().join("palisade.toml"), file).unwrap();
    let output = run(folder.path(), "allow 80/tcp");
    assert_eq!(output.status.code(), Some(78));
    let said = text(&output.stderr);
    assert!(said.contains("palisade.toml:2:11: error: \"loud\" is none of them"), "{said}");
    assert!(
        said.contains("palisade.toml:3:17: error: Protocol mismatch with specified protocol udp"),
        "{said}"
    );
    assert_eq!(written(folder.path()), file);
}

#[test]
fn what_is_no_command_is_told_with_the_usage() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), "permit 22");
    assert_eq!(output.status.code(), Some(64));
    let said = text(&output.stderr);
    assert!(said.starts_with("palisade: Invalid syntax\nUsage: "), "{said}");
}
