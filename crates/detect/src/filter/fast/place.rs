//! Where hosts stand in a text, and whom they name.

use std::net::IpAddr;
use std::ops::Range;

use super::super::host::{ipv4, ipv4_at_start, ipv6, ipv6_at_start, parse};

/// Where a host stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) span: Range<usize>,
    pub(super) group: Group,
    /// Whom the text names, if it is an address; a group can hold what is none.
    pub(super) address: Option<IpAddr>,
}

/// Which of the groups of a host tag holds the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Ip4,
    Ip6,
    Dns,
}

/// The bytes at a place that may all be a host's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The address that they are.
    pub(super) address: Option<(Group, Option<IpAddr>)>,
}

impl Bytes {
    pub(super) fn at(text: &[u8], start: usize) -> Bytes {
        let rest = text.get(start..).unwrap_or_default();
        let found =
            |group, ip, length| Bytes { start, end: start + length, address: Some((group, Some(ip))) };
        let ends_at = |length: usize| rest.get(length).is_none_or(|&byte| !HOST[usize::from(byte)]);
        if let Some((ip, length)) = ipv4_at_start(rest) {
            if ends_at(length) {
                return found(Group::Ip4, ip.into(), length);
            }
        } else if let Some((ip, length)) = ipv6_at_start(rest)
            && ends_at(length)
            && length > SHORT
        {
            return found(Group::Ip6, ip.to_canonical(), length);
        }
        let end = host_bytes_run(text, start);
        Bytes { start, end, address: address(&text[start..end]) }
    }
}

/// The host tag does not take `::` for an address.
const SHORT: usize = 2;

/// An address that the host tag takes in one go: every IPv4 form, and every IPv6 address in hexadecimal.
pub(super) fn address(text: &[u8]) -> Option<(Group, Option<IpAddr>)> {
    if let Some(ip) = ipv4(text) {
        return Some((Group::Ip4, Some(ip.into())));
    }
    match ipv6(text).filter(|_| text.len() > SHORT) {
        Some(ip) => Some((Group::Ip6, Some(ip.to_canonical()))),
        None => is_ip4(text).then_some((Group::Ip4, None)),
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
    let place = |span: Range<usize>, group| {
        let address = std::str::from_utf8(&text[span.clone()]).ok().and_then(parse);
        Ok(Place { span, group, address: address.filter(|_| group != Group::Dns) })
    };
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
