//! Sample lines of the installed Fail2Ban, mutated, before all of its filters at once: nothing breaks, and nobody is
//! accused whom the log does not name.
//!
//! `PALISADE_MUTATED_LINES` says how many (10,000 unless it does); with a release build the times are of interest.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use config::Tree;
use detect::filter::{Filter, FilterSet, Host, Line};
use detect::{Time, Zone};
use ipnet::IpNet;

const DEBIAN: &str = "/etc/fail2ban";
const LOGS: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";
/// A week after the latest sample.
const NOW: Time = Time::from_secs(1_796_169_600);
/// Lines that share sessions; what one of them names, the others may accuse.
const CHUNK: usize = 500;
/// The longest line, in bytes.
const LONGEST: usize = 8192;
/// The longest text of an address: IPv6 with an IPv4 tail.
const LONGEST_ADDRESS: usize = 45;
const SLOW: Duration = Duration::from_millis(5);

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let (one, other) = (self.below(length + 1), self.below(length + 1));
        one.min(other)..one.max(other)
    }

    fn pick<'a>(&mut self, lines: &'a [Vec<u8>]) -> &'a [u8] {
        &lines[self.below(lines.len())]
    }
}

/// One sample line with a few things done to it.
fn mutated(samples: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut line = dice.pick(samples).to_vec();
    for _ in 0..=dice.below(4) {
        let (at, range) = (dice.below(line.len() + 1), dice.range(line.len()));
        match dice.below(8) {
            0 => drop(line.drain(range)),
            1 => line.truncate(at),
            2 => {
                let piece = line[range].repeat(1 + dice.below(40));
                drop(line.splice(at..at, piece));
            }
            3 => {
                let byte = dice.below(256) as u8;
                drop(line.splice(at..at, [byte]));
            }
            4 => {
                let piece: Vec<u8> = (0..dice.below(12)).map(|_| dice.below(256) as u8).collect();
                drop(line.splice(range, piece));
            }
            _ => {
                let other = dice.pick(samples);
                let piece = other[dice.range(other.len())].to_vec();
                drop(line.splice(at..at, piece));
            }
        }
        line.truncate(LONGEST);
    }
    line.retain(|byte| *byte != b'\n');
    line
}

fn samples() -> Vec<Vec<u8>> {
    let files = fs::read_dir(LOGS).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for file in files {
        let text = fs::read(file).unwrap();
        let told =
            text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#"));
        lines.extend(told.map(<[u8]>::to_vec));
    }
    lines.sort();
    lines
}

fn filters() -> Vec<Arc<Filter>> {
    let zone = Zone::parse(Some("UTC")).unwrap();
    let tree = Tree::Dir(DEBIAN.into());
    let loaded =
        config::filter_names(&tree).into_iter().filter_map(|name| config::filter(&tree, &name, false).ok());
    loaded.filter_map(|loaded| Filter::compile(&loaded.filter.spec, &zone).ok().map(Arc::new)).collect()
}

/// Whether `text` names an address that is in `net`.
fn names(text: &[u8], net: IpNet) -> bool {
    let part_of_address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    text.split(|byte| !part_of_address(byte)).any(|run| {
        let run = std::str::from_utf8(run).unwrap();
        let parts = (0..run.len())
            .flat_map(|from| (from..run.len().min(from + LONGEST_ADDRESS)).map(move |to| &run[from..=to]));
        parts
            .into_iter()
            .any(|part| part.parse::<IpAddr>().is_ok_and(|found| net.contains(&found.to_canonical())))
    })
}

/// How long a line took that seemed slow, when no other process is in its way.
fn alone(took: Duration, filters: &[Arc<Filter>], line: &[u8]) -> Duration {
    let again = || {
        let mut set = FilterSet::new(filters.to_vec());
        let start = Instant::now();
        set.read(Line { text: line, time: None, ascii: false }, NOW, &mut |_, _| {});
        start.elapsed()
    };
    match took > SLOW && cfg!(not(debug_assertions)) {
        true => (0..5).map(|_| again()).fold(took, Duration::min),
        false => took,
    }
}

#[test]
fn no_mutated_line_breaks_a_filter_or_accuses_an_address_that_nobody_wrote() {
    if !Path::new(LOGS).is_dir() || !Path::new(DEBIAN).is_dir() {
        eprintln!("SKIPPED mutated lines: there is no Fail2Ban with its sample logs");
        return;
    }
    let wanted = std::env::var("PALISADE_MUTATED_LINES").map_or(10_000, |count| count.parse().unwrap());
    let (samples, filters) = (samples(), filters());
    assert!(filters.len() > 80 && samples.len() > 1000, "{} {}", filters.len(), samples.len());
    let mut dice = Dice(1);
    let (mut failures, mut slow, mut worst) = (0, 0, (Duration::ZERO, Vec::new()));
    for first in (0..wanted).step_by(CHUNK) {
        let mut set = FilterSet::new(filters.clone());
        let mut read: Vec<Vec<u8>> = Vec::new();
        for _ in first..wanted.min(first + CHUNK) {
            read.push(mutated(&samples, &mut dice));
            let line = read.last().unwrap();
            let mut accused = Vec::new();
            let start = Instant::now();
            set.read(
                Line { text: line, time: None, ascii: false },
                NOW,
                &mut |_, failure| match failure.host {
                    Host::Address(address) => accused.push(IpNet::from(IpAddr::from(address))),
                    Host::Net(net) => accused.push(net),
                    Host::Name(_) => {}
                },
            );
            let took = alone(start.elapsed(), &filters, line);
            slow += usize::from(took > SLOW);
            if took > worst.0 {
                worst = (took, line.clone());
            }
            failures += accused.len();
            for net in accused {
                let named = read.iter().rev().any(|line| names(line, net));
                assert!(named, "{net} is nowhere in {}", String::from_utf8_lossy(read.last().unwrap()));
            }
        }
    }
    assert!(failures > wanted / 50, "{failures} failures");
    eprintln!(
        "{wanted} mutated lines, {} filters, {failures} failures; {slow} lines over {SLOW:?}, the worst {:?}, {} bytes: {}",
        filters.len(),
        worst.0,
        worst.1.len(),
        String::from_utf8_lossy(&worst.1[..worst.1.len().min(200)]).escape_debug(),
    );
}
