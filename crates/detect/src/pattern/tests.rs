//! What patterns must do that neither needs Python to tell nor belongs to one part alone.

use proptest::prelude::*;
use regex_automata::meta;

use super::*;

fn spans(pattern: &str, text: &str) -> Option<Vec<Option<(usize, usize)>>> {
    let pattern = Pattern::compile(pattern, Flags::default()).unwrap();
    let mut groups = Groups::new();
    let found = pattern.search(text, 0, &mut groups).unwrap();
    let span = |index| groups.span(index).map(|span| (span.start, span.end));
    found.then(|| (0..=pattern.group_count()).map(span).collect())
}

#[test]
fn the_leftmost_match_and_its_groups_are_found() {
    assert_eq!(spans("(a+)(b)?", "xxaac"), Some(vec![Some((2, 4)), Some((2, 4)), None]));
    assert_eq!(spans("b", "aaa"), None);
}

#[test]
fn a_conditional_goes_by_whether_its_group_matched() {
    let pattern = r"^(?P<q>')?(\w+)(?(q)'|!)$";
    assert_eq!(spans(pattern, "'ab'"), Some(vec![Some((0, 4)), Some((0, 1)), Some((1, 3))]));
    assert_eq!(spans(pattern, "ab!"), Some(vec![Some((0, 3)), None, Some((0, 2))]));
    assert_eq!(spans(pattern, "'ab!"), None);
}

#[test]
fn a_dollar_matches_before_a_final_newline_but_the_absolute_end_does_not() {
    assert_eq!(spans("a$", "a\n"), Some(vec![Some((0, 1))]));
    assert_eq!(spans(r"a\Z", "a\n"), None);
    assert_eq!(spans("a$", "a\nb"), None);
}

#[test]
fn a_search_from_within_sees_what_stands_before() {
    let pattern = Pattern::compile(r"(?<=a)b|^c", Flags::default()).unwrap();
    let mut groups = Groups::new();
    assert_eq!(pattern.search("abc", 1, &mut groups), Ok(true));
    assert_eq!(groups.span(0), Some(1..2));
    assert_eq!(pattern.search("abc", 2, &mut groups), Ok(false));
    assert_eq!(groups.span(0), None);
}

#[test]
fn catastrophic_shapes_without_references_are_answered() {
    let text = format!("{}!", "a".repeat(2000));
    for pattern in
        ["(a+)+$", "^(?:(?:(?! from ).)*)*$x", "^(a|aa)+$", "(?:a*)*b", "^(?:(?:a+)+)+b", "(.*)*x.*y"]
    {
        let pattern = Pattern::compile(pattern, Flags::default()).unwrap();
        assert_eq!(pattern.is_match(&text), Ok(false), "{}", pattern.source());
    }
}

#[test]
fn a_catastrophe_that_cannot_be_remembered_runs_over() {
    let pattern = Pattern::compile(r"^(a)?(a|aa)+\1$", Flags::default()).unwrap();
    assert_eq!(pattern.is_match(&format!("{}!", "a".repeat(200))), Err(Overrun));
}

/// Texts that make nested quantifiers suffer.
fn long_text() -> impl Strategy<Value = String> {
    ("[ab]{1,3}", 0..2000usize, "[abcé\n ]{0,3}").prop_map(|(part, times, end)| part.repeat(times) + &end)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn the_superset_holds_every_match(
        source in random_pattern::pattern(),
        texts in prop::collection::vec("[abcé\nA ]{0,12}", 4),
    ) {
        let Ok(pattern) = Pattern::compile(&source, Flags::default()) else { return Ok(()) };
        let superset = meta::Builder::new().build_from_hir(&pattern.superset()).unwrap();
        for text in texts {
            if pattern.is_match(&text) == Ok(true) {
                prop_assert!(superset.is_match(&text), "{:?} matches {:?}", source, text);
            }
        }
    }

    #[test]
    fn a_search_ends_with_or_without_an_answer(source in random_pattern::pattern(), text in long_text()) {
        if let Ok(pattern) = Pattern::compile(&source, Flags::default()) {
            let mut groups = Groups::new();
            let found = pattern.search(&text, 0, &mut groups);
            prop_assert_eq!(groups.span(0).is_some(), found == Ok(true));
        }
    }

    #[test]
    fn any_text_is_compiled_or_refused(source in "\\PC{0,40}|[()\\[\\]{}?*+|^$.\\\\:=!<>P#,0-9a-z-]{0,60}") {
        if let Err(error) = Pattern::compile(&source, Flags::default()) {
            prop_assert!(error.offset <= source.len());
            prop_assert!(source.is_char_boundary(error.offset), "{}", error);
        }
    }
}

#[test]
fn patterns_that_would_grow_too_large_are_refused() {
    for source in [
        "(?:(?:(?:a|b){1000}){1000}){1000}",
        "(?:ab){4000000000}",
        "(?:a|bc){0,4000000000}",
        "(?:(?:^|b){0,2000000000}){2000000000}",
        &"(".repeat(5000),
        &"(a".repeat(100_000),
        &"(?:a*".repeat(50),
    ] {
        let error = Pattern::compile(source, Flags::default()).unwrap_err();
        assert!(error.offset <= source.len());
    }
    // Nothing, however often, is little.
    Pattern::compile("(?:(?:){4000000000}){4000000000}", Flags::default()).unwrap();
}

#[test]
fn errors_say_where() {
    let offset = |source| Pattern::compile(source, Flags::default()).unwrap_err().offset;
    assert_eq!(offset("ab**"), 3);
    assert_eq!(offset("é(?P<n>a)(?P<n>b)"), 10);
    assert_eq!(offset("a[b"), 1);
    assert_eq!(offset(r"ab\q"), 2);
    assert_eq!(offset("ab(?<=c+)"), 2);
    assert_eq!(offset("(a"), 0);
    assert_eq!(offset("a)"), 1);
}
