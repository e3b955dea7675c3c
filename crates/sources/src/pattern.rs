//! Path patterns: `*`, `?`, `[...]` and `[!...]` within a component, as `logpath` has them. Names that begin with a dot
//! match only a pattern that does.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// An absolute path, component by component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// The leading components without wildcards.
    pub(crate) base: PathBuf,
    /// What follows, never empty: the last one names files.
    pub(crate) rest: Vec<Name>,
}

/// One component of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Plain(OsString),
    Wild(OsString),
}

impl Pattern {
    /// `None` if it names no file. A path that is not absolute begins at the working directory.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let path = std::path::absolute(text).ok()?;
        let mut names: Vec<Name> = path
            .components()
            .filter_map(|component| match component {
                Component::Normal(name) => Some(Name::new(name)),
                Component::ParentDir => Some(Name::Plain("..".into())),
                _ => None,
            })
            .collect();
        let last = names.len().checked_sub(1)?;
        let plain = names[..last].iter().take_while(|name| matches!(name, Name::Plain(_))).count();
        let rest = names.split_off(plain);
        let mut base = PathBuf::from("/");
        base.extend(names.iter().map(Name::text));
        Some(Self { base, rest })
    }
}

/// Whether a pattern of a log's path fits an absolute path.
#[must_use]
pub fn matches(pattern: &str, path: &str) -> bool {
    let Some(Pattern { base, rest }) = Pattern::new(pattern) else { return false };
    let Ok(below) = Path::new(path).strip_prefix(base) else { return false };
    let mut names = below.iter();
    rest.iter().all(|name| names.next().is_some_and(|have| name.matches(have))) && names.next().is_none()
}

impl Name {
    fn new(text: &OsStr) -> Self {
        match memchr::memchr3(b'*', b'?', b'[', text.as_bytes()) {
            Some(_) => Self::Wild(text.into()),
            None => Self::Plain(text.into()),
        }
    }

    fn text(&self) -> &Path {
        match self {
            Self::Plain(text) | Self::Wild(text) => Path::new(text),
        }
    }

    pub(crate) fn matches(&self, name: &OsStr) -> bool {
        match self {
            Self::Plain(text) => text == name,
            Self::Wild(text) => {
                let hidden = name.as_bytes().first() == Some(&b'.');
                let asked = text.as_bytes().first() == Some(&b'.');
                hidden == asked && wild(text.as_bytes(), name.as_bytes())
            }
        }
    }
}

/// Goes back to the last star only, so the time is bounded by the product of the lengths.
fn wild(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(width) = one(&pattern[p..], name[n]) {
            p += width;
            n += 1;
        } else if let Some((star_p, star_n)) = star {
            star = Some((star_p, star_n + 1));
            p = star_p + 1;
            n = star_n + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// How many bytes of the pattern took the byte, if they do.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern.first()? {
        b'?' => Some(1),
        b'[' => match class(&pattern[1..]) {
            Some((negated, set, width)) => (in_set(set, byte) != negated).then_some(width + 1),
            None => (byte == b'[').then_some(1),
        },
        literal => (*literal == byte).then_some(1),
    }
}

/// A class after its `[`: whether negated, its members, and its width with the `]`. A `]` that comes first is a member.
fn class(pattern: &[u8]) -> Option<(bool, &[u8], usize)> {
    let negated = matches!(pattern.first(), Some(b'!' | b'^'));
    let start = usize::from(negated);
    let end = pattern.iter().skip(start + 1).position(|byte| *byte == b']')? + start + 1;
    Some((negated, &pattern[start..end], end + 1))
}

fn in_set(mut set: &[u8], byte: u8) -> bool {
    loop {
        match set {
            [low, b'-', high, rest @ ..] => {
                if (low..=high).contains(&&byte) {
                    return true;
                }
                set = rest;
            }
            [member, rest @ ..] => {
                if *member == byte {
                    return true;
                }
                set = rest;
            }
            [] => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Name::new(OsStr::new(pattern)).matches(OsStr::new(name))
    }

    #[test]
    fn names_match_as_a_shell_has_it() {
        for (pattern, yes, no) in [
            ("*.log", &["a.log", "a.b.log"][..], &[".log", "a.log.1", ".a.log"][..]),
            ("a?c", &["abc"], &["ac", "abbc"]),
            ("[a-c]x", &["ax", "bx"], &["dx", "x", "-x"]),
            ("[!a]x", &["bx"], &["ax"]),
            ("[]]", &["]"], &["a"]),
            ("[a", &["[a"], &["a"]),
            ("[a-]", &["a", "-"], &["b"]),
            (".*", &[".hidden"], &["shown"]),
            ("*a*b*", &["xaxbx", "ab"], &["ba"]),
        ] {
            yes.iter().for_each(|name| assert!(matches(pattern, name), "{pattern} {name}"));
            no.iter().for_each(|name| assert!(!matches(pattern, name), "{pattern} {name}"));
        }
    }

    #[test]
    fn the_base_is_what_comes_before_the_first_wildcard() {
        let pattern = Pattern::new("/var/log//x*/y/z.log").unwrap();
        assert_eq!(pattern.base, Path::new("/var/log"));
        assert_eq!(pattern.rest.len(), 3);
        assert_eq!(Pattern::new("/var/log/a").unwrap().rest, [Name::Plain("a".into())]);
        assert_eq!(Pattern::new("/"), None);
        assert_eq!(Pattern::new(""), None);
    }

    proptest! {
        #[test]
        fn any_pattern_ends(pattern in "[*?\\[\\]a!-]{0,12}", name in "[a\\]-]{0,30}") {
            matches(&pattern, &name);
        }

        #[test]
        fn a_name_matches_itself_with_stars_put_in(name in "[a-c]{1,8}", at in 0usize..8) {
            let (head, tail) = name.split_at(at.min(name.len()));
            let pattern = format!("{head}*{tail}");
            prop_assert!(matches(&pattern, &name));
        }
    }
}
