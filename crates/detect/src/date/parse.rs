//! Reads the part of Python's regular expressions that date patterns are made of. What it does not read is left to the
//! regular expression engine.

use super::class::{Class, Wide};
use super::directive::Directive;
use super::source::{Flags, directive_of};

/// Groups that a pattern may refer back to.
pub(super) const MARKS: usize = 2;
const DEEPEST: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// One byte of a literal.
    Byte(u8),
    Class(Class),
    Directive(Directive),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: u16,
        max: Option<u16>,
        greedy: bool,
    },
    /// The pattern's first group: what is cut out of the line.
    Date(Box<Node>),
    /// A group that [`Node::Same`] refers to.
    Mark(u8, Box<Node>),
    Same(u8),
    Start,
    End,
    Boundary,
}

/// `None`: the pattern is for the regular expression engine.
pub(super) fn parse(body: &str, flags: &Flags) -> Option<Node> {
    if !flags.others.is_empty() {
        return None;
    }
    let mut parser =
        Parser { rest: body, ignore_case: flags.ignore_case, groups: 0, names: Vec::new(), depth: 0 };
    let node = parser.alternatives()?;
    parser.rest.is_empty().then_some(node)
}

struct Parser<'a> {
    rest: &'a str,
    ignore_case: bool,
    groups: usize,
    names: Vec<&'a str>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn eat(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).map(|rest| self.rest = rest).is_some()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.rest.chars().next()?;
        self.rest = &self.rest[char.len_utf8()..];
        Some(char)
    }

    fn alternatives(&mut self) -> Option<Node> {
        let mut all = vec![self.concat()?];
        while self.eat("|") {
            all.push(self.concat()?);
        }
        if all.len() == 1 { all.pop() } else { Some(Node::Alternate(all)) }
    }

    fn concat(&mut self) -> Option<Node> {
        let mut all = Vec::new();
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            let mut atom = self.atom()?;
            let last = if atom.len() == 1 { atom.pop()? } else { Node::Concat(atom) };
            all.push(self.repeated(last)?);
        }
        Some(Node::Concat(all))
    }

    fn repeated(&mut self, node: Node) -> Option<Node> {
        let (min, max) = match self.rest.bytes().next() {
            Some(b'?') => (0, Some(1)),
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'{') => return self.counted(node),
            _ => return Some(node),
        };
        self.next();
        self.finish_repeat(node, min, max)
    }

    /// `{3}`, `{3,}`, `{3,6}`. Anything else in braces is a literal for Python; such text is left to the engine.
    fn counted(&mut self, node: Node) -> Option<Node> {
        let (inside, rest) = self.rest[1..].split_once('}')?;
        let (min, max) = match inside.split_once(',') {
            None => (inside.parse().ok()?, Some(inside.parse().ok()?)),
            Some((min, "")) => (min.parse().ok()?, None),
            Some((min, max)) => (min.parse().ok()?, Some(max.parse().ok()?)),
        };
        self.rest = rest;
        self.finish_repeat(node, min, max)
    }

    fn finish_repeat(&mut self, node: Node, min: u16, max: Option<u16>) -> Option<Node> {
        let greedy = !self.eat("?");
        let repeatable =
            matches!(node, Node::Byte(_) | Node::Class(_)) || max == Some(1) || !node.may_be_empty();
        let again = self.rest.starts_with(['?', '*', '+', '{']);
        let ordered = max.is_none_or(|max| min <= max);
        let small = max.unwrap_or(min) <= 1000;
        (repeatable && !again && ordered && small).then(|| Node::Repeat {
            node: Box::new(node),
            min,
            max,
            greedy,
        })
    }

    /// One thing that a repetition sign may follow. A literal beyond ASCII is several nodes.
    fn atom(&mut self) -> Option<Vec<Node>> {
        let char = self.next()?;
        let node = match char {
            '(' => self.group()?,
            '[' => Node::Class(self.class()?),
            '.' => Node::Class(Class { ascii: !(1 << b'\n'), wide: Wide::All }),
            '^' => Node::Start,
            '$' => Node::End,
            '\\' => self.escape()?,
            '*' | '+' | '?' | '{' | ')' => return None,
            _ => match directive_of(char) {
                Some(directive) => self.first_group(Node::Directive(directive)),
                None => return self.literal(char),
            },
        };
        Some(vec![node])
    }

    fn literal(&self, char: char) -> Option<Vec<Node>> {
        if !char.is_ascii() && self.ignore_case && char.is_alphabetic() {
            return None;
        }
        let mut bytes = [0; 4];
        Some(char.encode_utf8(&mut bytes).bytes().map(|byte| self.byte(byte)).collect())
    }

    fn byte(&self, byte: u8) -> Node {
        if byte.is_ascii_alphabetic() && self.ignore_case {
            Node::Class(Class::of_byte(byte, true))
        } else {
            Node::Byte(byte)
        }
    }

    fn escape(&mut self) -> Option<Node> {
        let char = self.next()?;
        if let Some(class) = Class::escape(char) {
            return Some(Node::Class(class));
        }
        match char {
            'b' => Some(Node::Boundary),
            'A' => Some(Node::Start),
            _ => literal_escape(char).map(|byte| self.byte(byte)),
        }
    }

    fn group(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let node = if self.eat("?:") {
            self.alternatives()?
        } else if self.eat("?P=") {
            let (name, rest) = self.rest.split_once(')')?;
            let mark = u8::try_from(self.names.iter().position(|known| *known == name)?).ok()?;
            self.rest = rest;
            self.depth -= 1;
            return Some(Node::Same(mark));
        } else if self.eat("?P<") {
            self.named()?
        } else if self.rest.starts_with('?') {
            return None;
        } else {
            self.groups += 1;
            let first = self.groups == 1;
            let node = self.alternatives()?;
            if first { Node::Date(Box::new(node)) } else { node }
        };
        self.depth -= 1;
        self.eat(")").then_some(node)
    }

    /// Names of one letter are fields of a date and left to the engine.
    fn named(&mut self) -> Option<Node> {
        let (name, rest) = self.rest.split_once('>')?;
        let usual = name.len() > 1 && !self.names.contains(&name) && self.names.len() < MARKS;
        if !usual {
            return None;
        }
        self.rest = rest;
        self.names.push(name);
        let mark = u8::try_from(self.names.len() - 1).ok()?;
        self.groups += 1;
        let first = self.groups == 1;
        let node = Node::Mark(mark, Box::new(self.alternatives()?));
        Some(if first { Node::Date(Box::new(node)) } else { node })
    }

    fn first_group(&mut self, node: Node) -> Node {
        self.groups += 1;
        if self.groups == 1 { Node::Date(Box::new(node)) } else { node }
    }

    fn class(&mut self) -> Option<Class> {
        let negated = self.eat("^");
        let mut class = Class::NONE;
        let mut first = true;
        loop {
            let char = self.next()?;
            match char {
                ']' if !first => return Some(if negated { class.not() } else { class }),
                // Python warns about these and may change their meaning.
                '[' | '&' | '|' | '~' if self.rest.starts_with(char) => return None,
                '\\' if self.rest.starts_with(['d', 's', 'w', 'D', 'S', 'W']) => {
                    class = class.or(Class::escape(self.next()?)?)?;
                }
                _ => {
                    let from = self.member(char)?;
                    let to = if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                        self.next();
                        let to = self.next()?;
                        self.member(to)?
                    } else {
                        from
                    };
                    if from > to {
                        return None;
                    }
                    for byte in from..=to {
                        class = class.or(Class::of_byte(byte, self.ignore_case))?;
                    }
                }
            }
            first = false;
        }
    }

    fn member(&mut self, char: char) -> Option<u8> {
        if char == '\\' {
            let escaped = self.next()?;
            return literal_escape(escaped);
        }
        u8::try_from(char).ok().filter(u8::is_ascii)
    }
}

fn literal_escape(char: char) -> Option<u8> {
    match char {
        't' => Some(b'\t'),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        _ => u8::try_from(char).ok().filter(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric()),
    }
}

impl Node {
    fn may_be_empty(&self) -> bool {
        match self {
            Self::Byte(_) | Self::Class(_) | Self::Directive(_) => false,
            Self::Concat(all) => all.iter().all(Self::may_be_empty),
            Self::Alternate(all) => all.iter().any(Self::may_be_empty),
            Self::Repeat { node, min, .. } => *min == 0 || node.may_be_empty(),
            Self::Date(node) | Self::Mark(_, node) => node.may_be_empty(),
            Self::Same(_) | Self::Start | Self::End | Self::Boundary => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::builtin;
    use crate::date::source::Source;

    #[test]
    fn the_built_in_patterns_need_no_engine() {
        for (pattern, _) in builtin::PATTERNS {
            let source = Source::pattern(pattern, 0).unwrap();
            assert!(parse(&source.body, &source.flags).is_some(), "{pattern}");
        }
    }

    #[test]
    fn what_is_beyond_this_is_left_to_the_engine() {
        for text in [
            "(?=x)",
            "(?<!x)",
            r"(x)\1",
            "(?P<Y>20)",
            "x**y",
            "(x*)*",
            "(?x)x",
            "[é]",
            "[a-",
            "(",
            ")",
            "x{a}",
            "(?#c)",
        ] {
            let source = Source::pattern(text, 0).unwrap();
            assert_eq!(parse(&source.body, &source.flags), None, "{text}");
        }
    }
}
