//! From a log's bytes to text.

use std::borrow::Cow;

use super::FilterError;

/// How a log writes its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Ascii,
    Latin1,
}

impl Encoding {
    /// By Python's name; `None` and `auto` are UTF-8.
    pub(super) fn parse(name: Option<&str>) -> Result<Encoding, FilterError> {
        let Some(name) = name else { return Ok(Encoding::Utf8) };
        match name.trim().to_ascii_lowercase().replace(['-', '_', ' '], "").as_str() {
            "" | "auto" | "utf8" | "u8" | "utf8sig" => Ok(Encoding::Utf8),
            "ascii" | "usascii" | "646" | "ansix3.41968" => Ok(Encoding::Ascii),
            "latin1" | "latin" | "l1" | "iso88591" | "88591" | "cp819" => Ok(Encoding::Latin1),
            _ => Err(FilterError {
                option: "logencoding",
                index: 0,
                offset: 0,
                message: format!("{name:?} is no encoding that is read here: write utf-8, ascii or latin-1"),
            }),
        }
    }

    /// The text; what the encoding does not know becomes U+FFFD.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        if let Ok(text) = simdutf8::basic::from_utf8(bytes)
            && (self == Encoding::Utf8 || text.is_ascii())
        {
            return Cow::Borrowed(text);
        }
        match self {
            Encoding::Utf8 => String::from_utf8_lossy(bytes),
            Encoding::Ascii => {
                let char =
                    |&byte: &u8| if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER };
                Cow::Owned(bytes.iter().map(char).collect())
            }
            Encoding::Latin1 => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
        }
    }
}

/// A line without the carriage returns and newlines at its end.
pub(super) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r' | b'\n'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_characters_are_replaced() {
        assert_eq!(Encoding::Utf8.decode(b"a\xff\xc3\xa9"), "a\u{fffd}é");
        assert_eq!(Encoding::Ascii.decode(b"a\xc3\xa9"), "a\u{fffd}\u{fffd}");
        assert_eq!(Encoding::Latin1.decode(b"a\xe9"), "aé");
    }

    #[test]
    fn encodings_have_pythons_names() {
        assert_eq!(Encoding::parse(Some("UTF_8")), Ok(Encoding::Utf8));
        assert_eq!(Encoding::parse(Some("iso-8859-1")), Ok(Encoding::Latin1));
        assert_eq!(Encoding::parse(Some("auto")), Ok(Encoding::Utf8));
        assert!(Encoding::parse(Some("utf-16le")).is_err());
    }

    #[test]
    fn line_ends_are_no_part_of_a_line() {
        assert_eq!(trim_end(b"a\rb\r\r"), b"a\rb");
    }
}
