//! What a backslash begins.

use super::{Parser, Result};
use crate::pattern::PatternError;
use crate::pattern::ast::{Anchor, Class, ClassItem, Kind};

/// An escape that stands for characters, within a class or outside.
pub(super) enum Escaped {
    Char(char),
    Set(ClassItem),
}

impl Parser<'_> {
    /// Outside a class, after the backslash at `at`.
    pub(super) fn escape(&mut self, at: usize) -> Result<Kind> {
        let anchor = match self.peek() {
            Some('A') => Anchor::Start,
            Some('Z') => Anchor::End,
            Some('b') => Anchor::WordBoundary,
            Some('B') => Anchor::NotWordBoundary,
            Some('1'..='9') => return self.reference_or_octal(at),
            _ => {
                return Ok(match self.character_escape(at)? {
                    Escaped::Char(char) => self.literal(char),
                    Escaped::Set(item) => {
                        Kind::Class(Class { negated: false, ignorecase: false, items: vec![item] })
                    }
                });
            }
        };
        self.pos += 1;
        Ok(Kind::Anchor(anchor))
    }

    /// Within a class, after the backslash at `at`.
    pub(super) fn class_escape(&mut self, at: usize) -> Result<Escaped> {
        match self.peek() {
            Some('b') => {
                self.pos += 1;
                Ok(Escaped::Char('\x08'))
            }
            Some('1'..='7') => Ok(Escaped::Char(self.octal(at, 3)?)),
            _ => self.character_escape(at),
        }
    }

    /// Escapes that mean the same in both places.
    fn character_escape(&mut self, at: usize) -> Result<Escaped> {
        let Some(char) = self.next() else {
            return Err(PatternError::new(at, "bad escape (end of pattern)"));
        };
        let char = match char {
            'd' | 'D' => return Ok(Escaped::Set(ClassItem::Digit { negated: char == 'D' })),
            's' | 'S' => return Ok(Escaped::Set(ClassItem::Space { negated: char == 'S' })),
            'w' | 'W' => return Ok(Escaped::Set(ClassItem::Word { negated: char == 'W' })),
            'a' => '\x07',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'x' => self.hex(at, 2)?,
            'u' => self.hex(at, 4)?,
            'U' => self.hex(at, 8)?,
            'N' => return Err(PatternError::new(at, "\\N{...} is not supported")),
            '0' => {
                self.pos -= 1;
                self.octal(at, 3)?
            }
            _ if char.is_ascii_alphanumeric() => {
                return Err(PatternError::new(at, format!("bad escape \\{char}")));
            }
            _ => char,
        };
        Ok(Escaped::Char(char))
    }

    /// Exactly `count` digits.
    fn hex(&mut self, at: usize, count: usize) -> Result<char> {
        let digits = self.digits(count, 16);
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == count);
        let Some(value) = value else {
            return Err(PatternError::new(at, format!("incomplete escape {}", &self.source[at..self.pos])));
        };
        char::from_u32(value)
            .ok_or_else(|| PatternError::new(at, format!("bad escape {}", &self.source[at..self.pos])))
    }

    /// At least one digit, at most `most`.
    fn octal(&mut self, at: usize, most: usize) -> Result<char> {
        let digits = self.digits(most, 8);
        match u32::from_str_radix(digits, 8).ok().filter(|value| *value <= 0o377).and_then(char::from_u32) {
            Some(char) => Ok(char),
            None => {
                let message = format!("octal escape value \\{digits} outside of range 0-0o377");
                Err(PatternError::new(at, message))
            }
        }
    }

    fn digits(&mut self, most: usize, radix: u32) -> &str {
        let start = self.pos;
        while self.pos - start < most && self.peek().is_some_and(|char| char.is_digit(radix)) {
            self.pos += 1;
        }
        &self.source[start..self.pos]
    }

    /// Three octal digits are a character; one or two decimal digits are a group.
    fn reference_or_octal(&mut self, at: usize) -> Result<Kind> {
        let bytes = &self.source.as_bytes()[self.pos..];
        let octal = bytes.len() >= 3 && bytes[..3].iter().all(|byte| (b'0'..=b'7').contains(byte));
        if octal {
            let char = self.octal(at, 3)?;
            return Ok(self.literal(char));
        }
        let digits = self.digits(2, 10);
        let group = digits.parse().unwrap_or(usize::MAX);
        self.reference(at, group)
    }

    /// A back-reference to `group`, which must be closed.
    pub(super) fn reference(&mut self, at: usize, group: usize) -> Result<Kind> {
        let Some(opened) = self.groups.get(group) else {
            return Err(PatternError::new(at, format!("invalid group reference {group}")));
        };
        if opened.width.is_none() {
            return Err(PatternError::new(at, "cannot refer to an open group"));
        }
        self.check_reference_in_lookbehind(at, group)?;
        Ok(Kind::Backreference { group, ignorecase: self.modes.ignorecase })
    }

    /// A look-behind runs from its start, so its own groups are not there yet when their width is needed.
    pub(super) fn check_reference_in_lookbehind(&self, at: usize, group: usize) -> Result<()> {
        let Some(from) = self.behind_from else { return Ok(()) };
        if self.groups.get(group).is_none_or(|opened| opened.width.is_none()) {
            return Err(PatternError::new(at, "cannot refer to an open group"));
        }
        if group >= from {
            let message = "cannot refer to group defined in the same lookbehind subpattern";
            return Err(PatternError::new(at, message));
        }
        Ok(())
    }
}
