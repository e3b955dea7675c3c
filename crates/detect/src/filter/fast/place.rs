//! Where hosts stand in a text, and whom they name.

use std::ops::Range;

use crate::Address;

use super::super::host::{ipv4, ipv4_at_start, ipv6, ipv6_at_start};

/// Which of the groups of a host tag holds the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Ip4,
    Ip6,
    Dns,
}

/// The bytes at a place that may all be a host's. They are written where they are kept: an address that is copied as soon
/// as it is written keeps the processor waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Which group holds them, if they are a host; the name's if they are no address that the host tag takes in one go.
    pub(super) group: Group,
    /// Whom they name, if that is read and is an address; a group can hold what is none.
    pub(super) address: Option<Address>,
}

/// The host tag does not take `::` for an address.
const SHORT: usize = 2;

impl Place {
    /// Nothing is read.
    pub(super) fn new() -> Place {
        Place { start: 0, end: 0, group: Group::Dns, address: None }
    }

    /// Another text is going to be read.
    #[inline]
    pub(super) fn forget(&mut self) {
        self.end = 0;
    }

    /// Reads all that there are from `start` on, if that was not read last.
    pub(super) fn read(&mut self, text: &[u8], start: usize) {
        if self.start == start && self.end > start {
            return;
        }
        let rest = text.get(start..).unwrap_or_default();
        let ends_at = |length: usize| rest.get(length).is_none_or(|&byte| !HOST[usize::from(byte)]);
        if let Some((ip, length)) = ipv4_at_start(rest) {
            if ends_at(length) {
                return self.set(start, start + length, Group::Ip4, Some(ip.into()));
            }
        } else if let Some((ip, length)) = ipv6_at_start(rest)
            && ends_at(length)
            && length > SHORT
        {
            return self.set(start, start + length, Group::Ip6, Some(ip.into()));
        }
        self.take(text, start, host_bytes_run(text, start));
    }

    /// Reads those from `start` to `end`: an address are every IPv4 form, and every IPv6 address in hexadecimal.
    pub(super) fn take(&mut self, text: &[u8], start: usize, end: usize) {
        let bytes = &text[start..end];
        if let Some(ip) = ipv4(bytes) {
            return self.set(start, end, Group::Ip4, Some(ip.into()));
        }
        match ipv6(bytes).filter(|_| bytes.len() > SHORT) {
            Some(ip) => self.set(start, end, Group::Ip6, Some(ip.into())),
            None => self.set(start, end, if is_ip4(bytes) { Group::Ip4 } else { Group::Dns }, None),
        }
    }

    #[inline]
    fn set(&mut self, start: usize, end: usize, group: Group, address: Option<Address>) {
        *self = Place { start, end, group, address };
    }
}

/// The line does not show without capturing what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unsure;

pub(super) fn host_bytes_run(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start + rest.iter().position(|&byte| !HOST[usize::from(byte)]).unwrap_or(rest.len())
}

/// [`super::follow::host_bytes`] as a table.
const HOST: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] =
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'^' | b'-' | b'[' | b']');
        byte += 1;
    }
    table
};

/// Which group of a host tag holds `span`, given that the tag matches just there.
pub(super) fn classify(text: &[u8], span: Range<usize>) -> Result<Place, Unsure> {
    let host = text.get(span.clone()).filter(|host| !host.is_empty()).ok_or(Unsure)?;
    let place =
        |span: Range<usize>, group| Ok(Place { start: span.start, end: span.end, group, address: None });
    if is_ip4(host) {
        return place(span, Group::Ip4);
    }
    if memchr::memchr2(b'[', b']', host).is_some() {
        return Err(Unsure);
    }
    let Some(colon) = memchr::memrchr(b':', host) else { return place(span, Group::Dns) };
    if is_ip4(&host[colon + 1..]) {
        return place(span.start + colon + 1..span.end, Group::Ip4);
    }
    place(span, Group::Ip6)
}

/// Four groups of one to three digits.
fn is_ip4(text: &[u8]) -> bool {
    let (mut dots, mut digits) = (0, 0);
    for &byte in text {
        match byte {
            b'0'..=b'9' if digits < 3 => digits += 1,
            b'.' if digits > 0 && dots < 3 => (dots, digits) = (dots + 1, 0),
            _ => return false,
        }
    }
    dots == 3 && digits > 0
}
