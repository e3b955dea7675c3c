//! A line, and what is seen of it at a glance, once for all patterns that may find their date in it.

use std::cell::{Cell, OnceCell};

/// A line that dates are looked for in.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    bytes: &'a [u8],
    text: OnceCell<&'a str>,
    /// Bytes that are known to stand in it, and those that are known not to, each a bit.
    there: Cell<u128>,
    missing: Cell<u128>,
    clock: OnceCell<bool>,
}

impl<'a> Seen<'a> {
    /// A line that is known to be text.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            text: OnceCell::new(),
            there: Cell::new(0),
            missing: Cell::new(0),
            clock: OnceCell::new(),
        }
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text.get_or_init(|| str::from_utf8(self.bytes).unwrap_or_default())
    }

    /// Whether all these ASCII bytes stand in it, each a bit.
    pub(super) fn has_all(&self, bytes: u128) -> bool {
        loop {
            let unknown = bytes & !self.there.get();
            if unknown == 0 || unknown & self.missing.get() != 0 {
                return unknown == 0;
            }
            let byte = unknown.trailing_zeros();
            let known =
                if memchr::memchr(byte as u8, self.bytes).is_some() { &self.there } else { &self.missing };
            known.set(known.get() | 1 << byte);
        }
    }

    /// Whether a digit, a colon and a digit stand in it.
    pub(super) fn has_clock(&self) -> bool {
        let digit = |at: usize| self.bytes.get(at).is_some_and(u8::is_ascii_digit);
        let clock = |at: usize| at > 0 && digit(at - 1) && digit(at + 1);
        *self.clock.get_or_init(|| memchr::memchr_iter(b':', self.bytes).any(clock))
    }
}

impl<'a> From<&'a str> for Seen<'a> {
    fn from(text: &'a str) -> Self {
        Self { text: OnceCell::from(text), ..Self::new(text.as_bytes()) }
    }
}
