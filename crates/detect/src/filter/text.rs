//! From a log's bytes to text.

use std::borrow::Cow;

use super::FilterError;

/// A line as text. Most lines are done with as bytes; those that are not are checked to be text when somebody asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'a> {
    /// ASCII, and without a newline but perhaps one at its end.
    Simple(&'a [u8]),
    /// Any other.
    Other(&'a str),
}

impl<'a> Text<'a> {
    pub(super) fn bytes(self) -> &'a [u8] {
        match self {
            Text::Simple(bytes) => bytes,
            Text::Other(text) => text.as_bytes(),
        }
    }

    pub(super) fn as_str(self) -> &'a str {
        match self {
            Text::Simple(bytes) => str::from_utf8(bytes).unwrap_or_default(),
            Text::Other(text) => text,
        }
    }

    /// Without its newline.
    pub(super) fn line(self) -> &'a str {
        let text = self.as_str();
        text.strip_suffix('\n').unwrap_or(text)
    }
}

/// Whether a text is ASCII without a newline. Every line is asked: many bytes at a time, the last ones perhaps twice, take
/// half as long as the standard library's way and a search for the newline do.
pub(super) fn is_simple(text: &[u8]) -> bool {
    const BLOCK: usize = 32;
    // Zero is a newline, and less than zero what is not ASCII: one comparison, which the compiler makes of all at once.
    let simple = |byte: &u8| (byte ^ b'\n').cast_signed() > 0;
    let all_simple = |block: &[u8; BLOCK]| block.iter().fold(true, |all, byte| all & simple(byte));
    match text.last_chunk() {
        Some(last) => all_simple(last) && text.as_chunks().0.iter().all(all_simple),
        None => text.iter().all(simple),
    }
}

/// How a log writes its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    /// Another one in which ASCII is as it is, so that lines end where a newline stands.
    Other(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// By Python's name; `None` and `auto` are UTF-8.
    pub(super) fn parse(name: Option<&str>) -> Result<Encoding, FilterError> {
        let Some(name) = name else { return Ok(Encoding::Utf8) };
        match name.trim().to_ascii_lowercase().replace(['-', '_', ' '], "").as_str() {
            "" | "auto" | "utf8" | "u8" | "utf8sig" => Ok(Encoding::Utf8),
            "ascii" | "usascii" | "646" | "ansix3.41968" => Ok(Encoding::Ascii),
            "latin1" | "latin" | "l1" | "iso88591" | "88591" | "cp819" => Ok(Encoding::Latin1),
            _ => other(name).map(Encoding::Other).ok_or_else(|| FilterError {
                option: "logencoding",
                index: 0,
                offset: 0,
                message: format!("{name:?} is no encoding that is read here: write utf-8, latin-1, cp1252 …"),
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
            Encoding::Other(encoding) => encoding.decode_without_bom_handling(bytes).0,
        }
    }
}

/// An encoding by the name that Python has for it, if it is known and leaves ASCII as it is.
fn other(name: &str) -> Option<&'static encoding_rs::Encoding> {
    let name = name.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    let label = match name.as_str() {
        "mac-roman" | "macroman" => "macintosh",
        "cp932" => "ms932",
        "cp936" => "gbk",
        "cp949" => "windows-949",
        "cp950" => "big5",
        name => name,
    };
    encoding_rs::Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_simple_without_newlines_and_other_characters() {
        for length in 0..70 {
            let text = vec![b'x'; length];
            assert!(is_simple(&text));
            for (at, odd) in (0..length).flat_map(|at| [b'\n', 0x80, 0xff].map(|odd| (at, odd))) {
                let mut text = text.clone();
                text[at] = odd;
                assert!(!is_simple(&text), "{odd} at {at} of {length}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_characters_are_replaced() {
        assert_eq!(Encoding::Utf8.decode(b"a\xff\xc3\xa9"), "a\u{fffd}é");
        assert_eq!(Encoding::Ascii.decode(b"a\xc3\xa9"), "a\u{fffd}\u{fffd}");
        assert_eq!(Encoding::Latin1.decode(b"a\xe9"), "aé");
    }

    #[test]
    fn other_encodings_are_read_too() {
        for (name, bytes, text) in [
            ("cp1252", &b"\x80 a"[..], "€ a"),
            ("ISO8859-15", b"\xa4", "€"),
            ("cp1251", b"\xcf\xf0", "Пр"),
            ("koi8_r", b"\xf0", "П"),
            ("gbk", b"\xd6\xd0 \xff", "中 \u{fffd}"),
            ("shift_jis", b"\x93\xfa", "日"),
            ("cp932", b"\x93\xfa", "日"),
            ("euc_jp", b"\xc6\xfc", "日"),
            ("mac-roman", b"\x8e", "é"),
        ] {
            assert_eq!(Encoding::parse(Some(name)).unwrap().decode(bytes), text, "{name}");
        }
    }

    #[test]
    fn encodings_have_pythons_names() {
        assert_eq!(Encoding::parse(Some("UTF_8")), Ok(Encoding::Utf8));
        assert_eq!(Encoding::parse(Some("iso-8859-1")), Ok(Encoding::Latin1));
        assert_eq!(Encoding::parse(Some("auto")), Ok(Encoding::Utf8));
        for name in ["utf-16", "utf_16le", "utf-32", "iso-2022-jp", "cp437", "klingon"] {
            assert!(Encoding::parse(Some(name)).is_err(), "{name}");
        }
    }
}
