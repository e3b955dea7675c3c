//! Any pattern (the first line) over any text: it compiles or says why not, and a search ends.
#![no_main]

use detect::pattern::{Flags, Groups, Pattern};
use libfuzzer_sys::fuzz_target;
use regex_automata::meta;

/// So large an automaton is no part of the question.
const AUTOMATON: usize = 256 << 10;

fuzz_target!(|input: &str| {
    let (source, text) = input.split_once('\n').unwrap_or((input, ""));
    let flags = Flags { multiline: text.contains('\n'), ..Flags::default() };
    let pattern = match Pattern::compile(source, flags) {
        Ok(pattern) => pattern,
        Err(error) => return assert!(source.is_char_boundary(error.offset), "{error:?}"),
    };
    let mut groups = Groups::new();
    // Running out of steps is an answer too.
    let Ok(matched) = pattern.search(text, 0, &mut groups) else { return };
    for index in 0..=pattern.group_count() {
        assert!(groups.span(index).is_none_or(|span| text.get(span).is_some()));
    }
    assert_eq!(matched, groups.span(0).is_some());
    if matched {
        covered(&pattern, text);
    }
});

/// What decides first whether a line is looked at must let every match pass.
fn covered(pattern: &Pattern, text: &str) {
    let config = meta::Config::new().nfa_size_limit(Some(AUTOMATON)).hybrid(false).dfa(false).onepass(false);
    if let Ok(superset) = meta::Builder::new().configure(config).build_from_hir(&pattern.superset()) {
        assert!(superset.is_match(text), "the superset does not match");
    }
}
