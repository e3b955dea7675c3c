//! Nanoseconds a line for finding the date, for the common forms: `cargo run --release --example date_bench -p detect`.
//! An argument picks the forms whose name holds it. On a busy machine the least of many rounds tells most, so both the
//! median and the least are printed.

use std::hint::black_box;
use std::time::Instant;

use detect::{DateDetector, Time, Zone};

const LINES: usize = 1_000;
const ROUNDS: usize = 40;
const REPEATS: usize = 20;
const MESSAGE: &str = "sshd[1234]: Failed password for invalid user admin from 192.0.2.17 port 40022 ssh2";
const LINE_BEGIN: Option<&str> = Some("{^LN-BEG}");
const ACCESS: Option<&str> = Some("^[^\\[]*\\[({DATE})\n{^LN-BEG}");

/// A log line of the second of a day.
type Line = fn(u32, u32, u32, usize) -> String;

const FORMS: &[(&str, Option<&str>, Line)] = &[
    ("syslog, {^LN-BEG}", LINE_BEGIN, |h, m, s, _| format!("Jun  1 {h:02}:{m:02}:{s:02} host {MESSAGE}")),
    ("syslog, built-in list", None, |h, m, s, _| format!("Jun  1 {h:02}:{m:02}:{s:02} host {MESSAGE}")),
    ("ISO 8601 with zone, {^LN-BEG}", LINE_BEGIN, |h, m, s, i| {
        format!("2024-06-01T{h:02}:{m:02}:{s:02}.{i:06}+02:00 host {MESSAGE}")
    }),
    ("comma milliseconds, {^LN-BEG}", LINE_BEGIN, |h, m, s, i| {
        format!("2024-06-01 {h:02}:{m:02}:{s:02},{i:03} {MESSAGE}")
    }),
    ("nginx error, {^LN-BEG}", LINE_BEGIN, |h, m, s, _| {
        format!("2024/06/01 {h:02}:{m:02}:{s:02} [error] {MESSAGE}")
    }),
    ("apache error, {^LN-BEG}", LINE_BEGIN, |h, m, s, i| {
        format!("[Sat Jun 01 {h:02}:{m:02}:{s:02}.{i:06} 2024] [error] {MESSAGE}")
    }),
    ("epoch, {^LN-BEG}", LINE_BEGIN, |h, m, s, i| {
        format!("{}.{i:03} {MESSAGE}", 1_717_200_000 + h * 3600 + m * 60 + s)
    }),
    ("access log, ^[^\\[]*\\[({DATE})", ACCESS, |h, m, s, i| {
        format!(
            "192.0.2.{} - - [01/Jun/2024:{h:02}:{m:02}:{s:02} +0200] \"GET /{i} HTTP/1.1\" 404 12",
            i % 200
        )
    }),
    ("access log, built-in list", None, |h, m, s, i| {
        format!(
            "192.0.2.{} - - [01/Jun/2024:{h:02}:{m:02}:{s:02} +0200] \"GET /{i} HTTP/1.1\" 404 12",
            i % 200
        )
    }),
    ("no date, {^LN-BEG}", LINE_BEGIN, |_, _, _, _| MESSAGE.to_owned()),
    ("no date, built-in list", None, |_, _, _, _| MESSAGE.to_owned()),
];

fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    for (name, pattern, line) in FORMS.iter().filter(|(name, ..)| name.contains(&only)) {
        let (median, least) = measure(*pattern, *line);
        println!("{median:7.1} ns, least {least:7.1} ns  {name}");
    }
}

/// The median and the least of many rounds.
fn measure(pattern: Option<&str>, line: Line) -> (f64, f64) {
    let zone = Zone::parse(Some("Europe/Zurich")).expect("a zone");
    let mut detector = DateDetector::compile(pattern, zone).expect("a pattern");
    let at = |index: usize| {
        let second = u32::try_from(index * 7 % 86_400).unwrap_or(0);
        line(second / 3600, second / 60 % 60, second % 60, index % 1000)
    };
    let lines: Vec<String> = (0..LINES).map(at).collect();
    let now = Time::from_secs(1_717_300_000);
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round(&mut detector, &lines, now)).collect();
    rounds.sort_by(f64::total_cmp);
    (rounds[ROUNDS / 2], rounds[0])
}

fn round(detector: &mut DateDetector, lines: &[String], now: Time) -> f64 {
    let started = Instant::now();
    for _ in 0..REPEATS {
        for line in lines {
            black_box(detector.find(black_box(line), now));
        }
    }
    started.elapsed().as_nanos() as f64 / (REPEATS * LINES) as f64
}
