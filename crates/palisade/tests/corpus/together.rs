//! What all filters find in one log, beside what each of them finds in it alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::judge::{NOW, ZONE};
use crate::samples::Set;

/// The line, and who is accused.
type Found = BTreeSet<(u64, String)>;

/// The lines of all sets in one log, a few of one set behind a few of another, the same on every run.
pub(crate) fn write_log(path: &Path, sets: &[Set]) {
    let mut rests: Vec<_> = sets.iter().map(|set| set.lines.iter().map(|line| &line.text)).collect();
    let mut log = Vec::new();
    let mut state = 1_u64;
    while !rests.is_empty() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 33) as usize % rests.len();
        for text in rests[at].by_ref().take(1 + (state >> 60) as usize) {
            log.extend([text.as_slice(), b"\n"].concat());
        }
        rests.retain(|rest| rest.len() > 0);
    }
    fs::write(path, log).unwrap();
}

/// By filter.
pub(crate) fn together(log: &Path, config: &str) -> BTreeMap<String, Found> {
    let mut found = BTreeMap::<_, Found>::new();
    for failure in run(&["scan"], log, config) {
        let filter = failure["filter"].as_str().unwrap().to_owned();
        found.entry(filter).or_default().insert(accused(&failure));
    }
    found
}

pub(crate) fn alone(filter: &str, log: &Path, config: &str) -> Found {
    run(&["test", filter], log, config).iter().map(accused).collect()
}

fn accused(failure: &Value) -> (u64, String) {
    (failure["line"].as_u64().unwrap(), failure["host"].as_str().unwrap().to_owned())
}

fn run(words: &[&str], log: &Path, config: &str) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("filter").args(words).arg(log);
    let output =
        command.args(["--config", config, "--json", "--timezone", ZONE, "--now", NOW]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
