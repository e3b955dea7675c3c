//! Dates beside the real Fail2Ban, where it is installed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use detect::{DateDetector, Time, Zone};
use serde_json::{Value, json};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fail2ban_dates.py");
/// The system's own Python, for which distributions install Fail2Ban.
const PYTHON: &str = "/usr/bin/python3";

/// What is asked of both.
struct Question<'a> {
    pattern: Option<&'a str>,
    now: i64,
    lines: Vec<String>,
}

/// Time in seconds, and place in characters, as the script answers.
type Answer = (Option<f64>, Option<(usize, usize)>);

struct Fail2Ban {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Fail2Ban {
    /// `None` where there is none.
    fn start(zone: &str) -> Option<Self> {
        let installed = Command::new(PYTHON).args(["-c", "import fail2ban.server.datedetector"]).output();
        if !installed.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: no Fail2Ban for {PYTHON} to compare dates with");
            return None;
        }
        let mut child = Command::new(PYTHON)
            .arg(SCRIPT)
            .env("TZ", zone)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asked = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, asked, answers })
    }

    /// `None`: Fail2Ban does not take the pattern.
    fn ask(&mut self, question: &Question) -> Option<Vec<Answer>> {
        let text = json!({"pattern": question.pattern, "now": question.now, "lines": question.lines});
        writeln!(self.asked, "{text}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        serde_json::from_value(answer).ok()
    }
}

impl Drop for Fail2Ban {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ours(question: &Question, zone: &str) -> Vec<Answer> {
    let zone = Zone::parse(Some(zone)).unwrap();
    let mut detector = DateDetector::compile(question.pattern, zone).unwrap();
    let now = Time::from_secs(question.now);
    question.lines.iter().map(|line| answer(line, detector.find(line, now))).collect()
}

fn answer(line: &str, found: Option<detect::Found>) -> Answer {
    let chars = |at: usize| line[..at].chars().count();
    match found {
        None => (None, None),
        Some(found) => {
            let time = found.time.map(Time::as_secs_f64);
            (time, Some((chars(found.span.start), chars(found.span.end))))
        }
    }
}

/// Asks both, and says for each line where they differ.
fn compare(fail2ban: &mut Fail2Ban, question: &Question, zone: &str) -> Vec<String> {
    let theirs = fail2ban.ask(question).unwrap_or_else(|| panic!("Fail2Ban takes no {:?}", question.pattern));
    let ours = ours(question, zone);
    let lines = question.lines.iter().zip(theirs).zip(ours);
    lines
        .filter(|((_, theirs), ours)| !same(theirs, ours))
        .map(|((line, theirs), ours)| {
            format!(
                "{:?} now {} {line:?}\n   Fail2Ban {theirs:?}\n   ours     {ours:?}",
                question.pattern, question.now
            )
        })
        .collect()
}

/// Fail2Ban's times are floating point.
fn same(theirs: &Answer, ours: &Answer) -> bool {
    let close = match (theirs.0, ours.0) {
        (Some(one), Some(other)) => (one - other).abs() < 2e-6,
        (one, other) => one == other,
    };
    close && theirs.1 == ours.1
}

fn assert_none(differences: Vec<String>) {
    let count = differences.len();
    assert!(
        count == 0,
        "{count} differ\n{}",
        differences.into_iter().take(20).collect::<Vec<_>>().join("\n")
    );
}

const NOWS: [i64; 5] = [1_124_013_600, 1_718_452_800, 1_704_067_200, 1_735_689_599, 1_709_208_000];
const ZONES: [&str; 3] = ["UTC", "Europe/Zurich", "America/New_York"];

/// The forms that dates have in logs.
const DATES: &[&str] = &[
    "2024-06-01T12:34:56.123456+02:00",
    "2024-06-01 12:34:56,123",
    "2005/01/23 21:59:59 Z",
    "2006.12.21  6:43:20",
    "2024-06-01T12:34:56 UTC",
    "Jun  1 12:34:56",
    "Jun 11 02:34:56",
    "Sat Jun 01 12:34:56.123456 2024",
    "Sun Jan 23 2005 21:59:59.011",
    "23/01/2005 21:59:59",
    "23/01/05 21:59:59",
    "17-07-2008 17:23:25",
    "31/Oct/2006:09:22:55 -0000",
    "26-Jul-2007 15:20:52.252",
    "05/20/2008:01:57:39",
    "01-27-2012 16:22:44.252",
    "1138049999",
    "1138049999.123",
    "21:59:59",
    "<09/16/08@05:03:30>",
    "130322 11:46:11",
    "Jan 03, 2010 11:46:11 PM",
    "Apr-27-13 02:33:06",
    "20050123T215959",
    "20050123  85959",
    "PDT Apr 16 21:05:29",
    "+00:00 Jan 23 21:59:59.011 2005",
    "@4000000050d506482457537c",
    "Feb 29 10:00:00",
    "Feb 30 10:00:00",
    "Dec 31 23:59:60",
    "2024-03-31 02:30:00",
    "2024-02-30 02:30:00",
    "2024-12-31T23:59:59-0330",
];

fn placed() -> Vec<String> {
    let around = |date: &&str| {
        [
            format!("{date} host sshd[1]: x"),
            format!("[{date}] x"),
            format!("[{date}]"),
            format!("<1>{date} x"),
            format!("192.0.2.1 - - [{date}] \"GET / HTTP/1.1\" 200"),
            format!("prefix {date}"),
            format!("é{date}€ x"),
            format!("x{date}x"),
            format!("audit({date}:1) x"),
        ]
    };
    DATES.iter().flat_map(around).collect()
}

#[test]
fn each_form_alone_means_what_it_means_to_fail2ban() {
    for zone in ZONES {
        let Some(mut fail2ban) = Fail2Ban::start(zone) else { return };
        let mut differences = Vec::new();
        for line in placed() {
            let now = NOWS[line.len() % NOWS.len()];
            let question = Question { pattern: None, now, lines: vec![line] };
            differences.extend(compare(&mut fail2ban, &question, zone));
        }
        assert_none(differences);
    }
}
