//! Matches read from the end of the line, where a daemon writes what follows the host. However many places before look
//! like the host's, only the one there can be it.

use std::ops::Range;

use super::check::{Check, are_reversible, begin_of};
use super::follow::host_bytes;
use super::literal::Literal;

/// How to find the literal before the host, or before the rest where there is no host.
#[derive(Debug)]
pub(super) struct Backwards {
    literal: Literal,
    /// The last byte of the literal, where a host stands behind it; it is in no host.
    host_after: Option<u8>,
    /// There is no other way to read the line.
    only: bool,
    /// So many of the checks are not known to take the end of the line, which is so long.
    checks: usize,
    ending: usize,
}

impl Backwards {
    /// `literal` stands before the host, if there is `host`, and `checks` take what follows up to the line's end, which is
    /// `ending` in all texts.
    pub(super) fn new(literal: &[u8], host: bool, checks: &[Check], ending: &Literal) -> Option<Backwards> {
        let last = *literal.last()?;
        let only = !checks.iter().any(|check| matches!(check, Check::Optional(..)));
        let told = match host {
            true => only && !host_bytes().contains(last) && are_reversible(checks, None),
            false => are_reversible(checks, Some(last)),
        };
        let (known, ending) = match (checks.last(), ending.text().split_last()) {
            (Some(Check::Literal(last)), Some((_, ending))) if last.text() == ending => (1, ending.len()),
            _ => (0, 0),
        };
        told.then(|| Backwards {
            literal: Literal::new(literal),
            host_after: host.then_some(last),
            only,
            checks: checks.len() - known,
            ending,
        })
    }

    pub(super) fn has_host(&self) -> bool {
        self.host_after.is_some()
    }

    pub(super) fn is_only(&self) -> bool {
        self.only
    }

    /// Where the text begins that `checks` take, with which this was made.
    #[inline]
    pub(super) fn end(&self, text: &[u8], checks: &[Check]) -> Option<usize> {
        begin_of(&checks[..self.checks], text, text.len().checked_sub(self.ending + 1)?)
    }

    /// Where the literal begins and ends, if what follows it, or the host behind it, ends at `end`.
    #[inline]
    pub(super) fn literal(&self, text: &[u8], end: usize) -> Option<Range<usize>> {
        let start = match self.host_after {
            Some(last) => memchr::memrchr(last, &text[..end])? + 1,
            None => end,
        };
        self.literal.ends(&text[..start]).then(|| start - self.literal.len()..start)
    }
}
