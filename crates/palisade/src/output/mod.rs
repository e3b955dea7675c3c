//! How results look at a terminal: tables that fit 80 columns, times as people say them, JSON for programs.

mod span;
mod table;

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use serde::Serialize;

pub(crate) use span::{ago, left, span};
pub(crate) use table::{Align, Table};

/// Bold, for headings; nothing where colour is not wanted.
pub(crate) const BOLD: anstyle::Style = anstyle::Style::new().bold();
/// For what needs the owner's eye.
pub(crate) const ALERT: anstyle::Style =
    anstyle::Style::new().fg_color(Some(anstyle::Color::Ansi(anstyle::AnsiColor::Red)));

/// A network as people write it: a single address without its prefix length.
pub(crate) struct Address(pub(crate) IpNet);

impl Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(net) = self;
        match net.addr() {
            _ if net.prefix_len() < net.max_prefix_len() => net.fmt(out),
            IpAddr::V4(ip) => dotted(ip, out),
            IpAddr::V6(ip) => ip.fmt(out),
        }
    }
}

/// In one piece: who writes a line for each of many addresses writes hardly anything else.
fn dotted(ip: Ipv4Addr, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    const LONGEST: usize = "255.255.255.255.".len();
    let (mut text, mut len) = ([b'.'; LONGEST], 0);
    for octet in ip.octets() {
        let digits = [octet / 100, octet / 10 % 10, octet % 10].map(|digit| b'0' + digit);
        let digits = &digits[usize::from(octet < 100) + usize::from(octet < 10)..];
        text[len..len + digits.len()].copy_from_slice(digits);
        len += digits.len() + 1;
    }
    out.write_str(str::from_utf8(&text[..len - 1]).map_err(|_| fmt::Error)?)
}

/// An [`Address`] as a text of its own.
pub(crate) fn address(net: IpNet) -> String {
    Address(net).to_string()
}

/// So many of something, as `1 jail` and `2 jails`; `what` is one of them.
pub(crate) fn count<N: Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    let plural = match what {
        _ if number == N::from(1) => "",
        _ if what.ends_with('s') => "es",
        _ => "s",
    };
    format!("{number} {what}{plural}")
}

/// One JSON object on a line of its own, whatever splits the output into lines.
pub(crate) fn json(mut out: impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, OneLine))?;
    out.write_all(b"\n")
}

/// JSON in which every control character is escaped, not only those that JSON forbids: the others steer terminals, and
/// some readers take them, or Unicode's line ends, for the end of a line.
struct OneLine;

impl serde_json::ser::Formatter for OneLine {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let special = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let mut rest = text;
        while let Some(at) = rest.find(special) {
            let character = rest[at..].chars().next().unwrap_or_default();
            write!(out, "{}\\u{:04x}", &rest[..at], u32::from(character))?;
            rest = &rest[at + character.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

/// `text` with every character that could steer a terminal made visible: it may come from a log.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// `text` cut to `width` characters, with an ellipsis where something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_people_write_them() {
        for text in
            ["0.0.0.0", "1.20.255.100", "255.255.255.255", "2001:db8::1", "10.0.0.0/8", "2001:db8::/32"]
        {
            let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).unwrap();
            assert_eq!(address(net), text);
        }
    }

    #[test]
    fn one_is_not_told_as_many() {
        assert_eq!(
            [count(0, "ban"), count(1, "ban"), count(2, "address")],
            ["0 bans", "1 ban", "2 addresses"]
        );
    }

    #[test]
    fn a_line_from_a_log_cannot_steer_the_terminal() {
        assert_eq!(plain("user \u{1b}[2J\u{9b}1m\r"), "user \\u{1b}[2J\\u{9b}1m\\r");
    }

    #[test]
    fn json_is_one_line_for_every_reader_and_says_all_of_a_text() {
        let text = "a\u{7f}b\u{85}\u{2028}\n\u{1b}é";
        let mut out = Vec::new();
        json(&mut out, &text).unwrap();
        assert_eq!(String::from_utf8(out.clone()).unwrap(), "\"a\\u007fb\\u0085\\u2028\\n\\u001bé\"\n");
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn a_cut_says_that_something_is_missing() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
    }
}
