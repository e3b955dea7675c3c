//! Dates beside the real Fail2Ban, where it is installed.
#![expect(clippy::unwrap_used, reason = "a test may stop at what should not happen")]

mod interpreter;

use detect::{DateDetector, Time, Zone};
use interpreter::Interpreter;
use serde_json::json;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fail2ban_dates.py");
/// The system's own Python, for which distributions install Fail2Ban.
const PYTHON: &str = "/usr/bin/python3";

/// What is asked of both.
struct Question<'a> {
    pattern: Option<&'a str>,
    now: i64,
    /// The zone of dates that name none, if it is not the host's.
    logtimezone: Option<&'a str>,
    lines: Vec<String>,
}

/// Time in seconds, and place in characters, as the script answers.
type Answer = (Option<f64>, Option<(usize, usize)>);

struct Fail2Ban(Interpreter);

impl Fail2Ban {
    /// `None` where there is none.
    fn start(zone: &str) -> Option<Self> {
        let started = Interpreter::start(PYTHON, "import fail2ban.server.datedetector", SCRIPT, zone);
        if started.is_none() {
            eprintln!("SKIPPED: no Fail2Ban for {PYTHON} to compare dates with");
        }
        started.map(Self)
    }

    /// `None`: Fail2Ban does not take the pattern.
    fn ask(&mut self, question: &Question) -> Option<Vec<Answer>> {
        let text = json!({"pattern": question.pattern, "now": question.now, "lines": question.lines,
            "default_tz": question.logtimezone});
        let answer = self.0.ask(&text);
        serde_json::from_value(answer).ok()
    }
}

fn detector(pattern: Option<&str>, zone: &str) -> DateDetector {
    DateDetector::compile(pattern, Zone::parse(Some(zone)).unwrap()).unwrap()
}

fn ours(question: &Question, mut detector: DateDetector) -> Vec<Answer> {
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
fn compare(fail2ban: &mut Fail2Ban, question: &Question, detector: DateDetector) -> Vec<String> {
    let theirs = fail2ban.ask(question).unwrap_or_else(|| panic!("Fail2Ban takes no {:?}", question.pattern));
    let ours = ours(question, detector);
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

/// Fail2Ban's times are floating point, and have no end, where ours end after 290,000 years.
fn same(theirs: &Answer, ours: &Answer) -> bool {
    let close = match (theirs.0, ours.0) {
        (Some(theirs), Some(ours)) => (theirs.min(i64::MAX as f64 / 1e6) - ours).abs() < 2e-6,
        (theirs, ours) => theirs == ours,
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
        let fresh = detector(None, zone);
        for line in placed() {
            let now = NOWS[line.len() % NOWS.len()];
            let question = Question { pattern: None, now, logtimezone: None, lines: vec![line] };
            differences.extend(compare(&mut fail2ban, &question, fresh.clone()));
        }
        assert_none(differences);
    }
}

/// Patterns as people write them.
const PATTERNS: &[&str] = &[
    "{^LN-BEG}",
    "{DEFAULT}",
    "^{DATE}",
    "{NONE}",
    "^[^\\[]*\\[({DATE})\n{^LN-BEG}",
    "^[^\\[]*(\\[{DATE}\\s*\\])\n{^LN-BEG}",
    "^<\\d+>\\d*\\s*{DATE}",
    "^[^-]+ -- [^-]+ -- - ({DATE})\n{^LN-BEG}",
    "{^LN-BEG}%ExY(?P<_sep>[-/.])%m(?P=_sep)%d[T ]%H:%M:%S(?:[.,]%f)?(?:\\s*%z)?\n^[^\\[]*\\[({DATE})\n{^LN-BEG}",
    "^%Y-%m-%d %H:%M:%S",
    "%d/%b[^/]*/%Y:%H:%M:%S %z",
    "^(?:%Y-)?%m-%d[ T]%H:%M:%S(?:\\.%f)?",
    "^%H:%M:%S.%f",
    "^%b %d, %ExY %I:%M:%S %p\n^WARNING:()**\n{^LN-BEG}",
    "^\\[%d/%b/%Y %H:%M:%S\\]",
    "EPOCH",
    "{^LN-BEG}Epoch\n{^LN-BEG}",
    "LEPOCH",
    "^LEPOCH",
    "audit\\({EPOCH}:\\d+\\)",
    "{LEPOCH}",
    "{^LN-BEG}TAI64N",
    "{UNB}%b %d %k:%M:%S",
    "**%b %d %k:%M:%S**",
    "(%k:%M:%S)",
    "(%l:%M:%S %p)",
    "%Exd/%Exm/%Exy %Exl",
    "%a %B %d %A",
    "%j %H",
    "%Y %U %w",
    "%Y %W %a",
    "%c",
    "%x %X",
    "%Exz %H:%M",
    "%d %ExZ",
    "^ts=(%Y)",
    "(?i)x%d",
    "%H:%M:%S$",
    "(?:^|x)%H:%M:%S",
];

/// What the last patterns look for.
const ODD_DATES: &[&str] = &[
    "02:33:06 AM",
    " 2:33:06 pm",
    "12:00:00 am",
    "01/06/24 12",
    "Sat June 01 Saturday",
    "366 12",
    "060 23",
    "2024 23 6",
    "2024 53 1",
    "2024 00 Mon",
    "Sat Jun  1 12:34:56 2024",
    "06/01/24 12:34:56",
    "CET+0200 12:34",
    "UTC 12:34",
    "14 NPT",
    "ts=2024",
    "X14",
    "1717238096123",
    "1717238096123.25",
    "1717238096123456",
    "12345678901",
    "audit(1717238096.123:7)",
    "06-21 12:34:56.25",
    "a -- b -- - 2024-06-01 12:34:56",
    "WARNING: x",
];

/// Small changes to lines, by a fixed sequence of numbers.
struct Mutations(u64);

impl Mutations {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn change(&mut self, line: &str) -> String {
        let mut chars: Vec<char> = line.chars().collect();
        const CHARS: &[char] = &[
            '0', '1', '2', '3', '6', '9', ' ', ':', '-', '/', '.', ',', '[', 'T', 'Z', '+', 'a', 'J', '_',
            'é', '€',
        ];
        for _ in 0..=self.next(2) {
            let at = self.next(chars.len().min(32));
            let char = CHARS[self.next(CHARS.len())];
            match self.next(3) {
                0 => chars[at] = char,
                1 => chars.insert(at, char),
                _ => _ = chars.remove(at),
            }
            if chars.is_empty() {
                chars.push(' ');
            }
        }
        chars.into_iter().collect()
    }
}

fn odd() -> Vec<String> {
    let around = |date: &&str| {
        [format!("{date} host x"), format!("x {date}"), format!("[{date}]"), format!("é{date}é")]
    };
    ODD_DATES.iter().flat_map(around).collect()
}

#[test]
fn patterns_find_what_they_find_for_fail2ban() {
    let zone = "Europe/Zurich";
    let Some(mut fail2ban) = Fail2Ban::start(zone) else { return };
    let mut differences = Vec::new();
    let lines: Vec<_> = placed().into_iter().chain(odd()).collect();
    for pattern in PATTERNS {
        let fresh = detector(Some(pattern), zone);
        for line in &lines {
            let now = NOWS[line.len() % NOWS.len()];
            let question =
                Question { pattern: Some(pattern), now, logtimezone: None, lines: vec![line.clone()] };
            differences.extend(compare(&mut fail2ban, &question, fresh.clone()));
        }
    }
    assert_none(differences);
}

#[test]
fn a_stream_of_changing_lines_is_read_as_by_fail2ban() {
    let zone = "America/New_York";
    let Some(mut fail2ban) = Fail2Ban::start(zone) else { return };
    let mut mutations = Mutations(7);
    let plain: Vec<_> = placed().into_iter().chain(odd()).collect();
    let mut differences = Vec::new();
    for round in 0..150 {
        // A few forms take turns, each with its clock going on and now and then a wrong byte.
        let forms: Vec<_> = (0..1 + round % 4).map(|_| plain[mutations.next(plain.len())].clone()).collect();
        let lines = (0..80).map(|_| {
            let form = &forms[mutations.next(forms.len())];
            match mutations.next(4) {
                0 => mutations.change(form),
                1 => form.replace("56", &format!("{:02}", mutations.next(62))),
                2 => form.replace("12:34", &format!("{:02}:{:02}", mutations.next(25), mutations.next(60))),
                _ => form.clone(),
            }
        });
        // Whether the thirties are taken depends on the year in which Fail2Ban runs.
        let lines = lines.filter(|line| !line.contains("203")).collect();
        let pattern = (round % 3 > 0).then(|| PATTERNS[mutations.next(PATTERNS.len())]);
        let question = Question { pattern, now: NOWS[round % NOWS.len()], logtimezone: None, lines };
        differences.extend(compare(&mut fail2ban, &question, detector(pattern, zone)).into_iter().take(3));
    }
    assert_none(differences);
}

#[test]
fn a_zone_for_the_log_shifts_dates_that_name_none() {
    let Some(mut fail2ban) = Fail2Ban::start("UTC") else { return };
    for name in ["UTC+0230", "-05:00", "CET"] {
        let fresh = detector(None, name);
        for line in placed() {
            let question =
                Question { pattern: None, now: NOWS[1], logtimezone: Some(name), lines: vec![line] };
            assert_none(compare(&mut fail2ban, &question, fresh.clone()));
        }
    }
}
