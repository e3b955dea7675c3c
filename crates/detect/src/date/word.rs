//! Python's `\w` and `\s` on UTF-8.

use std::sync::LazyLock;

/// Letters and numbers beyond ASCII, as sorted ranges.
static WIDE: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let Ok(hir) = regex_syntax::parse(r"[\p{L}\p{N}--\x00-\x7F]") else { return Vec::new() };
    match hir.kind() {
        regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
            class.ranges().iter().map(|range| (range.start(), range.end())).collect()
        }
        _ => Vec::new(),
    }
});

pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

pub(super) fn is_word(char: char) -> bool {
    match u8::try_from(char) {
        Ok(byte) if byte.is_ascii() => is_word_byte(byte),
        _ => {
            let after = WIDE.partition_point(|(from, _)| *from <= char);
            after > 0 && char <= WIDE[after - 1].1
        }
    }
}

pub(super) fn is_space(char: char) -> bool {
    char.is_whitespace() || ('\x1c'..='\x1f').contains(&char)
}

/// Whether the text, which begins a character, begins with a word character.
pub(super) fn begins_with(text: &[u8]) -> bool {
    match text.first() {
        None => false,
        Some(byte) if byte.is_ascii() => is_word_byte(*byte),
        Some(_) => first(text).is_some_and(is_word),
    }
}

/// Whether the text, which ends a character, ends with a word character.
pub(super) fn ends_with(text: &[u8]) -> bool {
    match text.last() {
        None => false,
        Some(byte) if byte.is_ascii() => is_word_byte(*byte),
        Some(_) => {
            let start = text.iter().rposition(|byte| byte & 0xC0 != 0x80).unwrap_or(0);
            first(&text[start..]).is_some_and(is_word)
        }
    }
}

/// The first character of valid UTF-8.
pub(super) fn first(text: &[u8]) -> Option<char> {
    let length = match text.first()? {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    };
    str::from_utf8(text.get(..length)?).ok()?.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_numbers_and_underscores_of_all_scripts() {
        for char in ['a', 'Z', '0', '_', 'é', 'ß', 'я', '中', '²', '½', 'ª', '٣'] {
            assert!(is_word(char), "{char}");
        }
        for char in [' ', '-', '\0', '\u{7f}', '€', '«', '\u{a0}', '\u{301}', '\u{200d}', '“', '\u{fffd}']
        {
            assert!(!is_word(char), "{char:?}");
        }
    }

    #[test]
    fn ends_of_texts() {
        assert!(begins_with("é ".as_bytes()) && !ends_with("é ".as_bytes()));
        assert!(!begins_with("€x".as_bytes()) && ends_with("€x".as_bytes()));
        assert!(ends_with("x中".as_bytes()) && !ends_with(b"") && !begins_with(b""));
    }
}
