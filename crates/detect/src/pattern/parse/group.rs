//! What a parenthesis begins.

use super::flags::{Modes, Scope};
use super::{Form, Item, MAX_DEPTH, Opened, Parser, Result};
use crate::pattern::PatternError;
use crate::pattern::ast::{Kind, Look, Node, Width};

impl Parser<'_> {
    /// After the `(` at `at`. A comment and flags for the whole pattern are no item; only `first` may have the latter.
    pub(super) fn parenthesis(&mut self, at: usize, first: bool) -> Result<Option<Item>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PatternError::new(at, format!("more than {MAX_DEPTH} nested groups")));
        }
        let kind = self.group(at, first)?;
        self.depth -= 1;
        Ok(kind.map(|kind| Item { node: Node { span: at..self.pos, kind }, form: Form::Plain }))
    }

    fn group(&mut self, at: usize, first: bool) -> Result<Option<Kind>> {
        if !self.eat('?') {
            return self.capture(at, None).map(Some);
        }
        let here = self.pos;
        let kind = match self.next() {
            None => return Err(self.error("unexpected end of pattern")),
            Some('P') => self.python_extension(at)?,
            Some(':') => self.body(at)?.kind,
            Some('#') => return self.comment(at).map(|()| None),
            Some('=') => self.look(at, false, false)?,
            Some('!') => self.look(at, true, false)?,
            Some('<') if self.eat('=') => self.look(at, false, true)?,
            Some('<') if self.eat('!') => self.look(at, true, true)?,
            Some('(') => self.conditional(at)?,
            Some('>') => Kind::Atomic(Box::new(self.body(at)?)),
            Some(char) if char == '-' || char.is_ascii_alphabetic() => {
                self.pos = here;
                return self.flagged(at, first);
            }
            Some(_) => {
                return Err(PatternError::new(
                    here,
                    format!("unknown extension {}", &self.source[at + 1..self.pos]),
                ));
            }
        };
        Ok(Some(kind))
    }

    /// `...)`
    fn body(&mut self, at: usize) -> Result<Node> {
        let node = self.alternation(false)?;
        self.close(at)?;
        Ok(node)
    }

    fn close(&mut self, at: usize) -> Result<()> {
        match self.eat(')') {
            true => Ok(()),
            false => Err(PatternError::new(at, "missing ), unterminated subpattern")),
        }
    }

    fn comment(&mut self, at: usize) -> Result<()> {
        match self.source[self.pos..].find(')') {
            Some(end) => {
                self.pos += end + 1;
                Ok(())
            }
            None => Err(PatternError::new(at, "missing ), unterminated comment")),
        }
    }

    fn flagged(&mut self, at: usize, first: bool) -> Result<Option<Kind>> {
        match self.inline_flags()? {
            Scope::All(modes) if first => {
                self.modes = modes;
                Ok(None)
            }
            Scope::All(_) => Err(PatternError::new(at, "global flags not at the start of the expression")),
            Scope::Group(modes) => self.with(modes, |parser| parser.body(at)).map(|node| Some(node.kind)),
        }
    }

    fn with<T>(&mut self, modes: Modes, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = std::mem::replace(&mut self.modes, modes);
        let result = read(self);
        self.modes = outer;
        result
    }

    fn capture(&mut self, at: usize, name: Option<String>) -> Result<Kind> {
        let index = self.groups.len();
        if let Some(name) = &name
            && let Some(other) = self.named(name)
        {
            let message = format!("redefinition of group name {name:?} as group {index}; was group {other}");
            return Err(PatternError::new(at, message));
        }
        self.groups.push(Opened { name, width: None });
        let body = Box::new(self.body(at)?);
        self.groups[index].width = Some(self.width(&body));
        Ok(Kind::Group { index, body })
    }

    fn python_extension(&mut self, at: usize) -> Result<Kind> {
        match self.next() {
            Some('<') => {
                let name = self.name('>')?;
                self.capture(at, Some(name))
            }
            Some('=') => {
                let here = self.pos;
                let name = self.name(')')?;
                let group = self.known(&name, here)?;
                self.reference(here, group)
            }
            None => Err(self.error("unexpected end of pattern")),
            Some(char) => Err(PatternError::new(at + 1, format!("unknown extension ?P{char}"))),
        }
    }

    /// A group's name up to `end`, which is taken too.
    fn name(&mut self, end: char) -> Result<String> {
        let start = self.pos;
        let name = self.until(end)?;
        let identifier = !name.starts_with(|char: char| char.is_numeric())
            && name.chars().all(|char| char == '_' || char.is_alphanumeric());
        match identifier {
            true => Ok(name.to_owned()),
            false => Err(PatternError::new(start, format!("bad character in group name {name:?}"))),
        }
    }

    fn until(&mut self, end: char) -> Result<&str> {
        let (start, rest) = (self.pos, &self.source[self.pos..]);
        match rest.find(end) {
            Some(0) => Err(PatternError::new(start, "missing group name")),
            Some(length) => {
                self.pos += length + 1;
                Ok(&self.source[start..start + length])
            }
            None => Err(PatternError::new(start, format!("missing {end}, unterminated name"))),
        }
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.name.as_deref() == Some(name))
    }

    fn known(&self, name: &str, at: usize) -> Result<usize> {
        self.named(name).ok_or_else(|| PatternError::new(at, format!("unknown group name {name:?}")))
    }

    fn width(&self, node: &Node) -> Width {
        node.width(&|group| self.groups[group].width.unwrap_or(Width::ZERO))
    }

    fn look(&mut self, at: usize, negative: bool, behind: bool) -> Result<Kind> {
        let outer = self.behind_from;
        if behind && outer.is_none() {
            self.behind_from = Some(self.groups.len());
        }
        let body = Box::new(self.body(at)?);
        self.behind_from = outer;
        let behind = match behind {
            false => None,
            true => match self.width(&body).fixed().and_then(|width| usize::try_from(width).ok()) {
                Some(width) => Some(width),
                None => return Err(PatternError::new(at, "look-behind requires fixed-width pattern")),
            },
        };
        Ok(Kind::Look(Look { negative, behind, body }))
    }

    /// After `(?(`.
    fn conditional(&mut self, at: usize) -> Result<Kind> {
        let here = self.pos;
        let group = self.condition(here)?;
        self.check_reference_in_lookbehind(here, group)?;
        let yes = Box::new(self.sequence(false)?);
        let no = Box::new(match self.eat('|') {
            true => self.sequence(false)?,
            false => Node { span: self.pos..self.pos, kind: Kind::Empty },
        });
        if self.peek() == Some('|') {
            return Err(self.error("conditional backref with more than two branches"));
        }
        self.close(at)?;
        Ok(Kind::Conditional { group, yes, no })
    }

    /// `name)` or `number)`
    fn condition(&mut self, here: usize) -> Result<usize> {
        if !self.peek().is_some_and(|char| char.is_ascii_digit()) {
            let name = self.name(')')?;
            return self.known(&name, here);
        }
        let number = self.until(')')?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PatternError::new(here, format!("bad character in group name {number:?}")));
        }
        match number.parse() {
            Ok(0) => Err(PatternError::new(here, "bad group number")),
            Ok(group) => {
                self.asked.push((group, here));
                Ok(group)
            }
            Err(_) => Err(PatternError::new(here, format!("invalid group reference {number}"))),
        }
    }
}
