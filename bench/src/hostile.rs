//! Lines that make a backtracking engine try every way there is: for each filter, the one that costs most.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use config::Tree;
use detect::filter::{Filter, FilterSet, Line};
use detect::{Time, Zone};

use crate::figures::{beside, row};

/// Whose filters are to be tried.
#[derive(Args)]
pub(crate) struct Hostile {
    /// `config/filter.d` of this repository, for its samples.
    #[arg(long)]
    filters: PathBuf,
}

const DEBIAN: &str = "/etc/fail2ban";
/// The pattern of Debian's dovecot filter can part these in more ways than there is time for.
const KNOWN: &str = "dovecot";
const KNOWN_HEAD: &str = "Nov 24 10:00:00 srv dovecot: imap-login: Disconnected";
const KNOWN_PUMP: &str = ": a";
/// A line of 131 bytes. Each pump more doubles what it costs Fail2Ban.
const KNOWN_PUMPS: usize = 26;
const PATIENCE: Duration = Duration::from_secs(90);

/// What daemons without samples of ours write before the point where it becomes hard.
const HEADS: [&str; 12] = [
    KNOWN_HEAD,
    "2026-11-24 10:00:00 smtp:",
    "Nov 24 10:00:00 srv smtp:",
    "t=2026-11-24T10:00:00Z lvl=eror msg=\"Invalid username or password\"",
    "[2026-11-24 10:00:00] SECURITY[1] res_security_log.c: SecurityEvent=\"InvalidPassword\"",
    "[Tue Nov 24 10:00:00.000000 2026] [:error] [pid 1:tid 1] [client 192.0.2.1:1] ModSecurity: ",
    "Nov-24-26 10:00:00 [Worker_1] 192.0.2.1 ",
    "Nov 24 10:00:00 srv sendmail[1]: x: ruleset=check_relay",
    "2026-11-24 10:00:00 SMTP protocol error in \"",
    "2026-11-24T10:00:00.000+0000 [conn1] Failed to authenticate ",
    "Nov 24 10:00:00 srv slapd[1]: conn=1 fd=1 ACCEPT from IP=",
    "Nov 24 10:00:00 srv named[1]: client ",
];

/// What such a pattern repeats.
const PUMPS: [&str; 18] = [
    "a",
    " ",
    "a ",
    " a",
    KNOWN_PUMP,
    ": ",
    " a=b",
    " a=\"b\"",
    ",a=\"b\"",
    "[a \"b\"]",
    "[a] ",
    "\"",
    "<a.b> ",
    "(a) ",
    "1.",
    "::1 ",
    "from 192.0.2.1 ",
    " user=",
];
/// Of each filter's sample lines, so many; each is cut at so many places.
const SAMPLES: usize = 6;
const CUTS: usize = 6;
const SIZES: [usize; 3] = [138, 1000, 8000];
/// So often, of which the fastest counts: what another process does is not the line's doing.
const TRIES: usize = 3;
/// Below this nobody needs to look twice.
const HARMLESS: Duration = Duration::from_micros(300);

/// The line that costs a filter most.
struct Worst {
    took: Duration,
    filter: String,
    line: String,
    tried: usize,
}

pub(crate) fn hostile(with: &Hostile) -> anyhow::Result<()> {
    worst(&Tree::Shipped, &with.filters)?.tell("our");
    if !Path::new(DEBIAN).is_dir() {
        return Ok(());
    }
    let tree = Tree::Dir(DEBIAN.into());
    worst(&tree, &with.filters)?.tell("Debian's");
    let line = format!("{KNOWN_HEAD}{}", KNOWN_PUMP.repeat(KNOWN_PUMPS));
    let Some(mut filter) = compile(&tree, KNOWN) else { return Ok(()) };
    let ours = milliseconds(time(&mut filter, &line));
    row(&format!("Debian's {KNOWN}, {} bytes that it cannot part", line.len()), "ms", ours);
    match fail2ban_regex(&line)? {
        Some(theirs) => beside("  fail2ban-regex, without its start", "ms", milliseconds(theirs), ours),
        None => println!("  fail2ban-regex: not installed, or not done within {PATIENCE:?}"),
    }
    Ok(())
}

impl Worst {
    fn tell(&self, whose: &str) {
        row(
            &format!("worst of {} hostile lines, {whose} filters", self.tried),
            "ms",
            milliseconds(self.took),
        );
        let start = self.line.chars().take(60).collect::<String>();
        println!("  {}, {} bytes: {start}", self.filter, self.line.len());
    }
}

/// Beginnings that a filter knows, each cut where a word ends, with something repeated behind.
fn lines(samples: &Path, filter: &str) -> Vec<String> {
    let text = fs::read_to_string(samples.join(format!("{filter}.samples"))).unwrap_or_default();
    let lines = text.lines().filter(|line| line.starts_with("+ ")).filter_map(|line| line.split_once(" | "));
    // The first failures: the others begin alike.
    let known = lines.take(SAMPLES).flat_map(|(_, line)| beginnings(line));
    let pumped = HEADS.map(str::to_owned).into_iter().chain(known).flat_map(|head| {
        PUMPS.iter().flat_map(move |pump| {
            let pumped = |head: &str, size: usize| {
                let times = size.saturating_sub(head.len()) / pump.len() + 1;
                format!("{head}{}", pump.repeat(times))
            };
            SIZES.map(|size| pumped(&head, size))
        })
    });
    pumped.collect()
}

/// A line as far as the end of some of its words.
fn beginnings(line: &str) -> impl Iterator<Item = String> {
    let ends: Vec<usize> = line.match_indices(' ').map(|(at, _)| at).collect();
    let step = (ends.len() / CUTS).max(1);
    ends.into_iter().rev().step_by(step).map(|at| line[..at].to_owned())
}

fn worst(tree: &Tree, samples: &Path) -> anyhow::Result<Worst> {
    let mut worst = Worst { took: Duration::ZERO, filter: String::new(), line: String::new(), tried: 0 };
    for name in config::filter_names(tree) {
        let Some(mut filter) = compile(tree, &name) else { continue };
        for line in lines(samples, &name) {
            let took = time(&mut filter, &line);
            worst.tried += 1;
            if took > worst.took {
                worst = Worst { took, filter: name.clone(), line, ..worst };
            }
        }
    }
    Ok(worst)
}

/// `None` for one that needs what only a jail gives it.
fn compile(tree: &Tree, name: &str) -> Option<FilterSet> {
    let loaded = config::filter(tree, name, false).ok()?;
    let filter = Filter::compile(&loaded.filter.spec, &Zone::parse(None).ok()?).ok()?;
    Some(FilterSet::new(vec![Arc::new(filter)]))
}

fn time(filter: &mut FilterSet, line: &str) -> Duration {
    let now = Time::from_micros(jiff::Timestamp::now().as_microsecond());
    let mut once = || {
        let started = Instant::now();
        filter.read(Line { text: line.as_bytes(), time: None, ascii: false }, now, &mut |_, _| {});
        started.elapsed()
    };
    let first = once();
    match first > HARMLESS {
        true => (1..TRIES).map(|_| once()).min().unwrap_or(first).min(first),
        false => first,
    }
}

/// The known line in the real one, less what it needs for an empty line.
fn fail2ban_regex(line: &str) -> anyhow::Result<Option<Duration>> {
    let filter = format!("{DEBIAN}/filter.d/{KNOWN}.conf");
    let run = |line: &str| -> anyhow::Result<Option<Duration>> {
        let mut command = Command::new("timeout");
        command.arg(PATIENCE.as_secs().to_string()).args(["fail2ban-regex", line, &filter]);
        let started = Instant::now();
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        // 0: something matched; 255: nothing did.
        Ok(matches!(status.code(), Some(0 | 1 | 255)).then(|| started.elapsed()))
    };
    let Some(start) = run("nothing")? else { return Ok(None) };
    Ok(run(line)?.map(|took| took.saturating_sub(start)))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
