//! Patterns for tests, in the dialect of `re`.

use proptest::prelude::*;
use proptest::sample::select;

/// Patterns from a small alphabet, so that they often match. Most refer to groups that there are.
pub(crate) fn pattern() -> impl Strategy<Value = String> {
    let beginning = select(vec![
        "",
        "(a)?",
        "(?P<n>a*)",
        "(?P<n>a|ab)*?",
        "(?:(?P<n>a)|a)",
        "(?:(a)|(?P<n>b))*",
        "(?:(?P<n>a)|(?:aa)?)(b)?",
        "(?P<n>a*?)[ab]*",
    ]);
    (beginning, body()).prop_map(|(beginning, body)| format!("{beginning}{body}"))
}

fn body() -> impl Strategy<Value = String> {
    leaf().prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            3 => (inner.clone(), quantifier()).prop_map(|(body, quantifier)| format!("(?:{body}){quantifier}")),
            4 => (opening(), inner.clone()).prop_map(|(open, body)| format!("{open}{body})")),
            1 => (inner.clone(), inner).prop_map(|(yes, no)| format!("(?(1){yes}|{no})")),
        ]
    })
}

fn leaf() -> impl Strategy<Value = String> {
    let classes = vec![r"\w", r"\W", r"\s", r"\d", ".", "[^a]", "[ab]", "é", "\n", ""];
    let places = vec![r"\b", r"\B", "^", "$", r"\Z", r"\A"];
    let references = vec![r"\1", r"\1", "(?P=n)", "(?(1)a|b)", "(?(1)b)", "(?(n)a|)"];
    prop_oneof![
        6 => "[abc]",
        2 => select(classes).prop_map(str::to_owned),
        1 => select(places).prop_map(str::to_owned),
        2 => select(references).prop_map(str::to_owned),
    ]
}

fn quantifier() -> impl Strategy<Value = &'static str> {
    select(vec![
        "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{,2}", "{2,}", "*+", "++", "?+", "{1,2}+",
    ])
}

fn opening() -> impl Strategy<Value = &'static str> {
    select(vec![
        "(", "(", "(", "(?:", "(?=", "(?=", "(?!", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?s:", "(?m:",
    ])
}
