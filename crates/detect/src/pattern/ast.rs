//! The syntax tree of a pattern, with inline flags already worked into its leaves.

use std::ops::Range;

/// A parsed pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ast {
    /// The whole pattern, group 0.
    pub root: Node,
    /// Groups by index; the first stands for the whole match and has no name.
    pub groups: Vec<GroupInfo>,
}

/// What is known of one capturing group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInfo {
    /// As in `(?P<name>...)`.
    pub name: Option<String>,
    /// Fewest and most characters that it can take; `None` for most is no limit.
    pub width: Width,
}

/// One construct and the bytes of the pattern that it was written with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Byte offsets in the pattern.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// The constructs of Python's dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: an empty branch or group.
    Empty,
    /// One character.
    Literal {
        /// The character.
        char: char,
        /// Its other cases match too.
        ignorecase: bool,
    },
    /// `.`
    Any {
        /// A newline too (`(?s)`).
        newline: bool,
    },
    /// `[...]`, `\d`, `\W`...
    Class(Class),
    /// A place between characters.
    Anchor(Anchor),
    /// One after another; at least two.
    Concat(Vec<Node>),
    /// The first that leads to a match; at least two.
    Alternate(Vec<Node>),
    /// `(...)`; other parentheses leave only what they hold in the tree.
    Group {
        /// Counted from 1.
        index: usize,
        /// What it captures.
        body: Box<Node>,
    },
    /// `*`, `+?`, `{2,5}+`...
    Repeat {
        /// At least so often.
        min: u32,
        /// At most so often; `None` is without limit.
        max: Option<u32>,
        /// Which number is tried first.
        mode: Mode,
        /// What is repeated.
        body: Box<Node>,
    },
    /// `(?>...)`
    Atomic(Box<Node>),
    /// Look-around.
    Look(Look),
    /// `\1` or `(?P=name)`
    Backreference {
        /// The group whose text must stand here again.
        group: usize,
        /// In any case.
        ignorecase: bool,
    },
    /// `(?(name)yes|no)`
    Conditional {
        /// The group that is asked about.
        group: usize,
        /// If it has matched.
        yes: Box<Node>,
        /// If it has not.
        no: Box<Node>,
    },
}

/// A place between characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// `\A`, and `^` without `(?m)`.
    Start,
    /// `^` with `(?m)`: also after every newline.
    LineStart,
    /// `\Z`: the very end.
    End,
    /// `$` without `(?m)`: the end, or before a newline that ends the text.
    EndOrFinalNewline,
    /// `$` with `(?m)`: the end, or before any newline.
    LineEnd,
    /// `\b`
    WordBoundary,
    /// `\B`; as in Python up to 3.13 never in an empty text.
    NotWordBoundary,
}

/// What a quantifier tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// As many as there are.
    Greedy,
    /// As few as will do.
    Lazy,
    /// As many as there are, and never fewer.
    Possessive,
}

/// `(?=...)`, `(?!...)`, `(?<=...)`, `(?<!...)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Must not match.
    pub negative: bool,
    /// So many characters back; `None` looks ahead.
    pub behind: Option<usize>,
    /// What to look for.
    pub body: Box<Node>,
}

/// A set of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// `[^...]`
    pub negated: bool,
    /// Cases do not matter.
    pub ignorecase: bool,
    /// What it holds.
    pub items: Vec<ClassItem>,
}

/// Part of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClassItem {
    /// Both ends included; one character is a range to itself.
    Range(char, char),
    /// `\d`, or `\D` when negated.
    Digit {
        /// Everything else.
        negated: bool,
    },
    /// `\s`, or `\S` when negated.
    Space {
        /// Everything else.
        negated: bool,
    },
    /// `\w`, or `\W` when negated.
    Word {
        /// Everything else.
        negated: bool,
    },
}

/// Fewest and most characters that something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Width {
    /// Fewest.
    pub min: u64,
    /// Most; `None` is no limit.
    pub max: Option<u64>,
}

impl Width {
    /// Takes no character.
    pub const ZERO: Width = Width { min: 0, max: Some(0) };
    /// Takes one character.
    pub const ONE: Width = Width { min: 1, max: Some(1) };

    /// The number of characters where there is only one.
    pub fn fixed(self) -> Option<u64> {
        (self.max == Some(self.min)).then_some(self.min)
    }

    fn then(self, next: Width) -> Width {
        let max = self.max.zip(next.max).map(|(a, b)| a.saturating_add(b));
        Width { min: self.min.saturating_add(next.min), max }
    }

    fn or(self, other: Width) -> Width {
        Width { min: self.min.min(other.min), max: self.max.zip(other.max).map(|(a, b)| a.max(b)) }
    }

    fn times(self, min: u32, max: Option<u32>) -> Width {
        let most = match (self.max, max) {
            (Some(0), _) => Some(0),
            (Some(width), Some(times)) => Some(width.saturating_mul(times.into())),
            _ => None,
        };
        Width { min: self.min.saturating_mul(min.into()), max: most }
    }
}

impl Ast {
    /// Named groups with their indices.
    pub(super) fn names(&self) -> Vec<(String, usize)> {
        let named = |(index, group): (usize, &GroupInfo)| Some((group.name.clone()?, index));
        self.groups.iter().enumerate().filter_map(named).collect()
    }
}

impl Node {
    /// How many characters it takes; `group` knows the widths of the groups that stand before it.
    pub fn width(&self, group: &dyn Fn(usize) -> Width) -> Width {
        match &self.kind {
            Kind::Empty | Kind::Anchor(_) | Kind::Look(_) => Width::ZERO,
            Kind::Literal { .. } | Kind::Any { .. } | Kind::Class(_) => Width::ONE,
            Kind::Concat(nodes) => {
                nodes.iter().fold(Width::ZERO, |width, node| width.then(node.width(group)))
            }
            Kind::Alternate(nodes) => {
                nodes.iter().map(|node| node.width(group)).reduce(Width::or).unwrap_or(Width::ZERO)
            }
            Kind::Group { body, .. } | Kind::Atomic(body) => body.width(group),
            Kind::Repeat { min, max, body, .. } => body.width(group).times(*min, *max),
            Kind::Backreference { group: referred, .. } => group(*referred),
            Kind::Conditional { yes, no, .. } => yes.width(group).or(no.width(group)),
        }
    }
}
