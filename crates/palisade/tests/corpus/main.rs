//! Fail2Ban's own sample logs: every line is found, or not found, as it says.
//!
//! The samples and the filters are those of the installed Fail2Ban. Where `PALISADE_CORPUS` names a folder, the sets in
//! its `*.jsonl` are judged too.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod judge;
mod samples;
mod together;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use samples::Set;

const DEBIAN: &str = "/etc/fail2ban";
const LOGS: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";
/// What is wrong with more lines than this need not be read.
const SHOWN: usize = 40;

/// What is found wrong with all of them, several at once.
fn complaints<T: Sync>(all: &[T], of: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = of(one);
                    complaints.lock().unwrap().extend(found);
                }
            });
        }
    });
    complaints.into_inner().unwrap()
}

fn all_pass(sets: &[Set]) {
    let complaints = complaints(sets, |set| judge::complaints(set, DEBIAN));
    let lines: usize = sets.iter().map(|set| set.lines.len()).sum();
    let shown = complaints.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n");
    assert!(complaints.is_empty(), "{} of {lines} lines:\n{shown}", complaints.len());
    eprintln!("{lines} lines in {} sets passed", sets.len());
}

fn skipped(missing: &str) -> bool {
    let absent = !Path::new(missing).exists();
    if absent {
        eprintln!("SKIPPED the corpus: there is no {missing}");
    }
    absent
}

/// The filters that have a sample log, and what stands in these; `None` where there are none.
fn installed() -> Option<(Vec<String>, Vec<Set>)> {
    if skipped(LOGS) || skipped(&format!("{DEBIAN}/filter.d")) {
        return None;
    }
    let mut names: Vec<String> = fs::read_dir(format!("{DEBIAN}/filter.d"))
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().ok()?.strip_suffix(".conf").map(Into::into)
        })
        .filter(|name: &String| Path::new(LOGS).join(name).is_file())
        .collect();
    names.sort();
    let sets: Vec<Set> = names.iter().flat_map(|name| Set::of_filter(Path::new(LOGS), name)).collect();
    assert!(sets.iter().map(|set| set.lines.len()).sum::<usize>() > 1000, "{} sets", sets.len());
    Some((names, sets))
}

#[test]
fn sample_logs_of_the_installed_fail2ban() {
    installed().into_iter().for_each(|(_, sets)| all_pass(&sets));
}

#[test]
fn filters_find_together_what_each_finds_alone() {
    let Some((names, sets)) = installed() else { return };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    together::write_log(&log, &sets);
    let together = together::together(&log, DEBIAN);
    assert!(together.len() > 70, "{:?}", together.keys());
    let differences = complaints(&names, |name| {
        let alone = together::alone(name, &log, DEBIAN);
        let together = together.get(name).cloned().unwrap_or_default();
        alone.symmetric_difference(&together).map(|failure| format!("{name}: {failure:?}")).collect()
    });
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn sets_in_a_given_folder() {
    let Some(folder) = std::env::var_os("PALISADE_CORPUS") else {
        eprintln!("SKIPPED the given corpus: PALISADE_CORPUS names no folder");
        return;
    };
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    let sets: Vec<Set> = files.flat_map(|path| Set::of_file(&path)).collect();
    assert!(!sets.is_empty());
    all_pass(&sets);
}
