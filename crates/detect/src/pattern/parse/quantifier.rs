//! `*`, `+`, `?`, `{m,n}`, each lazy with `?` after it and possessive with `+`.

use super::{Form, Item, Parser, Result};
use crate::pattern::PatternError;
use crate::pattern::ast::{Kind, Mode, Node};

type Bounds = (u32, Option<u32>);

impl Parser<'_> {
    /// The character after which `self.pos` stands begins a quantifier of the last item; a `{` that begins none is
    /// itself.
    pub(super) fn quantify(&mut self, at: usize, char: char, items: &mut Vec<Item>) -> Result<()> {
        let (min, max) = match char {
            '*' => (0, None),
            '+' => (1, None),
            '?' => (0, Some(1)),
            _ => match self.braces(at)? {
                Some(bounds) => bounds,
                None => {
                    let kind = self.literal(char);
                    items.push(Item { node: Node { span: at..self.pos, kind }, form: Form::Plain });
                    return Ok(());
                }
            },
        };
        let item = match items.pop() {
            Some(Item { form: Form::Repeated, .. }) => return Err(PatternError::new(at, "multiple repeat")),
            None | Some(Item { form: Form::Anchor, .. }) => {
                return Err(PatternError::new(at, "nothing to repeat"));
            }
            Some(item) => item,
        };
        let mode = match self.peek() {
            Some('?') => Mode::Lazy,
            Some('+') => Mode::Possessive,
            _ => Mode::Greedy,
        };
        if mode != Mode::Greedy {
            self.pos += 1;
        }
        let span = item.node.span.start..self.pos;
        let kind = Kind::Repeat { min, max, mode, body: Box::new(item.node) };
        items.push(Item { node: Node { span, kind }, form: Form::Repeated });
        Ok(())
    }

    /// After a `{`: `m}`, `m,}`, `,n}` or `m,n}`; anything else leaves the place as it is.
    fn braces(&mut self, at: usize) -> Result<Option<Bounds>> {
        let bytes = self.source.as_bytes();
        let digits = |mut pos: usize| {
            let start = pos;
            while bytes.get(pos).is_some_and(u8::is_ascii_digit) {
                pos += 1;
            }
            start..pos
        };
        let low = digits(at + 1);
        let comma = bytes.get(low.end) == Some(&b',');
        let high = if comma { digits(low.end + 1) } else { low.clone() };
        if bytes.get(high.end) != Some(&b'}') || high.end == at + 1 {
            return Ok(None);
        }
        let bound = |range: std::ops::Range<usize>| match &self.source[range.clone()] {
            "" => Ok(None),
            // Python's own limit is the largest 32-bit number itself.
            text => match text.parse::<u32>() {
                Ok(number) if number < u32::MAX => Ok(Some(number)),
                _ => Err(PatternError::new(range.start, "the repetition number is too large")),
            },
        };
        let (min, max) = (bound(low)?.unwrap_or(0), bound(high.clone())?);
        if max.is_some_and(|max| max < min) {
            return Err(PatternError::new(at, "min repeat greater than max repeat"));
        }
        self.pos = high.end + 1;
        Ok(Some((min, max)))
    }
}
