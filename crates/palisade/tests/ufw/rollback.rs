//! What waits to be confirmed, and what is taken back by whom.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

use crate::alone::{firewall, run, table, text, written};
use crate::isolated::isolated;

/// The changes, the oldest first, as `history --json` gives them.
fn changes(folder: &Path) -> Vec<serde_json::Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("--state").arg(folder.join("state")).args(["history", "--json"]);
    let listed = command.output().unwrap().stdout;
    text(&listed).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_waits_to_be_confirmed_and_what_does_not() {
    isolated("rollback::what_waits_to_be_confirmed_and_what_does_not", || {
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
    isolated("rollback::what_nobody_was_there_to_take_back_is_taken_back_by_the_next_command", || {
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
    isolated("rollback::a_rollback_goes_to_where_a_change_began_and_is_a_change_itself", || {
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
