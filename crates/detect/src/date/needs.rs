//! What every line shows in which a date pattern matches.

use super::head::Head;
use super::parse::Node;
use super::seen::Seen;

/// A line that does not show all of it has no match.
#[derive(Clone, Debug)]
pub(super) struct Needs {
    head: Head,
    /// These bytes stand somewhere, each a bit.
    bytes: u128,
    /// A digit, a colon and a digit stand somewhere.
    clock: bool,
}

impl Needs {
    pub(super) const NOTHING: Self = Self { head: Head::ANYTHING, bytes: 0, clock: false };

    /// Of a pattern, in whose lines `head` is what stands at the start.
    pub(super) fn of(node: &Node, head: Head) -> Self {
        Self { head, bytes: node.bytes(), clock: node.has_clock() }
    }

    /// Of lines in which one of two patterns matches.
    pub(super) fn or(mut self, other: &Self) -> Self {
        self.head.or(&other.head);
        Self { head: self.head, bytes: self.bytes & other.bytes, clock: self.clock && other.clock }
    }

    #[inline]
    pub(super) fn are_met(&self, line: &Seen<'_>) -> bool {
        self.head.allows(line.bytes()) && (!self.clock || line.has_clock()) && line.has_all(self.bytes)
    }
}

impl Node {
    /// ASCII bytes that every match holds.
    fn bytes(&self) -> u128 {
        match self {
            Self::Byte(byte) if byte.is_ascii() => 1 << byte,
            Self::Concat(all) => all.iter().fold(0, |bytes, node| bytes | node.bytes()),
            Self::Alternate(all) => all.iter().map(Self::bytes).reduce(|one, other| one & other).unwrap_or(0),
            Self::Repeat { node, min: 1.., .. } | Self::Date(node) | Self::Mark(_, node) => node.bytes(),
            _ => 0,
        }
    }

    /// Whether every match holds `1:2`: a directive, a colon and a directive, each of digits.
    fn has_clock(&self) -> bool {
        match self {
            Self::Concat(all) => {
                let clock = |three: &[Self]| {
                    matches!(three, [Self::Directive(hour), Self::Byte(b':'), Self::Directive(minute)]
                        if hour.shapes().is_some() && minute.shapes().is_some())
                };
                all.windows(3).any(clock) || all.iter().any(Self::has_clock)
            }
            Self::Alternate(all) => all.iter().all(Self::has_clock),
            Self::Repeat { node, min, .. } => *min > 0 && node.has_clock(),
            Self::Date(node) | Self::Mark(_, node) => node.has_clock(),
            _ => false,
        }
    }
}
