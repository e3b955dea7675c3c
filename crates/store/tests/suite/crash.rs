//! Killed in the middle of commits, the store holds whole batches only, and every one that was reported.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::rig;
use store::{Durability, Store};

const DIR: &str = "STORE_CRASH_TEST_DIR";

/// Not a test of its own: what the killed process runs. It commits for ever and says which commits have returned.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let mut store = Store::open(Path::new(&dir)).unwrap();
    let from = rig::assert_whole_steps(&store).map_or(0, |last| last + 1);
    let mut out = std::io::stdout();
    for number in from.. {
        let durability = if number % 64 == 0 { Durability::Now } else { Durability::Soon };
        store.commit(&rig::step(number), durability).unwrap();
        writeln!(out, "\ncommitted {number}").unwrap();
    }
}

#[test]
fn killed_at_any_moment_it_holds_every_commit_that_returned_and_no_half_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = None;
    for round in 0..20usize {
        let reported = run_and_kill(dir.path(), 1 + round * 17 % 120);
        let store = Store::open(dir.path()).unwrap();
        let last = rig::assert_whole_steps(&store);
        assert!(last >= Some(reported), "{reported} was committed, {last:?} is there");
        assert!(last > expected);
        expected = last;
    }
}

/// Kills the child after so many commits; the number of the last that it reported.
fn run_and_kill(dir: &Path, commits: usize) -> u32 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut reports = lines.by_ref().filter_map(|line| line.strip_prefix("committed ")?.parse().ok());
    let mut last = reports.nth(commits - 1).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // What it wrote before it died.
    last = reports.last().unwrap_or(last);
    last
}
