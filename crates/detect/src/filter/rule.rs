//! One pattern of a filter, and the groups that mean something to it.

use crate::pattern::{Flags, Groups, Overrun, Pattern, PatternError};

use super::FilterError;
use super::fields::{FieldValue, Fields, Names};
use super::span::Span;
use super::tags::{Expanded, expand, localise_flags};

/// A compiled `prefregex`, `failregex` or `ignoreregex`.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: Pattern,
    pub(super) names: Names,
    pub(super) roles: Roles,
    /// The pattern after its tags were replaced, to tell which parts stem from a tag.
    pub(super) expanded: Expanded,
}

/// The groups whose values detection itself reads, each by index.
#[derive(Clone, Debug, Default)]
pub(super) struct Roles {
    /// `fid`, `ip4`, `ip6`, `dns`, `cidr`: the groups that can give each its value.
    pub(super) ids: [Vec<usize>; 5],
    /// `user`; `None` if it may be a tuple.
    pub(super) user: Option<Vec<usize>>,
    pub(super) content: Option<usize>,
    pub(super) session: Option<usize>,
    pub(super) nofail: Option<usize>,
    pub(super) forget: Option<usize>,
    pub(super) gained: Option<usize>,
}

/// The names of [`Roles::ids`].
pub(super) const IDS: [&str; 5] = ["fid", "ip4", "ip6", "dns", "cidr"];
/// The place of the one that accuses nobody alone.
pub(super) const CIDR: usize = 4;
/// The group that tells the lines of a session from others.
const SESSION: &str = "mlfid";

impl Rule {
    pub(super) fn compile(written: &Written<'_>) -> Result<Rule, FilterError> {
        let (pattern, expanded) = written.read(Pattern::compile)?;
        let names = Names::of(pattern.group_names());
        let roles = Roles::of(&names);
        Ok(Rule { pattern, names, roles, expanded })
    }

    /// Whether a match can say whom it accuses, at once or with the other lines of its session.
    pub(super) fn identifies(&self) -> bool {
        identify(self.pattern.group_names())
    }

    /// Searches `text` from its start.
    pub(super) fn search(&self, text: &str, groups: &mut Groups) -> Result<bool, Overrun> {
        self.pattern.search(text, 0, groups)
    }

    /// The values of its match in `text`, if there is one.
    pub(super) fn fields(&self, text: &str) -> Fields {
        let mut groups = Groups::new();
        match self.search(text, &mut groups) {
            Ok(true) => self.names.collect(text, &groups),
            _ => Fields::default(),
        }
    }

    /// What tells users of one session apart, if it has to be put together.
    pub(super) fn tuple_user(&self, text: &str, groups: &Groups) -> Option<String> {
        match self.names.collect(text, groups).get("user")? {
            FieldValue::Tuple(parts) => Some(format!("{parts:?}")),
            FieldValue::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }
}

/// Whether one of these groups says whom a match accuses.
fn identify(groups: &[(String, usize)]) -> bool {
    let says = |name: &str| IDS[..CIDR].contains(&name) || name == SESSION;
    groups.iter().any(|(name, _)| says(name))
}

/// A pattern as it is written.
pub(super) struct Written<'a> {
    pub(super) option: &'static str,
    /// In the option's list.
    pub(super) index: usize,
    pub(super) text: &'a str,
    /// Hosts may be names.
    pub(super) names: bool,
    pub(super) multiline: bool,
}

impl Written<'_> {
    /// The errors of [`Rule::compile`]; else whether the rule [identifies](Rule::identifies).
    pub(super) fn check(&self) -> Result<bool, FilterError> {
        self.read(Pattern::check).map(|(groups, _)| identify(&groups))
    }

    fn read<T>(
        &self,
        make: impl FnOnce(&str, Flags) -> Result<T, PatternError>,
    ) -> Result<(T, Expanded), FilterError> {
        let error = |offset, message| FilterError { option: self.option, index: self.index, offset, message };
        let expanded = localise_flags(expand(self.text, self.names));
        if expanded.source.trim_start().is_empty() {
            return Err(error(0, "the pattern is empty: it would match every line".to_owned()));
        }
        let flags = Flags { multiline: self.multiline, ..Flags::default() };
        match make(&expanded.source, flags) {
            Ok(made) => Ok((made, expanded)),
            Err(cause) => Err(error(expanded.written(cause.offset), cause.message)),
        }
    }
}

impl Roles {
    fn of(names: &Names) -> Roles {
        Roles {
            ids: IDS
                .map(|name| names.sources(name).unwrap_or_else(|| names.index(name).into_iter().collect())),
            user: names.sources("user"),
            content: names.index("content"),
            session: names.index(SESSION),
            nofail: names.index("nofail"),
            forget: names.index("mlfforget"),
            gained: names.index("mlfgained"),
        }
    }
}

/// The first of `sources` with text decides; the first of all if none has text.
pub(super) fn first_value(sources: &[usize], groups: &Groups) -> Option<Span> {
    let spans = || sources.iter().filter_map(|&index| groups.span(index)).map(Span::from);
    spans()
        .find(|span| !span.is_empty())
        .or_else(|| sources.first().and_then(|&index| groups.span(index)).map(Span::from))
}

/// Whether a group holds text.
pub(super) fn has_text(group: Option<usize>, groups: &Groups) -> bool {
    group.and_then(|index| groups.span(index)).is_some_and(|span| !span.is_empty())
}
