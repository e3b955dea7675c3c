//! Reading all of Debian's jails, beside Fail2Ban's client, the commands in turns.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use config::Tree;
use tempfile::TempDir;

use crate::figures::{Figures, beside, row};

const ROUNDS: usize = 11;
const DEBIAN: &str = "/etc/fail2ban";

#[derive(Args)]
pub(crate) struct Loading {
    /// The program to measure.
    #[arg(long)]
    palisade: PathBuf,
}

pub(crate) fn loading(with: &Loading) -> anyhow::Result<()> {
    if !Path::new(DEBIAN).exists() || run(Command::new("fail2ban-client").arg("--version")).is_err() {
        println!("loading: not measured");
        return Ok(());
    }
    let folder = TempDir::new()?;
    let root = all_enabled(folder.path())?;
    let tree = Tree::Dir(root.clone());
    let ours = |words: &[&str]| run(Command::new(&with.palisade).arg("--config").arg(&root).args(words));
    let mut times: [Vec<Duration>; 5] = Default::default();
    for _ in 0..ROUNDS {
        let took = [
            took(|| {
                black_box(config::load(&tree));
                Ok(())
            })?,
            took(|| run(Command::new(&with.palisade).arg("--version")))?,
            took(|| ours(&["config", "show"]))?,
            took(|| ours(&["config", "check"]))?,
            took(|| run(Command::new("fail2ban-client").arg("-c").arg(&root).arg("-t")))?,
        ];
        times.iter_mut().zip(took).for_each(|(times, took)| times.push(took));
    }
    let [alone, start, show, check, theirs] = times.map(|times| Figures::of_times(times).median());
    row("all of Debian's jails, read within a process", "ms", alone);
    beside("  fail2ban-client -t", "ms", theirs, alone);
    row("palisade config show, the whole command", "ms", show);
    beside("  fail2ban-client -t", "ms", theirs, show);
    row("palisade config check, with all patterns", "ms", check);
    beside("  fail2ban-client -t, which leaves them unread", "ms", theirs, check);
    row("palisade --version, the start alone", "ms", start);
    Ok(())
}

/// A copy of Debian's configuration in which each jail has a log to read.
fn all_enabled(folder: &Path) -> anyhow::Result<PathBuf> {
    let (root, log) = (folder.join("fail2ban"), folder.join("log"));
    run(Command::new("cp").arg("-r").arg(DEBIAN).arg(&root))?;
    fs::write(&log, "")?;
    let mut jails = String::new();
    for name in config::all_jail_names(&Tree::Dir(root.clone())) {
        writeln!(jails, "[{name}]\nenabled = true\nlogpath = {}", log.display())?;
    }
    fs::write(root.join("jail.local"), jails)?;
    Ok(root)
}

fn took(what: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let start = Instant::now();
    what()?;
    Ok(start.elapsed())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
