//! What ufw has no part in: the file, questions, programs that read.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::isolated::isolated;

pub(crate) fn firewall(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("--config").arg(folder).arg("--state").arg(folder.join("state"));
    command.arg("firewall").args(line.split(' '));
    command.stdin(Stdio::null());
    command
}

pub(crate) fn run(folder: &Path, line: &str) -> Output {
    firewall(folder, line).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

pub(crate) fn written(folder: &Path) -> String {
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

/// What `nft` says of our table, if it can.
pub(crate) fn table() -> Option<String> {
    let listed = Command::new("nft").args(["list", "table", "inet", "palisade"]).output().ok()?;
    Some(text(&listed.stdout).to_owned())
}

#[test]
fn what_is_commanded_is_in_the_kernel_when_the_command_returns() {
    isolated("alone::what_is_commanded_is_in_the_kernel_when_the_command_returns", || {
        let folder = TempDir::new().unwrap();
        let done = |line: &str| {
            let output = run(folder.path(), line);
            assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        };
        done("allow 22/tcp");
        let Some(before) = table() else { return eprintln!("skipped: nft is not installed") };
        assert!(!before.contains("hook input"), "{before}");
        done("enable");
        done("reject 4711/udp");
        let enabled = table().unwrap();
        assert!(enabled.contains("hook input") && enabled.contains("4711"), "{enabled}");
        done("delete reject 4711/udp");
        assert!(!table().unwrap().contains("4711"));
        done("disable");
        assert!(!table().unwrap().contains("hook input"));
    });
}

#[test]
fn a_command_over_ssh_does_not_shut_out_its_own_session() {
    isolated("alone::a_command_over_ssh_does_not_shut_out_its_own_session", || {
        let folder = TempDir::new().unwrap();
        let over_ssh = |line: &str| {
            let mut command = firewall(folder.path(), line);
            command.env("SSH_CONNECTION", "192.0.2.9 50000 192.0.2.1 2222").output().unwrap()
        };
        if table().is_none() {
            return eprintln!("skipped: nft is not installed");
        }
        let refused = |line: &str| {
            let before = written(folder.path());
            let output = over_ssh(line);
            assert_eq!(output.status.code(), Some(1), "{line}: {}", text(&output.stdout));
            let said = text(&output.stderr);
            assert!(said.contains("your own ssh session, from 192.0.2.9 to port 2222"), "{line}: {said}");
            assert_eq!(written(folder.path()), before, "{line}");
        };
        assert!(over_ssh("allow 22/tcp").status.success());
        let mut asked = firewall(folder.path(), "enable");
        asked.env("SSH_CONNECTION", "192.0.2.9 50000 192.0.2.1 2222");
        let mut asked =
            asked.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        asked.stdin.take().unwrap().write_all(b"y\n").unwrap();
        assert_eq!(asked.wait_with_output().unwrap().status.code(), Some(1));
        assert!(!table().unwrap().contains("hook input"));
        assert!(over_ssh("allow from 192.0.2.0/24 to any port 2222 proto tcp").status.success());
        assert!(over_ssh("--force enable").status.success());
        refused("delete allow from 192.0.2.0/24 to any port 2222 proto tcp");
        refused("prepend deny from 192.0.2.9");
        assert!(over_ssh("--force prepend deny from 192.0.2.9").status.success());
        assert!(over_ssh("allow 80/tcp").status.success(), "what is shut already is no reason to refuse");
    });
}

#[test]
fn what_the_kernel_does_not_take_does_not_stay_written() {
    isolated("alone::what_the_kernel_does_not_take_does_not_stay_written", || {
        let folder = TempDir::new().unwrap();
        let file = "[firewall]\nenabled = true\n";
        fs::write(folder.path().join("palisade.toml"), file).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-net_admin", "--inh-caps=-net_admin"]);
        command.args([env!("CARGO_BIN_EXE_palisade"), "--config"]);
        command.arg(folder.path()).arg("--state").arg(folder.path().join("state"));
        let output = command.args(["firewall", "allow", "22"]).output().unwrap();
        assert_eq!(output.status.code(), Some(77));
        assert!(text(&output.stderr).contains("CAP_NET_ADMIN"), "{}", text(&output.stderr));
        assert_eq!(written(folder.path()), file);
    });
}

#[test]
fn under_the_name_of_ufw_it_speaks_as_ufw() {
    use std::os::unix::process::CommandExt as _;
    let ufw = |line: &str| {
        Command::new(env!("CARGO_BIN_EXE_palisade"))
            .arg0("/usr/sbin/ufw")
            .args(line.split(' '))
            .output()
            .unwrap()
    };
    let version = ufw("version");
    assert!(text(&version.stdout).starts_with("ufw 0.36.2\n"), "{}", text(&version.stdout));
    if !rustix::process::geteuid().is_root() {
        let refused = ufw("status");
        assert_eq!(text(&refused.stderr), "ERROR: You need to be root to run this script\n");
        return;
    }
    let refused = ufw("permit 22");
    assert_eq!((refused.status.code(), text(&refused.stderr)), (Some(1), "ERROR: Invalid syntax\n"));
    assert!(text(&refused.stdout).contains("Usage: ufw"));
    let refused = ufw("--dry-run allow 22/esp");
    assert_eq!(
        (refused.status.code(), text(&refused.stderr)),
        (Some(1), "ERROR: Invalid port with protocol 'esp'\n")
    );
}

#[test]
fn what_leaves_a_port_open_beside_a_list_is_told() {
    let folder = TempDir::new().unwrap();
    let told = |line: &str, file: &str| {
        let file = format!("[firewall]\nenabled = true\n{file}");
        fs::write(folder.path().join("palisade.toml"), file).unwrap();
        let output = run(folder.path(), &format!("--dry-run {line}"));
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr).to_owned()
    };
    let list = "allow from cloudflare to any port 80,443 proto tcp";
    assert_eq!(told(list, "rules = [\"allow 22\", \"allow 443/udp\", \"allow from 10.0.0.0/8\"]"), "");
    assert_eq!(
        told(list, "rules = [\"allow 22\", \"allow to ::/0 port 443\"]"),
        "WARN: port 443/tcp is open to everybody all the same, by the rule 'allow 443'\n"
    );
    let by_default = told(list, "defaults = { incoming = \"allow\" }\nrules = [\"deny 80\"]");
    assert_eq!(
        by_default,
        "WARN: port 443/tcp is open to everybody all the same, by the default policy for incoming\n"
    );
    assert_eq!(told("allow 443/tcp", "defaults = { incoming = \"allow\" }"), "");
}
