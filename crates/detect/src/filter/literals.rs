//! Text that every match of a pattern holds.

use crate::pattern::ast::{Kind, Node};

use super::rule::Rule;

/// More alternatives than these say too little.
const MOST: usize = 400;
/// Shorter texts are in too many lines.
const SHORTEST: usize = 4;
/// Longer texts are hardly ever in a line that does not match.
const LONG: usize = 8;

/// Texts of which every match holds at least one, in lower case; `None` if there is nothing like that.
///
/// A line without any of them, whatever its case, does not match.
pub(super) fn required(node: &Node) -> Option<Vec<String>> {
    match &node.kind {
        Kind::Concat(nodes) => of_concat(nodes),
        Kind::Alternate(nodes) => {
            let all: Option<Vec<_>> = nodes.iter().map(required).collect();
            all.map(|all| all.concat()).filter(|all| all.len() <= MOST)
        }
        Kind::Group { body, .. } | Kind::Atomic(body) => required(body),
        Kind::Repeat { min, body, .. } if *min > 0 => required(body),
        Kind::Literal { .. } => character(node).map(|char| vec![char.to_string()]),
        _ => None,
    }
}

/// Texts of which a line, or one of the lines, that matches the filter holds one.
pub(super) fn required_by(prefix: Option<&Rule>, rules: &[Rule]) -> Option<Vec<String>> {
    let of = |rule: &Rule| required(&rule.pattern.ast().root);
    let rules: Option<Vec<_>> = rules.iter().map(of).collect();
    prefix.and_then(of).into_iter().chain(rules.map(|rules| rules.concat())).max_by_key(|texts| worth(texts))
}

/// The best that one of the parts, or a run of characters, has to offer.
fn of_concat(nodes: &[Node]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut offer = |texts: Vec<String>| {
        if best.as_deref().is_none_or(|best| worth(&texts) > worth(best)) {
            best = Some(texts);
        }
    };
    let mut run = String::new();
    for node in nodes {
        match character(node) {
            Some(char) => run.push(char),
            None => {
                offer(vec![std::mem::take(&mut run)]);
                required(node).into_iter().for_each(&mut offer);
            }
        }
    }
    offer(vec![run]);
    best.filter(|best| worth(best) > 0)
}

/// Long texts are rare in lines that do not match; many make up for that. Shorter ones than [`SHORTEST`] are for want of
/// any other.
fn worth(texts: &[String]) -> usize {
    let shortest = texts.iter().map(String::len).min().unwrap_or(0);
    match shortest {
        0..SHORTEST => shortest,
        SHORTEST..LONG => (MOST + shortest * 8).saturating_sub(texts.len()),
        _ => (2 * MOST + shortest * 8).saturating_sub(texts.len()),
    }
}

/// An ASCII character, in lower case, and no newline: the text is to be found within a line. In any case, `k` and `s` have relatives beyond ASCII.
fn character(node: &Node) -> Option<char> {
    match node.kind {
        Kind::Literal { char, ignorecase } if char.is_ascii() && char != '\n' => {
            let lower = char.to_ascii_lowercase();
            (!ignorecase || !matches!(lower, 'k' | 's')).then_some(lower)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Flags, Pattern};

    fn of(source: &str) -> Option<Vec<String>> {
        required(&Pattern::compile(source, Flags::default()).unwrap().ast().root)
    }

    fn texts(texts: &[&str]) -> Option<Vec<String>> {
        Some(texts.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn the_longest_text_that_cannot_be_missing_is_taken() {
        assert_eq!(of(r"^Failed \S+ for .* from x$"), texts(&["failed "]));
        assert_eq!(of(r"a(?:long|longer) b"), texts(&["long", "longer"]));
        assert_eq!(of(r"(?:missing)?here"), texts(&["here"]));
        assert_eq!(of(r"(here)+(?=not)\d"), texts(&["here"]));
    }

    #[test]
    fn a_pattern_may_have_none() {
        for source in [r"\d+", "(?:abc|)", "(?!abc)", "(?:abc)*", "(?i)k"] {
            assert_eq!(of(source), None, "{source}");
        }
    }

    #[test]
    fn letters_with_relatives_beyond_ascii_are_no_literals_in_any_case() {
        assert_eq!(of("(?i)user failed"), texts(&["er failed"]));
    }
}
