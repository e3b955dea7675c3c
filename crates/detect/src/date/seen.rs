//! A line, and what is seen of it at a glance, once for all patterns that may find their date in it.

use std::cell::OnceCell;

/// A line that dates are looked for in.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    bytes: &'a [u8],
    text: OnceCell<&'a str>,
    there: OnceCell<Box<[bool; 256]>>,
    clock: OnceCell<bool>,
}

impl<'a> Seen<'a> {
    /// A line that is known to be text.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, text: OnceCell::new(), there: OnceCell::new(), clock: OnceCell::new() }
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text.get_or_init(|| str::from_utf8(self.bytes).unwrap_or_default())
    }

    /// Whether a byte stands in it.
    pub(super) fn has(&self, byte: u8) -> bool {
        let there = || {
            let mut there = Box::new([false; 256]);
            self.bytes.iter().for_each(|byte| there[usize::from(*byte)] = true);
            there
        };
        self.there.get_or_init(there)[usize::from(byte)]
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
