use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::date::builtin::PATTERNS;

/// 2024-06-15 12:00 UTC.
const NOW: Time = Time::from_secs(1_718_452_800);

fn detector(pattern: Option<&str>) -> DateDetector {
    DateDetector::compile(pattern, Zone::parse(Some("UTC")).unwrap()).unwrap()
}

fn text(found: &Found) -> Option<String> {
    let time = jiff::Timestamp::from_microsecond(found.time?.as_micros()).unwrap();
    Some(time.strftime("%F %T").to_string())
}

#[test]
fn every_built_in_pattern_reads_its_sample() {
    for (pattern, date) in PATTERNS {
        let mut detector = detector(None);
        for line in [format!("{date} host x"), format!("{date} host x"), date.to_owned()] {
            let found = detector.find(&line, NOW).unwrap();
            assert_eq!(found.span, 0..date.len(), "{pattern}");
            let expected = match date.len() {
                8 => "2024-06-14 12:34:56",
                _ if date.starts_with("2024-06-01T") || date.ends_with("+0200") => "2024-06-01 10:34:56",
                _ if date.starts_with("06-21") => "2024-06-21 12:34:56",
                _ if date.starts_with("PDT") => "2024-06-01 19:34:56",
                _ if date == "1717238096" => "2024-06-01 10:34:56",
                _ if date.starts_with('@') => "2024-06-01 11:50:50",
                _ => "2024-06-01 12:34:56",
            };
            assert_eq!(text(&found).as_deref(), Some(expected), "{pattern}: {line}");
        }
    }
}

#[test]
fn a_date_without_separators_may_have_them_in_its_time() {
    for date in ["20240601-12:34:56", "20240601 12:34:56,5", "20240601T12:34:56Z", "20240601-123456"] {
        let found = detector(None).find(&format!("{date} x"), NOW).unwrap();
        assert_eq!(found.span, 0..date.len());
        assert_eq!(text(&found).as_deref(), Some("2024-06-01 12:34:56"));
    }
}

#[test]
fn a_date_in_the_message_does_not_win_over_the_one_at_the_start() {
    let mut detector = detector(None);
    for _ in 0..3 {
        let found = detector
            .find("Jun  1 12:34:56 x: 2001-01-01 00:00:00 [01/Jan/2001:00:00:00 +0000]", NOW)
            .unwrap();
        assert_eq!(found.span, 0..15);
    }
}

#[test]
fn a_clock_read_again_is_the_same_moment_on_the_same_day_only() {
    let mut detector = detector(None);
    for (line, expected) in [
        ("2024-06-01T12:34:56.000001Z host x: 1", "2024-06-01 12:34:56"),
        ("2024-06-01T12:34:56.000001Z host x: 2", "2024-06-01 12:34:56"),
        ("2024-06-01T12:34:56.999999Z host x: 3", "2024-06-01 12:34:56"),
        ("2024-06-02T12:34:56.000001Z host x: 4", "2024-06-02 12:34:56"),
        ("2024-06-02T12:34:57.000001Z host x: 5", "2024-06-02 12:34:57"),
        ("2024-06-02T12:34:57.000001+02:00 host", "2024-06-02 10:34:57"),
    ] {
        assert_eq!(text(&detector.find(line, NOW).unwrap()).unwrap(), expected, "{line}");
    }
    let mut yearless = self::detector(None);
    for (now, expected) in
        [(NOW, "2024-06-01 12:34:56"), (NOW - Duration::from_secs(366 * 86_400), "2023-06-01 12:34:56")]
    {
        for _ in 0..3 {
            let found = yearless.find("Jun  1 12:34:56 host sshd[1]: text", now).unwrap();
            assert_eq!(text(&found).unwrap(), expected);
        }
    }
}

#[test]
fn an_empty_match_cuts_nothing_out() {
    let found = detector(Some("{NONE}")).find("Jun  1 12:34:56 x", NOW).unwrap();
    assert_eq!(found, Found { time: None, span: 0..0 });
    assert_eq!(detector(Some("{NONE}")).find("", NOW).unwrap().span, 0..0);
}

#[test]
fn the_group_is_cut_out_and_not_what_stands_around_it() {
    let line = "192.0.2.1 - - [01/Jun/2024:12:34:56 +0200] \"GET /\"";
    let found = detector(Some(r"^[^\[]*\[({DATE})")).find(line, NOW).unwrap();
    assert_eq!(&line[found.span], "01/Jun/2024:12:34:56 +0200");
    let found = detector(Some(r"^[^\[]*(\[{DATE}\s*\])")).find(line, NOW).unwrap();
    assert_eq!(&line[found.span], "[01/Jun/2024:12:34:56 +0200]");
}

#[test]
fn errors_point_into_the_datepattern() {
    let at = |pattern| DateDetector::compile(Some(pattern), Zone::parse(None).unwrap()).unwrap_err().offset;
    assert_eq!(at("%Q"), 0);
    assert_eq!(at("^{DATE}\n  ^%d %Q"), 14);
    assert_eq!(at("%d\n%d %d"), 3);
    assert_eq!(at("{^LN-BEG}\n(%d"), 10);
    assert_eq!(at("%d\n%d"), 3);
    assert_eq!(at("^%Y {DATE}"), 0);
}

#[test]
fn detectors_of_one_pattern_and_zone_are_the_same() {
    assert!(detector(None).same_pattern(&detector(None)));
    assert!(!detector(None).same_pattern(&detector(Some("^{DATE}"))));
    let zurich = DateDetector::compile(None, Zone::parse(Some("Europe/Zurich")).unwrap()).unwrap();
    assert!(!detector(None).same_pattern(&zurich));
}

#[test]
fn long_hostile_lines_end() {
    let mut detectors = [
        None,
        Some("^[^-]+ -- [^-]+ -- - ({DATE})"),
        Some("(?:[^x]*[^y]*)+%Y"),
        Some("(?:a|%d|:)*%H"),
        Some("(?=(a*)*b)%Y"),
    ]
    .map(detector);
    let long = |part: &str| part.repeat(200_000 / part.len());
    for line in ["a", "1", "1:", "Jan ", "2", "- -- ", "é", "audit(", "[", "12/12/"].map(long) {
        for detector in &mut detectors {
            detector.find(&line, NOW);
        }
    }
}

/// Lines with dates, or nearly.
fn line() -> impl Strategy<Value = String> {
    let dates: Vec<&str> = PATTERNS.iter().map(|(_, date)| *date).collect();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), "[0-9]|[ -~]|é"), 0..3);
    let before = prop::sample::select(vec!["", "", "", "[", "é", "- ", "host x ["]);
    (before, prop::sample::select(dates), "[ -~é]{0,12}", changes).prop_map(
        |(before, date, after, changes)| {
            let mut chars: Vec<char> = format!("{before}{date}{after}").chars().collect();
            for (at, new) in changes {
                let at = at.index(chars.len());
                chars[at] = new.chars().next().unwrap_or_default();
            }
            chars.into_iter().collect()
        },
    )
}

proptest! {
    #[test]
    fn a_line_in_which_a_pattern_matches_shows_what_it_needs(line in line()) {
        const MORE: &str = "^(?:%Y-)?%m-%d[ T]%H:%M:%S(?:\\.%f)?\n^.?%j (?:\\w+ )?%H:%M\n{^LN-BEG}LEPOCH\n\
            ^(?P<_x>[é/-])?%d%m(?P=_x)%Y\n^(?P<_x>[é/-])%y(?P=_x)%m\n^\\d*%H\n^[^\\[]*\\[({DATE})";
        for pattern in [None, Some("EPOCH"), Some("{^LN-BEG}"), Some(MORE)] {
            let mut detector = detector(pattern);
            for template in &mut detector.templates {
                if template.search(&line, 0, &mut detector.stack).is_some() {
                    prop_assert!(template.needs().are_met(&Seen::from(&*line)), "{}", template.pattern);
                    prop_assert!(detector.needs.are_met(&Seen::from(&*line)), "{}", template.pattern);
                }
            }
        }
    }

    #[test]
    fn the_times_of_a_day_are_read_as_each_by_itself(
        clocks in prop::collection::vec((0u8..25, 0u8..61, 0u8..61), 1..8),
        // On two of them the clock is changed; the third is none.
        day in prop::sample::select(&["2024-03-31", "2024-10-27", "2024-02-30"]),
    ) {
        let zone = Zone::parse(Some("Europe/Zurich")).unwrap();
        let detector = || DateDetector::compile(Some("^%Y-%m-%d %H:%M:%S"), zone.clone()).unwrap();
        let mut for_all = detector();
        for (hour, minute, second) in clocks.into_iter().flat_map(|clock| [clock, clock]) {
            let line = format!("{day} {hour:02}:{minute:02}:{second:02} host x: a text");
            prop_assert_eq!(for_all.find(&line, NOW), detector().find(&line, NOW), "{}", line);
        }
    }

    #[test]
    fn no_line_and_no_pattern_panics(
        pattern in r"([\^$(){}\[\]|?*+.\\%é\-,]|%[a-zA-Z]|%Ex[a-zA-Z]|\{DATE\}|\{EPOCH\}|\{\^LN-BEG\}|\n| |[a-z0-9])*",
        lines in prop::collection::vec(any::<String>(), 1..4),
        date in prop::sample::select(PATTERNS.iter().map(|(_, date)| *date).collect::<Vec<_>>()),
        now in any::<i64>(),
    ) {
        let zone = Zone::parse(Some("Europe/Zurich")).unwrap();
        let Ok(mut detector) = DateDetector::compile(Some(&pattern), zone) else { return Ok(()) };
        for line in lines.iter().flat_map(|line| [line.clone(), format!("{date}{line}"), format!("{line}{date}")]) {
            if let Some(found) = detector.find(&line, Time::from_micros(now)) {
                prop_assert!(line.get(found.span).is_some());
            }
        }
    }
}
