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
    let found = if class.ignorecase { class_holds_case(class, char) } else { plain(char) };
    found != class.negated
}

/// The ASCII members of a class, each by its bit.
pub(super) fn class_ascii(class: &Class) -> u128 {
    let plain = class.items.iter().fold(0, |ascii, item| ascii | item_ascii(*item));
    let found = if class.ignorecase { plain | other_cases(class, plain) } else { plain };
    if class.negated { !found } else { found }
}

fn item_ascii(item: ClassItem) -> u128 {
    let (members, negated) = match item {
        ClassItem::Range(low, high) => (bits(low, high), false),
        ClassItem::Digit { negated } => (bits('0', '9'), negated),
        ClassItem::Space { negated } => (bits('\t', '\r') | bits('\x1c', ' '), negated),
        ClassItem::Word { negated } => {
            (bits('0', '9') | bits('A', 'Z') | bits('_', '_') | bits('a', 'z'), negated)
        }
    };
    if negated { !members } else { members }
}

/// From one character to another, as far as they are ASCII.
fn bits(low: char, high: char) -> u128 {
    match (u32::from(low), u32::from(high).min(127)) {
        (low, high) if low > high => 0,
        (low, high) => (u128::MAX >> (127 - (high - low))) << low,
    }
}

/// ASCII letters that are members in some other case, given those that are as they stand.
fn other_cases(class: &Class, plain: u128) -> u128 {
    let lower = bits('a', 'z');
    let swapped = (plain & lower) >> 32 | (plain & lower >> 32) << 32;
    // Those with relatives beyond ASCII.
    let special = ['I', 'K', 'S', 'i', 'k', 's'].into_iter().filter(|char| class_holds_case(class, *char));
    special.fold(swapped, |found, char| found | bits(char, char))
}

fn class_holds_case(class: &Class, char: char) -> bool {
    cases(char).into_iter().any(|char| class.items.iter().any(|item| item_contains(*item, char)))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn item() -> impl Strategy<Value = ClassItem> {
        let char = || {
            prop_oneof![
                proptest::char::range('\0', '\u{7f}'),
                Just('\u{130}'),
                Just('\u{17f}'),
                Just('\u{212a}')
            ]
        };
        prop_oneof![
            (char(), char()).prop_map(|(one, other)| ClassItem::Range(one.min(other), one.max(other))),
            char().prop_map(|char| ClassItem::Range(char, char)),
            any::<bool>().prop_map(|negated| ClassItem::Digit { negated }),
            any::<bool>().prop_map(|negated| ClassItem::Space { negated }),
            any::<bool>().prop_map(|negated| ClassItem::Word { negated }),
        ]
    }

    proptest! {
        #[test]
        fn the_bits_of_a_class_are_its_ascii_members(
            negated: bool,
            ignorecase: bool,
            items in proptest::collection::vec(item(), 1..4),
        ) {
            let class = Class { negated, ignorecase, items };
            let expected = (0..128u8).filter(|byte| class_contains(&class, char::from(*byte)));
            prop_assert_eq!(class_ascii(&class), expected.fold(0, |bits, byte| bits | 1 << byte));
        }
    }
}
