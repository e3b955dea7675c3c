//! From the text of a pattern to its tree, by the grammar of CPython 3.11's `re` for `str` patterns.
//!
//! What Python refuses is refused, with Python's words. Refused beyond that, because nothing in a log filter needs it:
//! `(?a)`, `(?L)`, `\N{...}`, lone surrogates, and patterns that are too large or too deeply nested.

mod class;
mod escape;
mod flags;
mod group;
mod quantifier;

use self::flags::Modes;
use super::ast::{Anchor, Ast, GroupInfo, Kind, Node, Width};
use super::{Flags, PatternError};

/// Longest pattern, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// Deepest nesting of parentheses.
const MAX_DEPTH: usize = 100;

type Result<T> = std::result::Result<T, PatternError>;

/// Read a pattern.
pub(super) fn parse(source: &str, flags: Flags) -> Result<Ast> {
    if source.len() > MAX_LENGTH {
        return Err(PatternError::new(MAX_LENGTH, format!("pattern longer than {MAX_LENGTH} bytes")));
    }
    let mut parser = Parser::new(source, flags);
    let root = parser.alternation(true)?;
    if parser.peek().is_some() {
        return Err(parser.error("unbalanced parenthesis"));
    }
    parser.check_forward_references()?;
    Ok(Ast { root, groups: parser.finished_groups() })
}

/// A group that has been opened.
struct Opened {
    name: Option<String>,
    /// Known once the group is closed.
    width: Option<Width>,
}

struct Parser<'s> {
    source: &'s str,
    pos: usize,
    depth: usize,
    modes: Modes,
    groups: Vec<Opened>,
    /// How many groups there were where the outermost look-behind began, within one.
    behind_from: Option<usize>,
    /// Groups that conditionals ask about by number, and where; they may come later.
    asked: Vec<(usize, usize)>,
}

/// One item of a sequence, and what may not follow it.
struct Item {
    node: Node,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    /// Has its quantifier.
    Repeated,
    /// Can have none.
    Anchor,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, flags: Flags) -> Parser<'s> {
        let whole = Opened { name: None, width: None };
        let modes = Modes::from(flags);
        Parser { source, pos: 0, depth: 0, modes, groups: vec![whole], behind_from: None, asked: Vec::new() }
    }

    fn peek(&self) -> Option<char> {
        self.source[self.pos..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.pos += char.len_utf8();
        Some(char)
    }

    fn eat(&mut self, char: char) -> bool {
        let found = self.peek() == Some(char);
        if found {
            self.pos += char.len_utf8();
        }
        found
    }

    fn error(&self, message: impl Into<String>) -> PatternError {
        PatternError::new(self.pos, message)
    }

    /// `a|b|c`; `first` is the whole pattern, where flags for all of it may stand.
    fn alternation(&mut self, first: bool) -> Result<Node> {
        let start = self.pos;
        let mut branches = vec![self.sequence(first)?];
        while self.eat('|') {
            branches.push(self.sequence(false)?);
        }
        Ok(match branches.len() {
            1 => branches.remove(0),
            _ => Node { span: start..self.pos, kind: Kind::Alternate(branches) },
        })
    }

    /// Items one after another, up to `|`, `)` or the end.
    fn sequence(&mut self, first: bool) -> Result<Node> {
        let start = self.pos;
        let mut items: Vec<Item> = Vec::with_capacity((self.source.len() - start).min(16));
        while let Some(char) = self.peek() {
            if matches!(char, '|' | ')') {
                break;
            }
            if self.modes.verbose && self.skip_layout(char) {
                continue;
            }
            let at = self.pos;
            self.pos += char.len_utf8();
            match char {
                '*' | '+' | '?' | '{' => self.quantify(at, char, &mut items)?,
                '(' => items.extend(self.parenthesis(at, first && items.is_empty())?),
                _ => items.push(self.atom(at, char)?),
            }
        }
        let mut nodes: Vec<Node> = items.into_iter().map(|item| item.node).collect();
        let span = start..self.pos;
        Ok(match nodes.len() {
            0 => Node { span, kind: Kind::Empty },
            1 => nodes.remove(0),
            _ => Node { span, kind: Kind::Concat(nodes) },
        })
    }

    /// White space and comments, which mean nothing under `(?x)`.
    fn skip_layout(&mut self, char: char) -> bool {
        match char {
            ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' => self.pos += 1,
            '#' => {
                let rest = &self.source[self.pos..];
                self.pos += rest.find('\n').map_or(rest.len(), |newline| newline + 1);
            }
            _ => return false,
        }
        true
    }

    fn atom(&mut self, at: usize, char: char) -> Result<Item> {
        let kind = match char {
            '.' => Kind::Any { newline: self.modes.dotall },
            '^' if self.modes.multiline => Kind::Anchor(Anchor::LineStart),
            '^' => Kind::Anchor(Anchor::Start),
            '$' if self.modes.multiline => Kind::Anchor(Anchor::LineEnd),
            '$' => Kind::Anchor(Anchor::EndOrFinalNewline),
            '[' => self.class(at)?,
            '\\' => self.escape(at)?,
            _ => self.literal(char),
        };
        let form = if matches!(kind, Kind::Anchor(_)) { Form::Anchor } else { Form::Plain };
        Ok(Item { node: Node { span: at..self.pos, kind }, form })
    }

    fn literal(&self, char: char) -> Kind {
        Kind::Literal { char, ignorecase: self.modes.ignorecase }
    }

    fn check_forward_references(&self) -> Result<()> {
        match self.asked.iter().find(|(group, _)| *group >= self.groups.len()) {
            Some((group, at)) => Err(PatternError::new(*at, format!("invalid group reference {group}"))),
            None => Ok(()),
        }
    }

    fn finished_groups(self) -> Vec<GroupInfo> {
        let finish =
            |group: Opened| GroupInfo { name: group.name, width: group.width.unwrap_or(Width::ZERO) };
        self.groups.into_iter().map(finish).collect()
    }
}
