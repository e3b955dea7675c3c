//! Changing a list of strings without touching what stands around them.
//!
//! A comment behind a string belongs to it, but is kept by the parser before what comes next.

use toml_edit::{Array, Value};

/// What a list over several lines has before each string.
const INDENT: &str = "\n    ";

/// The string comes before what is at `at`.
pub(super) fn insert(array: &mut Array, at: usize, text: &str) {
    let over_lines = array.is_empty() || array.iter().any(|value| prefix(value).contains('\n'));
    let mut value = Value::from(text);
    if !over_lines {
        let (own, next) = if at == 0 { ("", " ") } else { (" ", " ") };
        value.decor_mut().set_prefix(own);
        if let Some(following) = array.get_mut(at).filter(|_| at == 0) {
            following.decor_mut().set_prefix(next);
        }
        return array.insert_formatted(at, value);
    }
    let indent = array.iter().map(prefix).find_map(indent).unwrap_or(INDENT).to_owned();
    let (behind, before) = split(&prefix_at(array, at));
    let before = if before.is_empty() { "\n".to_owned() } else { before };
    value.decor_mut().set_prefix(format!("{behind}{indent}"));
    set_prefix_at(array, at, before);
    array.insert_formatted(at, value);
    array.set_trailing_comma(true);
}

/// The string takes the place of what is at `at`.
pub(super) fn replace(array: &mut Array, at: usize, text: &str) {
    array.replace(at, text);
}

/// What is at `at` goes, and the comment behind it. Comments on lines of their own stay.
pub(super) fn remove(array: &mut Array, at: usize) {
    let (behind, lines) = split(&prefix_at(array, at));
    let (_, after) = split(&prefix_at(array, at + 1));
    let own_comments = lines.trim_end_matches([' ', '\t']).trim_end_matches('\n');
    let kept = match (at + 1 == array.len(), lines.contains('\n')) {
        // A single line stays one.
        (_, false) => {
            if at == 0 {
                String::new()
            } else {
                prefix_at(array, at + 1)
            }
        }
        (_, true) => format!("{behind}{own_comments}{after}"),
    };
    array.remove(at);
    set_prefix_at(array, at, kept);
}

fn prefix(value: &Value) -> &str {
    value.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default()
}

/// What stands before the string at `at`, or before the end of the list.
fn prefix_at(array: &Array, at: usize) -> String {
    match array.get(at) {
        Some(value) => prefix(value).to_owned(),
        None => array.trailing().as_str().unwrap_or_default().to_owned(),
    }
}

fn set_prefix_at(array: &mut Array, at: usize, prefix: String) {
    match array.get_mut(at) {
        Some(value) => value.decor_mut().set_prefix(prefix),
        None => array.set_trailing(prefix),
    }
}

/// What stands on the line of the string before, and what follows from the end of that line on.
fn split(prefix: &str) -> (String, String) {
    let at = prefix.find('\n').unwrap_or(0);
    (prefix[..at].to_owned(), prefix[at..].to_owned())
}

/// The last line end and what is before the string.
fn indent(prefix: &str) -> Option<&str> {
    prefix.rfind('\n').map(|at| &prefix[at..])
}
