//! The text of one date pattern, with what Fail2Ban adds to it: boundaries, and a group around the date.
//!
//! Fail2Ban decides by the look of the text, with regular expressions over the regular expression. So does this, on a
//! text in which each directive is one character that nothing else in the text can be.

use super::DateError;
use super::directive::{self, Directive};

/// Directives in a pattern's text: a plane that Unicode leaves for private use.
const MARKERS: char = '\u{F0000}';

/// What a pattern must stand behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Begin {
    Anywhere,
    /// Not inside a word.
    Word,
    /// The line's start, after at most two characters that belong to no word.
    Line,
}

/// One pattern, ready to be parsed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source {
    pub(super) begin: Begin,
    /// The regular expression between the boundaries, with a [`directive_of`] character for each directive.
    pub(super) body: String,
    /// The date must end with a word.
    pub(super) end_word: bool,
    /// Matches at the line's start or end only, so there is no other place to look for.
    pub(super) anchored: bool,
    /// Starts at the line's start.
    pub(super) line_begin: bool,
    pub(super) flags: Flags,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    /// Flags that date patterns seldom have: `m`, `s`, `x`, `a`.
    pub(super) others: String,
}

/// What the numbers in it mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Fields,
    /// The built-in list's own epoch, which stands at a few places only.
    BuiltinEpoch,
}

/// The directive that a character of [`Source::body`] stands for.
pub(super) fn directive_of(char: char) -> Option<Directive> {
    let index = u32::from(char).checked_sub(u32::from(MARKERS))?;
    directive::ALL.get(usize::try_from(index).ok()?).copied()
}

fn marker(directive: Directive) -> char {
    let index = directive::ALL.iter().position(|known| *known == directive).unwrap_or(0);
    u32::try_from(index).ok().and_then(|index| char::from_u32(u32::from(MARKERS) + index)).unwrap_or(MARKERS)
}

/// `pattern` with a character for each directive. `offset` is where it stands in the whole datepattern.
pub(super) fn mark(pattern: &str, offset: usize) -> Result<String, DateError> {
    let mut marked = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        marked.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let taken = if after.starts_with('%') {
            marked.push('%');
            1
        } else if let Some((text, taken)) = composed(after) {
            marked.push_str(&mark(text, offset)?);
            taken
        } else if let Some((directive, taken)) = directive::spelled(after) {
            marked.push(marker(directive));
            taken
        } else {
            let char = after.chars().next().map(String::from).unwrap_or_default();
            let message = format!("%{char} is no part of a date; a percent sign itself is written %%");
            return Err(DateError { offset: offset + pattern.len() - rest.len() + at, message });
        };
        rest = &after[taken..];
    }
    marked.push_str(rest);
    Ok(marked)
}

/// Directives that stand for several, as in the C locale.
fn composed(text: &str) -> Option<(&'static str, usize)> {
    match text.bytes().next()? {
        b'c' => Some((r"%a\s+%b\s+%d\s+%H:%M:%S\s+%Y", 1)),
        b'x' => Some(("%m/%d/%y", 1)),
        b'X' => Some(("%H:%M:%S", 1)),
        _ => None,
    }
}

/// Patterns with names in them are read in any case.
fn has_names(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    bytes.windows(2).enumerate().any(|(at, pair)| {
        pair[0] == b'%'
            && matches!(pair[1], b'a' | b'A' | b'b' | b'B' | b'p' | b'c')
            && (at == 0 || bytes[at - 1] != b'%')
    })
}

impl Source {
    /// A pattern of directives.
    pub(super) fn pattern(pattern: &str, offset: usize) -> Result<Self, DateError> {
        let (pattern_text, mut begin, mut end_word) = match pattern.strip_prefix("{UNB}") {
            Some(rest) => (rest, Begin::Anywhere, false),
            None => (pattern, Begin::Word, true),
        };
        let text = match pattern_text.strip_prefix("{^LN-BEG}") {
            Some(rest) if begin == Begin::Word => {
                begin = Begin::Line;
                rest
            }
            _ => pattern_text,
        };
        let mut source =
            Self::bounded(&mark(text, offset + pattern.len() - text.len())?, begin, &mut end_word);
        source.flags.ignore_case |= has_names(text);
        Ok(source)
    }

    /// A regular expression around `{EPOCH}`: all that it matches is cut out.
    pub(super) fn around_epoch(pattern: &str, long: bool) -> Self {
        let epoch = format!("({})", marker(if long { Directive::LongEpoch } else { Directive::Epoch }));
        let mut text = replace_word(pattern, "{EPOCH}", &epoch);
        text = format!("({})", replace_word(&text, "{LEPOCH}", &epoch));
        Self::bounded(&text, Begin::Word, &mut true)
    }

    /// A number of seconds. Not at the line's start alone, it stands where the built-in list expects it.
    pub(super) fn epoch(line_begin: bool, long: bool) -> Self {
        let text = marker(if long { Directive::LongEpoch } else { Directive::Epoch }).to_string();
        let begin = if line_begin { Begin::Line } else { Begin::Anywhere };
        let kind = if line_begin { Kind::Fields } else { Kind::BuiltinEpoch };
        Self { kind, ..Self::bounded(&text, begin, &mut true) }
    }

    /// A TAI64N label.
    pub(super) fn tai64n(line_begin: bool) -> Self {
        let begin = if line_begin { Begin::Line } else { Begin::Anywhere };
        Self::bounded(&marker(Directive::Tai64n).to_string(), begin, &mut true)
    }

    fn bounded(marked: &str, begin: Begin, end_word: &mut bool) -> Self {
        let mut text = marked.trim().to_owned();
        let flags = cut_flags(&mut text);
        let begin = if unbound_begin(&text) { Begin::Anywhere } else { begin };
        *end_word &= !unbound_end(&text);
        if !has_group(&text) {
            text = group(&text);
        }
        let line_begin = begin == Begin::Line || begin == Begin::Anywhere && starts_at_line(&text);
        let line_end = !*end_word && ends_at_line(&text);
        delete_stars(&mut text);
        Self {
            begin,
            body: text,
            end_word: *end_word,
            anchored: line_begin || line_end,
            line_begin,
            flags,
            kind: Kind::Fields,
        }
    }
}

/// Replaces `word` in any case, but not behind a backslash.
pub(super) fn replace_word(text: &str, word: &str, with: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let here = text.get(at..at + word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word));
        if here && !text[..at].ends_with('\\') {
            done.push_str(with);
            at += word.len();
        } else {
            let char = text[at..].chars().next().unwrap_or_default();
            done.push(char);
            at += char.len_utf8();
        }
    }
    done
}

/// Cuts the first `(?iu)` out.
fn cut_flags(text: &mut String) -> Flags {
    let mut flags = Flags::default();
    for (at, _) in text.match_indices("(?") {
        let letters = text[at + 2..].bytes().take_while(u8::is_ascii_lowercase).count();
        if letters > 0 && text[at + 2 + letters..].starts_with(')') {
            let found = &text[at + 2..at + 2 + letters];
            flags.ignore_case = found.contains('i');
            flags.others = found.chars().filter(|flag| !matches!(flag, 'i' | 'u')).collect();
            text.replace_range(at..at + 3 + letters, "");
            break;
        }
    }
    flags
}

/// The text behind its first flags group, if it begins with one.
fn after_flags(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("(?")?;
    let letters = rest.find(|char: char| !char.is_alphanumeric() && char != '_')?;
    if letters == 0 { None } else { rest[letters..].strip_prefix(')') }
}

/// Begins with `^`, `(^`, `(?:^` or `**`, maybe in parentheses: then nothing is added before it.
fn unbound_begin(text: &str) -> bool {
    let inner = text.trim_start_matches('(');
    let opened = inner.len() < text.len();
    let bare = |text: &str| {
        let inner = text.trim_start_matches('(');
        text.starts_with('^') || inner.starts_with("**") || text.starts_with("(^") || text.starts_with("(?:^")
    };
    if inner.starts_with('^') || inner.starts_with("**") || opened && inner.starts_with("?:^") {
        return true;
    }
    let flagged = opened.then(|| &text[text.len() - inner.len() - 1..]).and_then(after_flags);
    flagged.is_some_and(bare)
}

/// Ends with `$`, `$)`, `\b`, `\s` or `**`: then nothing is added after it.
fn unbound_end(text: &str) -> bool {
    let closed = text.trim_end_matches(')');
    let one_closed = text.strip_suffix(')').unwrap_or(text);
    let before = [
        one_closed.strip_suffix('$'),
        text.strip_suffix('$'),
        text.strip_suffix(r"\b"),
        text.strip_suffix(r"\s"),
    ];
    before.into_iter().chain([closed.strip_suffix("**")]).flatten().any(|before| !before.ends_with('\\'))
}

fn has_group(text: &str) -> bool {
    text.match_indices('(').any(|(at, _)| {
        let before = &text[..at];
        !text[at + 1..].starts_with('?') && !before.ends_with('\\') && !before.ends_with("(?")
    })
}

/// Puts a group around the text, inside its flags, `^` and `$`.
fn group(text: &str) -> String {
    let flagged = after_flags(text).unwrap_or(text);
    let inner = flagged.strip_prefix('^').unwrap_or(flagged);
    let inner = after_flags(inner).unwrap_or(inner);
    let (date, end) = inner.strip_suffix('$').map_or((inner, ""), |date| (date, "$"));
    format!("{}({date}){end}", &text[..text.len() - inner.len()])
}

fn starts_at_line(text: &str) -> bool {
    let text = after_flags(text).unwrap_or(text);
    let grouped = text.strip_prefix("(?:^").or_else(|| text.strip_prefix("(^"));
    text.starts_with('^') || grouped.is_some_and(|rest| !rest.starts_with('|'))
}

fn ends_at_line(text: &str) -> bool {
    [text.strip_suffix("$)"), text.strip_suffix('$')]
        .into_iter()
        .flatten()
        .any(|before| !before.ends_with(['\\', '|']))
}

/// Deletes the `**` at both ends that only stand for "no boundary".
fn delete_stars(text: &mut String) {
    let flagged = text.len() - text.trim_start_matches('(').len();
    let start = flagged.checked_sub(1).and_then(|at| after_flags(&text[at..])).unwrap_or(&text[flagged..]);
    let inner = start.trim_start_matches('(');
    if inner.starts_with("**") {
        let at = text.len() - inner.len();
        text.replace_range(at..at + 2, "");
    }
    let closed = text.trim_end_matches(')').len();
    if let Some(before) = text[..closed].strip_suffix("**")
        && !before.ends_with('\\')
    {
        let at = before.len();
        text.replace_range(at..at + 2, "");
    }
}

#[cfg(test)]
mod tests;
