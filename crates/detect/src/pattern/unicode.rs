//! What Python's `str` methods say about characters beyond ASCII.

use std::sync::LazyLock;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange, HirKind};

use super::ast::{Class, ClassItem};

/// `\w`: `str.isalnum()` or an underscore.
pub(super) fn is_word(char: char) -> bool {
    match char {
        '_' => true,
        _ if char.is_ascii() => char.is_ascii_alphanumeric(),
        _ => WORD.contains(char),
    }
}

/// `\d`: decimal digits of any script.
fn is_digit(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_digit() } else { DIGIT.contains(char) }
}

/// `\s`: `str.isspace()`, which has the four separators of ASCII too.
fn is_space(char: char) -> bool {
    matches!(char,
        '\t'..='\r' | '\x1c'..='\x1f' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
        | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Whether a class holds a character.
pub(super) fn class_contains(class: &Class, char: char) -> bool {
    let plain = |char| class.items.iter().any(|item| item_contains(*item, char));
    let found = if class.ignorecase { cases(char).into_iter().any(plain) } else { plain(char) };
    found != class.negated
}

fn item_contains(item: ClassItem, char: char) -> bool {
    match item {
        ClassItem::Range(low, high) => (low..=high).contains(&char),
        ClassItem::Digit { negated } => is_digit(char) != negated,
        ClassItem::Space { negated } => is_space(char) != negated,
        ClassItem::Word { negated } => is_word(char) != negated,
    }
}

/// Whether two characters are the same in some case.
pub(super) fn equal_in_some_case(one: char, other: char) -> bool {
    one == other || cases(one).contains(&other)
}

/// All characters that `re.IGNORECASE` takes for this one, itself among them.
pub(super) fn cases(char: char) -> Vec<char> {
    // Python goes by lower case, and both i's of Turkish have the common one there.
    const I: [char; 4] = ['I', 'i', '\u{130}', '\u{131}'];
    if I.contains(&char) {
        return I.to_vec();
    }
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(char, char)]);
    class.case_fold_simple();
    class.iter().flat_map(|range| range.start()..=range.end()).collect()
}

static WORD: LazyLock<Table> = LazyLock::new(|| Table::parse(r"[\p{L}\p{N}_]"));
static DIGIT: LazyLock<Table> = LazyLock::new(|| Table::parse(r"\p{Nd}"));

/// Sorted ranges.
struct Table(Vec<(char, char)>);

impl Table {
    fn parse(class: &str) -> Table {
        match regex_syntax::parse(class).map(|hir| hir.into_kind()) {
            Ok(HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
                Table(class.iter().map(|range| (range.start(), range.end())).collect())
            }
            other => unreachable!("{class} is a class of characters, not {other:?}"),
        }
    }

    fn contains(&self, char: char) -> bool {
        let after = self.0.partition_point(|(low, _)| *low <= char);
        after > 0 && char <= self.0[after - 1].1
    }
}
