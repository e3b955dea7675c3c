//! Patterns as Fail2Ban shows them: with its tags replaced by the groups that they stand for.

use std::fmt::Write as _;

use detect::Usedns;
use detect::pattern::{Flags, Pattern};

const IP4: &str = r"(?:::f{4,6}:)?(?P<ip4>(?:\d{1,3}\.){3}\d{1,3})";
const IP6: &str = r"(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):))";
const DNS: &str = r"(?P<dns>[\w\-.^_]*\w)";
const CIDR: &str = r"(?P<cidr>\d+)";

/// `pattern` with its tags replaced.
pub(crate) fn expand(pattern: &str, usedns: Usedns) -> String {
    let mut out = String::with_capacity(pattern.len() * 2);
    let (mut rest, mut skips) = (pattern, 0);
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let tag = rest.find('>').map(|end| &rest[1..end]);
        let group = tag.and_then(|tag| group(tag, pattern, usedns, &mut skips));
        match (tag, group) {
            (Some(tag), Some(group)) => {
                out.push_str(&group);
                rest = &rest[tag.len() + 2..];
            }
            _ => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

/// A pattern as Python would compile it, or what Fail2Ban says of one that it refuses.
///
/// # Errors
/// The pattern as Fail2Ban shows it, what is wrong with it, and where.
pub(crate) fn compile(pattern: &str, usedns: Usedns, multiline: bool) -> Result<Pattern, String> {
    let shown = expand(pattern, usedns);
    let flags = Flags { multiline, ..Flags::default() };
    Pattern::compile(&shown, flags).map_err(|error| {
        let at = shown.get(..error.offset).map_or(0, |before| before.chars().count());
        format!("Unable to compile regular expression '{shown}':\n{} at position {at}", error.message)
    })
}

/// Whether one of the groups that tell whom a pattern accuses is in what [`expand`] gave.
pub(crate) fn accuses(expanded: &str) -> bool {
    ["fid", "ip4", "ip6", "dns"].iter().any(|name| has_group(expanded, name))
}

/// Whether a group of this name is in what [`expand`] gave.
pub(crate) fn has_group(expanded: &str, name: &str) -> bool {
    expanded.contains(&format!("(?P<{name}>"))
}

fn group(tag: &str, pattern: &str, usedns: Usedns, skips: &mut usize) -> Option<String> {
    let address = || format!(r"\[?(?:{IP4}|{IP6})\]?");
    Some(match tag {
        "HOST" if usedns != Usedns::No => format!("(?:{}|{DNS})", address()),
        "HOST" | "ADDR" | "F-ADDR/" => address(),
        "SUBNET" | "F-SUBNET/" => format!(r"\[?(?:{IP4}|{IP6})(?:/{CIDR})?\]?"),
        "IP4" | "F-IP4/" => IP4.to_owned(),
        "IP6" | "F-IP6/" => IP6.to_owned(),
        "DNS" | "F-DNS/" => DNS.to_owned(),
        "CIDR" | "F-CIDR/" => CIDR.to_owned(),
        "F-ID/" => r"(?P<fid>\S+)".to_owned(),
        "F-PORT/" => r"(?P<fport>\w+)".to_owned(),
        "SKIPLINES" => {
            let mut text = String::new();
            // Writing to a string does not fail.
            let _ = write!(text, r"\n(?P<skiplines{skips}>(?:(?:.*\n)*?))");
            *skips += 1;
            text
        }
        _ => return named(tag, pattern),
    })
}

/// `<F-NAME>` opens a group, and its end closes it.
fn named(tag: &str, pattern: &str) -> Option<String> {
    let (closing, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
    let name = tag.strip_prefix("F-")?;
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    if name.is_empty() || !name.bytes().all(fits) || !pattern.contains(&format!("<F-{name}>")) {
        return None;
    }
    let name = match name.to_ascii_lowercase().as_str() {
        "id" => "fid".to_owned(),
        "port" => "fport".to_owned(),
        other => other.to_owned(),
    };
    Some(if closing { ")".to_owned() } else { format!("(?P<{name}>") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_the_groups_that_fail2ban_shows() {
        let shown = |pattern| expand(pattern, Usedns::Warn);
        assert_eq!(shown("<F-USER>x</F-USER> <DNS>"), format!("(?P<user>x) {DNS}"));
        assert_eq!(shown("<F-ID>.</F-ID><F-PORT/>"), r"(?P<fid>.)(?P<fport>\w+)");
        assert_eq!(shown("<F-USER/> </F-A> a<b <>"), "<F-USER/> </F-A> a<b <>");
        assert!(has_group(&shown("<HOST>"), "dns"));
        assert!(!has_group(&expand("<HOST>", Usedns::No), "dns"));
        assert!(shown("a<SKIPLINES>b<SKIPLINES>").contains("skiplines1"));
    }
}
