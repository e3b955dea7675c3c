//! The same patterns on the same texts, here and in the real `re`: same patterns refused, same matches, same groups.

mod interpreter;
mod python;
mod random_pattern;

use detect::pattern::{Flags, Groups, Pattern};
use proptest::prelude::*;
use python::{Answer, Match, Python};
use regex_automata::meta;

/// What we say, in characters as Python counts them; `None` is an overrun.
fn ours(pattern: &Pattern, text: &str) -> Option<Match> {
    let mut groups = Groups::new();
    let found = pattern.search(text, 0, &mut groups).ok()?;
    let chars = |byte: usize| text[..byte].chars().count();
    let span = |index| groups.span(index).map(|span| [chars(span.start), chars(span.end)]);
    Some(found.then(|| (0..=pattern.group_count()).map(span).collect()))
}

/// One of ours against one of Python's; what differs, if anything does.
fn difference(source: &str, flags: Flags, texts: &[&str], answer: &Answer) -> Option<String> {
    let (pattern, matches) = match (Pattern::compile(source, flags), answer) {
        (Err(_), Answer::Refused(_)) => return None,
        (Err(ours), Answer::Read { .. }) => return Some(format!("{source:?} is refused: {ours}")),
        (Ok(_), Answer::Refused(theirs)) => return Some(format!("{source:?} is taken, by Python: {theirs}")),
        (Ok(pattern), Answer::Read { names, matches, .. }) => {
            if *names != pattern.group_names() {
                return Some(format!("{source:?} has groups {:?}, not {names:?}", pattern.group_names()));
            }
            (pattern, matches)
        }
    };
    for (text, theirs) in texts.iter().zip(matches) {
        let Some(theirs) = theirs else { continue };
        match ours(&pattern, text) {
            Some(ours) if ours == *theirs => {}
            ours => return Some(format!("{source:?} {flags:?} on {text:?}: {ours:?}, by Python {theirs:?}")),
        }
    }
    None
}

fn check(python: &mut Python, source: &str, flags: Flags, texts: &[&str]) -> Result<(), TestCaseError> {
    let answer = python.ask(source, flags, texts);
    match difference(source, flags, texts, &answer) {
        Some(difference) => Err(TestCaseError::fail(difference)),
        None => Ok(()),
    }
}

#[test]
fn chosen_patterns_mean_what_they_mean_in_python() {
    let Some(mut python) = Python::start() else { return };
    let failed: Vec<String> = include_str!("patterns.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("## "))
        .filter_map(|line| {
            let (source, texts) = line.split_once("  <-  ").unwrap_or((line, "a"));
            let texts: Vec<String> = texts.split(" ; ").map(|text| text.replace("\\n", "\n")).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).chain(["", "ab", "aab\n"]).collect();
            let answer = python.ask(source, Flags::default(), &texts);
            difference(source, Flags::default(), &texts, &answer)
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn flags() -> impl Strategy<Value = Flags> {
    any::<[bool; 3]>().prop_map(|[multiline, ignorecase, dotall]| Flags { multiline, ignorecase, dotall })
}

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() }
}

#[test]
fn random_patterns_mean_what_they_mean_in_python() {
    let Some(python) = Python::start() else { return };
    let python = std::cell::RefCell::new(python);
    proptest!(config(3000), |(source in random_pattern::pattern(), flags in flags(), texts in prop::collection::vec("[abcé\nA _]{0,9}", 6))| {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        check(&mut python.borrow_mut(), &source, flags, &texts)?;
    });
}

#[test]
fn random_text_as_a_pattern_is_taken_or_refused_as_in_python() {
    let Some(python) = Python::start() else { return };
    let python = std::cell::RefCell::new(python);
    let source = r"[ab()\[\]{}?*+|^$.\\:=!<>P#,0-9niszAdw-]{0,14}";
    proptest!(config(3000), |(source in source)| {
        check(&mut python.borrow_mut(), &source, Flags::default(), &["ab", "a(b)\n"])?;
    });
}

#[test]
fn the_patterns_of_an_installed_fail2ban_mean_what_they_mean_in_python() {
    let (Some(mut python), Some(patterns)) = (Python::start(), python::fail2ban_patterns()) else { return };
    assert!(patterns.len() > 100, "only {} patterns were read", patterns.len());
    let failed: Vec<String> = patterns
        .iter()
        .filter_map(|(filter, source, texts)| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let answer = python.ask(source, Flags::default(), &texts);
            let difference = difference(source, Flags::default(), &texts, &answer)?;
            Some(format!("{filter}: {difference}"))
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_supersets_of_an_installed_fail2bans_patterns_hold_their_matches() {
    let Some(patterns) = python::fail2ban_patterns() else { return };
    for (filter, source, texts) in patterns {
        let pattern = Pattern::compile(&source, Flags::default()).expect("Python takes it");
        let superset = meta::Builder::new().build_from_hir(&pattern.superset()).expect("not too large");
        for text in texts.iter().filter(|text| pattern.is_match(text) == Ok(true)) {
            assert!(superset.is_match(text), "{filter}: {source:?} on {text:?}");
        }
    }
}
