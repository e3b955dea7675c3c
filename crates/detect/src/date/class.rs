//! What one place of a date pattern takes.

/// Characters: which of ASCII, and which of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) ascii: u128,
    pub(super) wide: Wide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wide {
    None,
    All,
    Word,
    NotWord,
    Space,
    NotSpace,
}

const DIGITS: u128 = 0x3ff << b'0';
const LETTERS: u128 = (0x3ff_ffff << b'A') | (0x3ff_ffff << b'a');
const SPACES: u128 = (0b1_1111 << 9) | (0b1_1111 << 0x1c);

impl Class {
    pub(super) const NOT_WORD: Self = Self { ascii: !(DIGITS | LETTERS | 1 << b'_'), wide: Wide::NotWord };
    pub(super) const LETTERS: Self = Self { ascii: LETTERS, wide: Wide::None };
    pub(super) const NONE: Self = Self { ascii: 0, wide: Wide::None };

    pub(super) const fn ascii_only(self) -> Self {
        Self { wide: Wide::None, ..self }
    }

    pub(super) fn of_byte(byte: u8, ignore_case: bool) -> Self {
        let bit = |byte: u8| 1_u128 << byte;
        let ascii = if ignore_case {
            bit(byte.to_ascii_lowercase()) | bit(byte.to_ascii_uppercase())
        } else {
            bit(byte)
        };
        Self { ascii, wide: Wide::None }
    }

    /// `\d`, `\W` and their like. Digits are ASCII.
    pub(super) fn escape(letter: char) -> Option<Self> {
        Some(match letter {
            'd' => Self { ascii: DIGITS, wide: Wide::None },
            's' => Self { ascii: SPACES, wide: Wide::Space },
            'w' => Self::NOT_WORD.not(),
            'D' | 'S' | 'W' => Self::escape(letter.to_ascii_lowercase())?.not(),
            _ => return None,
        })
    }

    pub(super) fn not(self) -> Self {
        let wide = match self.wide {
            Wide::None => Wide::All,
            Wide::All => Wide::None,
            Wide::Word => Wide::NotWord,
            Wide::NotWord => Wide::Word,
            Wide::Space => Wide::NotSpace,
            Wide::NotSpace => Wide::Space,
        };
        Self { ascii: !self.ascii, wide }
    }

    pub(super) fn or(self, other: Self) -> Option<Self> {
        let wide = match (self.wide, other.wide) {
            (wide, Wide::None) | (Wide::None, wide) => wide,
            (Wide::All, _) | (_, Wide::All) => Wide::All,
            (one, other) if one == other => one,
            _ => return None,
        };
        Some(Self { ascii: self.ascii | other.ascii, wide })
    }
}
