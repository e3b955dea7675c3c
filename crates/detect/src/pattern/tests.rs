//! What patterns must do that neither needs Python to tell nor belongs to one part alone.

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
