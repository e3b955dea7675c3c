//! Patterns for tests, in the dialect of `re`.

use proptest::prelude::*;

/// Patterns from a small alphabet, so that they often match; `depth` limits nesting.
pub(crate) fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => "[abc]",
        1 => Just(".".to_owned()),
        1 => "\\[\\^?[ab]\\]",
        1 => prop::sample::select(vec![r"\w", r"\W", r"\s", r"\d", r"\b", r"\B", "^", "$", r"\Z", r"\A", "é", "\n", ""])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec![r"\1", r"\2", "(?P=n)", "(?(1)a|b)", "(?(2)b)", "(?(n)a|)"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        let quantifier = prop::sample::select(vec![
            "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{,2}", "{2,}", "*+", "++", "?+", "{1,2}+",
        ]);
        let open = prop::sample::select(vec![
            "(", "(", "(", "(?:", "(?:", "(?P<n>", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?s:", "(?m:",
        ]);
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            3 => (inner.clone(), quantifier).prop_map(|(body, quantifier)| format!("(?:{body}){quantifier}")),
            4 => (open, inner.clone()).prop_map(|(open, body)| format!("{open}{body})")),
            1 => (inner.clone(), inner).prop_map(|(yes, no)| format!("(?(1){yes}|{no})")),
        ]
    })
}
