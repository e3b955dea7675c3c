//! What `palisade filter test` finds in the lines of a set, beside what they say of themselves.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::process::Command;

use serde_json::Value;

use crate::samples::{Line, Set};

pub(crate) const ZONE: &str = "Europe/Zurich";
pub(crate) const NOW: &str = "1124013600";

/// What is wrong, line by line.
pub(crate) fn complaints(set: &Set, config: &str) -> Vec<String> {
    let options: Vec<String> =
        set.options.iter().map(|(name, value)| format!("{name}=\"{}\"", value.as_str().unwrap())).collect();
    let filter = match options.is_empty() {
        true => set.filter.clone(),
        false => format!("{}[{}]", set.filter, options.join(",")),
    };
    let found = found(set, &filter, config);
    let lines = set.lines.iter().zip(1..);
    let complain = |(line, number): (&Line, u64)| {
        let why = complaint(line, found.get(&number).map_or(&[], Vec::as_slice))?;
        Some(format!("{filter} line {number}: {why}\n    {}", String::from_utf8_lossy(&line.text)))
    };
    lines.filter_map(complain).collect()
}

/// Failures by their lines, counted from 1.
fn found(set: &Set, filter: &str, config: &str) -> HashMap<u64, Vec<Value>> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let lines: Vec<&[u8]> = set.lines.iter().map(|line| line.text.as_slice()).collect();
    fs::write(&log, [&lines.join(&b'\n'), &b"\n"[..]].concat()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.args(["filter", "test", "--config", config, "--json", "--timezone", ZONE, "--now", NOW]);
    let output = command.args(set.journal.then_some("--journal")).arg(filter).arg(&log).output().unwrap();
    assert!(output.status.success(), "{filter}: {}", String::from_utf8_lossy(&output.stderr));
    let mut found: HashMap<u64, Vec<Value>> = HashMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let failure: Value = serde_json::from_str(line).unwrap();
        found.entry(failure["line"].as_u64().unwrap()).or_default().push(failure);
    }
    found
}

fn complaint(line: &Line, found: &[Value]) -> Option<String> {
    let Some(wanted) = &line.failure else {
        return found.first().map(|failure| format!("is none, and found: {failure}"));
    };
    let [failure] = found else { return Some(format!("must be found once, not {} times", found.len())) };
    let differs = |(name, wanted): (&String, &Value)| {
        let (have, same) = match name.as_str() {
            "host" => (&failure["host"], host(&failure["host"]) == host(wanted)),
            "time" => (&failure["time"], is_near(&failure["time"], wanted)),
            name => (&failure["fields"][name], plain(&failure["fields"][name]) == plain(wanted)),
        };
        (!same).then(|| format!("{name} is {have}, and should be {wanted}"))
    };
    wanted.iter().find_map(differs)
}

/// However an address is written.
fn host(value: &Value) -> Result<IpAddr, String> {
    let text = value.as_str().unwrap_or_default();
    text.parse().map_err(|_| text.to_owned())
}

fn is_near(have: &Value, wanted: &Value) -> bool {
    have.as_f64().is_some_and(|have| (have - wanted.as_f64().unwrap()).abs() < 0.0005)
}

/// A number and its text are the same, and so are lists in any order.
fn plain(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut texts: Vec<String> = match value {
        Value::Array(items) => items.iter().map(text).collect(),
        other => vec![text(other)],
    };
    texts.sort();
    texts
}
