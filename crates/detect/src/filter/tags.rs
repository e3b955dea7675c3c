//! Tags in a filter's patterns: `<HOST>`, `<F-USER>…</F-USER>`, `<SKIPLINES>` and their relatives become Python groups.

use std::ops::Range;

const IP4: &str = r"(?P<ip4>(?:\d{1,3}\.){3}\d{1,3})";
const IP4_MAPPED: &str = r"(?:::f{4,6}:)?";
const IP6: &str = r"(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|:))";
const DNS: &str = r"(?P<dns>[\w\-.^_]*\w)";
const CIDR: &str = r"(?P<cidr>\d+)";
const ID: &str = r"(?P<fid>\S+)";
const PORT: &str = r"(?P<fport>\w+)";

/// A pattern with its tags replaced, and the way back to what was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Expanded {
    pub(super) source: String,
    /// Places in `source` that were written otherwise, in order.
    replaced: Vec<Replaced>,
    /// Where in `source` an address or a host name stands.
    pub(super) hosts: Vec<Range<usize>>,
}

#[derive(Clone, Debug)]
struct Replaced {
    from: Range<usize>,
    to: Range<usize>,
}

impl Expanded {
    /// The byte of the written pattern that an offset in `source` stems from; the start of the tag, if from a tag.
    pub(super) fn written(&self, offset: usize) -> usize {
        match self.replaced.iter().rev().find(|place| place.to.start <= offset) {
            Some(place) if offset < place.to.end => place.from.start,
            Some(place) => place.from.end + (offset - place.to.end),
            None => offset,
        }
    }

    fn replace(&mut self, from: Range<usize>, text: &str) {
        let start = self.source.len();
        self.source.push_str(text);
        self.replaced.push(Replaced { from, to: start..self.source.len() });
    }
}

/// Replaces the tags of `written`. Without `names`, `<HOST>` is an address alone.
pub(super) fn expand(written: &str, names: bool) -> Expanded {
    let mut expanded = Expanded::default();
    let mut opened: Vec<&str> = Vec::new();
    let mut skips = 0;
    let mut rest = 0;
    while let Some(tag) = next_tag(written, rest) {
        expanded.source.push_str(&written[rest..tag.start]);
        rest = tag.end;
        let name = &written[tag.start + 1..tag.end - 1];
        let text = match fixed(name, names, &mut skips) {
            Some(text) => text,
            None => match group(name, &mut opened) {
                Some(text) => text,
                None => written[tag.clone()].to_owned(),
            },
        };
        let start = expanded.source.len();
        expanded.replace(tag, &text);
        if matches!(name, "HOST" | "ADDR" | "F-ADDR/") {
            expanded.hosts.push(start..expanded.source.len());
        }
    }
    expanded.source.push_str(&written[rest..]);
    expanded
}

/// The next `<name>`, `</name>` or `<name/>` from `from` on.
fn next_tag(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut start = from;
    loop {
        start += memchr::memchr(b'<', bytes.get(start..)?)?;
        let open = start + 1 + usize::from(bytes.get(start + 1) == Some(&b'/'));
        let name = text[open..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(0);
        let close = open + name + usize::from(bytes.get(open + name) == Some(&b'/'));
        if name > 0 && bytes.get(close) == Some(&b'>') {
            return Some(start..close + 1);
        }
        start += 1;
    }
}

/// Tags that stand for one fixed text.
fn fixed(name: &str, names: bool, skips: &mut usize) -> Option<String> {
    let address = || format!(r"\[?(?:{IP4_MAPPED}{IP4}|{IP6})\]?");
    Some(match name {
        "HOST" if names => format!(r"(?:\[?(?:{IP4_MAPPED}{IP4}|{IP6})\]?|{DNS})"),
        "HOST" | "ADDR" | "F-ADDR/" => address(),
        "IP4" | "F-IP4/" => format!("{IP4_MAPPED}{IP4}"),
        "IP6" | "F-IP6/" => IP6.to_owned(),
        "DNS" | "F-DNS/" => DNS.to_owned(),
        "CIDR" | "F-CIDR/" => CIDR.to_owned(),
        "SUBNET" | "F-SUBNET/" => format!(r"\[?(?:{IP4_MAPPED}{IP4}|{IP6})(?:/{CIDR})?\]?"),
        "F-ID/" => ID.to_owned(),
        "F-PORT/" => PORT.to_owned(),
        "SKIPLINES" => {
            *skips += 1;
            format!(r"\n(?P<skiplines{}>(?:(?:.*\n)*?))", *skips - 1)
        }
        _ => return None,
    })
}

/// `<F-NAME>` opens a group and `</F-NAME>` closes it, if it was opened.
fn group<'t>(name: &'t str, opened: &mut Vec<&'t str>) -> Option<String> {
    let (closing, name) = match name.strip_prefix('/') {
        Some(name) => (true, name),
        None => (false, name),
    };
    let name = name.strip_prefix("F-")?;
    let valid = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if name.is_empty() || !name.bytes().all(valid) {
        return None;
    }
    if closing {
        return opened.contains(&name).then(|| ")".to_owned());
    }
    opened.push(name);
    Some(format!("(?P<{}>", option_name(&name.to_ascii_lowercase())))
}

/// The name under which a tag's value is kept.
pub(super) fn option_name(tag: &str) -> &str {
    match tag {
        "id" => "fid",
        "port" => "fport",
        other => other,
    }
}

/// `((?i)x)` is meant for what it stands in alone: `(?i:x)`. Python forbids global flags elsewhere than at the start.
pub(super) fn localise_flags(mut expanded: Expanded) -> Expanded {
    let mut from = 0;
    while let Some((outer, flags)) = global_flags(&expanded.source, from) {
        let text = format!("{}:", &expanded.source[flags.start..flags.end - 1]);
        let shrink = outer.len() - text.len();
        expanded.source.replace_range(outer.clone(), &text);
        from = outer.start + text.len();
        for place in expanded.replaced.iter_mut().map(|place| &mut place.to).chain(&mut expanded.hosts) {
            if place.start >= outer.end {
                *place = place.start - shrink..place.end - shrink;
            }
        }
        let written = expanded.written(outer.start);
        let at = expanded.replaced.partition_point(|place| place.to.start < outer.start);
        let place = Replaced { from: written..written + outer.len(), to: outer.start..from };
        expanded.replaced.insert(at, place);
    }
    expanded
}

/// `((?flags)` or `(?:(?flags)`: the whole, and `(?flags)` in it.
fn global_flags(source: &str, from: usize) -> Option<(Range<usize>, Range<usize>)> {
    let bytes = source.as_bytes();
    let mut at = from;
    loop {
        at += memchr::memchr(b'(', bytes.get(at..)?)?;
        let inner = if bytes[at + 1..].starts_with(b"?:") { at + 3 } else { at + 1 };
        if let Some(rest) = source[inner..].strip_prefix("(?") {
            let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
            let end = inner + 2 + letters;
            if letters > 0 && bytes.get(end) == Some(&b')') && (at == 0 || bytes[at - 1] != b'\\') {
                return Some((at..end + 1, inner..end + 1));
            }
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(written: &str) -> String {
        localise_flags(expand(written, true)).source
    }

    #[test]
    fn named_tags_become_groups() {
        assert_eq!(source("<F-USER>.*</F-USER> x"), "(?P<user>.*) x");
        assert_eq!(source("<F-ID>.*</F-ID>"), "(?P<fid>.*)");
        assert_eq!(source("<F-ALT_USER1>a</F-ALT_USER1>"), "(?P<alt_user1>a)");
    }

    #[test]
    fn what_is_no_tag_stays() {
        for text in
            ["</F-USER>", "<W>", "(?P<name>x)", "<f-user>", "a < b > c", "<>", "<F-é>", "(?(name)a|b)"]
        {
            assert_eq!(source(text), text);
        }
    }

    #[test]
    fn skipped_lines_are_numbered() {
        assert!(source("a<SKIPLINES>b<SKIPLINES>c").contains("skiplines1"));
    }

    #[test]
    fn host_is_an_address_alone_where_names_are_not_wanted() {
        assert!(source("<HOST>").contains("(?P<dns>"));
        assert!(!expand("<HOST>", false).source.contains("(?P<dns>"));
    }

    #[test]
    fn flags_in_the_middle_hold_for_their_group() {
        assert_eq!(source("^((?i)ab) c"), "^(?i:ab) c");
        assert_eq!(source("(?:(?i)ab)(?:(?m)c)"), "(?i:ab)(?m:c)");
        assert_eq!(source(r"\((?i)ab"), r"\((?i)ab");
    }

    #[test]
    fn offsets_lead_back_to_what_was_written() {
        let expanded = expand("ab<HOST>cd<F-USER>e[", true);
        let at = |text: &str| expanded.written(expanded.source.find(text).unwrap());
        assert_eq!(at("ab"), 0);
        assert_eq!(at("(?P<ip4>"), 2);
        assert_eq!(at("cd"), 8);
        assert_eq!(at("e["), 18);
        assert_eq!(expanded.written(expanded.source.len()), 20);
    }
}
