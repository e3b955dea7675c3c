//! `[...]`

use super::escape::Escaped;
use super::{Parser, Result};
use crate::pattern::PatternError;
use crate::pattern::ast::{Class, ClassItem, Kind};

impl Parser<'_> {
    /// After the `[` at `at`.
    pub(super) fn class(&mut self, at: usize) -> Result<Kind> {
        let negated = self.eat('^');
        let mut items = Vec::new();
        // A bracket that comes first is a member.
        while items.is_empty() || !self.eat(']') {
            self.class_item(at, &mut items)?;
        }
        Ok(Kind::Class(Class { negated, ignorecase: self.modes.ignorecase, items }))
    }

    fn class_item(&mut self, at: usize, items: &mut Vec<ClassItem>) -> Result<()> {
        let start = self.pos;
        let low = self.member(at)?;
        if !self.eat('-') {
            items.push(low.item());
            return Ok(());
        }
        if self.peek() == Some(']') {
            items.extend([low.item(), ClassItem::Range('-', '-')]);
            return Ok(());
        }
        match (low, self.member(at)?) {
            (Escaped::Char(low), Escaped::Char(high)) if low <= high => {
                items.push(ClassItem::Range(low, high));
                Ok(())
            }
            _ => {
                let message = format!("bad character range {}", &self.source[start..self.pos]);
                Err(PatternError::new(start, message))
            }
        }
    }

    fn member(&mut self, class: usize) -> Result<Escaped> {
        let at = self.pos;
        match self.next() {
            None => Err(PatternError::new(class, "unterminated character set")),
            Some('\\') => self.class_escape(at),
            Some(char) => Ok(Escaped::Char(char)),
        }
    }
}

impl Escaped {
    fn item(self) -> ClassItem {
        match self {
            Escaped::Char(char) => ClassItem::Range(char, char),
            Escaped::Set(item) => item,
        }
    }
}
