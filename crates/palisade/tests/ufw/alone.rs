//! What ufw has no part in: the file, questions, programs that read.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

use crate::isolated::isolated;

fn firewall(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("--config").arg(folder).arg("--state").arg(folder.join("state"));
    command.arg("firewall").args(line.split(' '));
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

/// What `nft` says of our table, if it can.
fn table() -> Option<String> {
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

/// The changes, the oldest first, as `history --json` gives them.
fn changes(folder: &Path) -> Vec<serde_json::Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("--state").arg(folder.join("state")).args(["history", "--json"]);
    let listed = command.output().unwrap().stdout;
    text(&listed).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_waits_to_be_confirmed_and_what_does_not() {
    isolated("alone::what_waits_to_be_confirmed_and_what_does_not", || {
        let folder = TempDir::new().unwrap();
        let state = |line: &str, ssh: bool| {
            let mut command = firewall(folder.path(), line);
            if ssh {
                command.env("SSH_CONNECTION", "192.0.2.9 50000 192.0.2.1 22");
            }
            let output = command.output().unwrap();
            assert!(output.status.success(), "{line}: {}", text(&output.stderr));
            let change = changes(folder.path()).pop().unwrap();
            let state = &change["state"];
            let what = state["why"].as_str().or(state["is"].as_str()).unwrap().to_owned();
            assert_eq!(
                text(&output.stderr).contains("palisade"),
                what == "waiting",
                "{}",
                text(&output.stderr)
            );
            what
        };
        let settle = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
            command.arg("--state").arg(folder.path().join("state")).args(["confirm", "--force"]);
            assert!(command.output().unwrap().status.success());
        };
        assert_eq!(state("allow 22/tcp", true), "no rule is in force after it");
        assert_eq!(state("--force enable", true), "waiting");
        assert_eq!(state("allow 80/tcp", false), "waiting", "as a part of what waits");
        settle();
        assert_eq!(state("allow 81/tcp", false), "not made over ssh");
        assert_eq!(state("--rollback-after 5m allow 82/tcp", false), "waiting");
        settle();
        let off = written(folder.path()) + "\n[rollback]\nssh = false\n";
        fs::write(folder.path().join("palisade.toml"), off).unwrap();
        assert_eq!(state("allow 83/tcp", true), "[rollback] ssh = false");
        assert_eq!(state("--force delete allow 22/tcp", true), "waiting", "the session itself is shut out");
        settle();
        assert_eq!(state("disable", true), "[rollback] ssh = false");
    });
}

#[test]
fn what_nobody_was_there_to_take_back_is_taken_back_by_the_next_command() {
    isolated("alone::what_nobody_was_there_to_take_back_is_taken_back_by_the_next_command", || {
        let folder = TempDir::new().unwrap();
        assert!(run(folder.path(), "enable").status.success());
        assert!(run(folder.path(), "--rollback-after 1s allow 80/tcp").status.success());
        let guards = guards(folder.path());
        assert_eq!(guards.len(), 1);
        guards.into_iter().for_each(|guard| rustix::process::kill_process(guard, Signal::KILL).unwrap());
        std::thread::sleep(Duration::from_millis(1100));
        let next = run(folder.path(), "allow 81/tcp");
        assert_eq!(text(&next.stderr), "Change 2 is taken back: nobody confirmed it in time.\n");
        assert_eq!(
            changes(folder.path())[1]["undone"][0]["found"]["text"]
                .as_str()
                .unwrap()
                .matches("80/tcp")
                .count(),
            1
        );
        assert!(!written(folder.path()).contains("80/tcp") && written(folder.path()).contains("81/tcp"));
    });
}

/// The processes that wait to take a change back.
fn guards(folder: &Path) -> Vec<Pid> {
    let state = folder.join("state").display().to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let is_guard = |pid: &i32| {
        let cmdline = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        cmdline.contains(&state) && cmdline.contains("guard")
    };
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(is_guard).filter_map(Pid::from_raw).collect()
}

#[test]
fn a_rollback_goes_to_where_a_change_began_and_is_a_change_itself() {
    isolated("alone::a_rollback_goes_to_where_a_change_began_and_is_a_change_itself", || {
        let folder = TempDir::new().unwrap();
        let rollback = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
            command.arg("--state").arg(folder.path().join("state")).arg("rollback").args(arguments);
            command.output().unwrap()
        };
        assert_eq!(rollback(&[]).status.code(), Some(1), "there is none");
        let mut texts = vec![String::new()];
        for line in ["allow 22/tcp", "enable", "allow 80/tcp", "deny 81/tcp"] {
            assert!(run(folder.path(), line).status.success());
            texts.push(written(folder.path()));
        }
        assert!(rollback(&[]).status.success());
        assert_eq!(written(folder.path()), texts[3]);
        assert!(rollback(&[]).status.success(), "what was undone comes back");
        assert_eq!(written(folder.path()), texts[4]);
        assert!(rollback(&["2"]).status.success());
        assert_eq!(written(folder.path()), texts[1]);
        assert!(table().is_none_or(|table| !table.contains("hook input")), "not enabled then");
        assert!(rollback(&["1"]).status.success());
        assert_eq!(written(folder.path()), texts[0]);
        let refused = rollback(&["99"]);
        assert_eq!((refused.status.code(), changes(folder.path()).len()), (Some(1), 8));
        assert_eq!(changes(folder.path())[7]["steps"][0]["command"], "rollback 1");
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
