//! What a ban closes: ports, protocols, and how.

use std::fmt;
use std::ops::RangeInclusive;

use crate::diagnostic::Fault;
use crate::host::Host;
use crate::text::{Text, lower_case, trimmed};

/// Which ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Every one.
    All,
    /// These, sorted; at least one.
    Ranges(Vec<RangeInclusive<u16>>),
}

/// Which protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// TCP and UDP.
    Both,
    /// Every protocol, with and without ports.
    All,
}

impl Protocol {
    /// As written in a configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Both => "tcp,udp",
            Self::All => "all",
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (one, same) if one == same => one,
            _ => Self::Both,
        }
    }
}

impl Ports {
    pub(crate) fn and(self, other: Self) -> Self {
        let (Self::Ranges(mut ranges), Self::Ranges(more)) = (self, other) else { return Self::All };
        ranges.extend(more);
        sorted(ranges)
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Ranges(ranges) = self else { return f.write_str("all") };
        for (index, range) in ranges.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            match range.start() == range.end() {
                true => write!(f, "{comma}{}", range.start())?,
                false => write!(f, "{comma}{}:{}", range.start(), range.end())?,
            }
        }
        Ok(())
    }
}

fn sorted(mut ranges: Vec<RangeInclusive<u16>>) -> Ports {
    ranges.sort_by_key(|range| (*range.start(), *range.end()));
    ranges.dedup();
    match ranges.iter().any(|range| *range.start() <= 1 && *range.end() == u16::MAX) {
        true => Ports::All,
        false => Ports::Ranges(ranges),
    }
}

/// What happens to packets of a banned address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// "Connection refused".
    #[default]
    Reject,
    /// Silence.
    Drop,
}

impl Verdict {
    /// As written in a configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Drop => "drop",
        }
    }
}

/// Reads `ssh,2222,5000:5100`.
pub(crate) fn ports(text: &Text, host: &dyn Host) -> Result<Ports, Fault> {
    let mut ranges = Vec::new();
    let mut at = 0;
    for part in text.as_str().split([',', ' ', '\n']) {
        let word = text.slice(at..at + part.len());
        at += part.len() + 1;
        let word = word.slice(trimmed(word.as_str()));
        match word.as_str() {
            "" => {}
            "all" | "any" => return Ok(Ports::All),
            _ => ranges.push(range(&word, host)?),
        }
    }
    if ranges.is_empty() {
        return Err(Fault::error(text.place(), "no port is given").help(HELP));
    }
    Ok(sorted(ranges))
}

const HELP: &str = "ports are numbers, ranges like 5000:5100, names from /etc/services, or all";

fn range(word: &Text, host: &dyn Host) -> Result<RangeInclusive<u16>, Fault> {
    let string = word.as_str();
    if let Some(port) = port(string, host) {
        return Ok(port..=port);
    }
    // A service's name may have a dash in it, so that was tried first.
    let ends = string.split_once(':').or_else(|| string.split_once('-'));
    match ends.map(|(first, last)| (port(first, host), port(last, host))) {
        Some((Some(first), Some(last))) if first <= last => Ok(first..=last),
        _ => Err(Fault::error(word.place(), format!("{string} is no port")).help(HELP)),
    }
}

fn port(word: &str, host: &dyn Host) -> Option<u16> {
    match word.parse() {
        Ok(port) => Some(port),
        Err(_) if word.starts_with(|c: char| c.is_ascii_digit()) => None,
        Err(_) => host.service(word),
    }
}

/// Reads `tcp`, `udp`, `all`, or several of them.
pub(crate) fn protocol(text: &Text) -> Result<Protocol, Fault> {
    let mut all: Option<Protocol> = None;
    for word in text.as_str().split([',', ' ', '\n']).filter(|word| !word.is_empty()) {
        let one = match &*lower_case(word) {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "all" | "any" | "0" => Protocol::All,
            _ => {
                let message = format!("protocol cannot be {word}");
                return Err(Fault::error(text.place(), message).help("tcp, udp, both with a comma, or all"));
            }
        };
        all = Some(all.map_or(one, |before| before.and(one)));
    }
    all.ok_or_else(|| Fault::error(text.place(), "no protocol is given").help("tcp, udp or all"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::ThisHost;

    fn read(string: &str) -> Option<Ports> {
        ports(&Text::plain(string), &ThisHost::default()).ok()
    }

    #[test]
    fn two_protocols_are_both() {
        assert_eq!(protocol(&Text::plain("tcp, UDP")).ok(), Some(Protocol::Both));
        assert!(protocol(&Text::plain("icmpx")).is_err());
    }

    #[test]
    fn ports_are_numbers_ranges_and_names() {
        assert_eq!(read("https,http, 22"), Some(Ports::Ranges(vec![22..=22, 80..=80, 443..=443])));
        assert_eq!(read("5000:5100,ftp-data"), Some(Ports::Ranges(vec![20..=20, 5000..=5100])));
        assert_eq!(read("0:65535"), Some(Ports::All));
        assert_eq!(read("all"), Some(Ports::All));
        for wrong in ["", "70000", "sshh", "22x", "9:8", "-1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
