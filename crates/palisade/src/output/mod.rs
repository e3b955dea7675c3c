//! How results look at a terminal: tables that fit 80 columns, times as people say them, JSON for programs.

mod span;
mod table;

use std::io::{self, Write};

use serde::Serialize;

pub(crate) use span::{ago, left, span};
pub(crate) use table::{Align, Table};

/// Bold, for headings; nothing where colour is not wanted.
pub(crate) const BOLD: anstyle::Style = anstyle::Style::new().bold();
/// For what needs the owner's eye.
pub(crate) const ALERT: anstyle::Style =
    anstyle::Style::new().fg_color(Some(anstyle::Color::Ansi(anstyle::AnsiColor::Red)));

/// A single address is written without its prefix length.
pub(crate) fn address(net: ipnet::IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

/// One JSON object on a line of its own.
pub(crate) fn json(mut out: impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut out, value)?;
    out.write_all(b"\n")
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
    fn a_line_from_a_log_cannot_steer_the_terminal() {
        assert_eq!(plain("user \u{1b}[2J\u{9b}1m\r"), "user \\u{1b}[2J\\u{9b}1m\\r");
    }

    #[test]
    fn a_cut_says_that_something_is_missing() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
    }
}
