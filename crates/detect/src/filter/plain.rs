//! The plain route: every pattern in its turn, as Fail2Ban does it. Whatever is not proved for the fast route goes
//! here, and tests hold the fast route against it.

use crate::pattern::{Groups, Overrun};

use super::compile::Filter;
use super::fields::Fields;
use super::hit::{Hit, Marks, User};
use super::rule::{Rule, first_value, has_text};
use super::span::Span;
use super::text::Text;

/// What a filter makes of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Nothing,
    /// It matched an `ignoreregex`.
    Ignored,
    Hit(Hit),
}

/// Buffers that one line leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) groups: Groups,
    prefix: Groups,
    text: String,
}

impl Scratch {
    /// For the groups of `prefregex`.
    pub(super) fn prefix(&mut self) -> &mut Groups {
        &mut self.prefix
    }
}

/// Finds the first `failregex` that matches `subject`, a line without its date and with its newline.
pub(super) fn find(filter: &Filter, subject: &str, scratch: &mut Scratch) -> Result<Outcome, Overrun> {
    let Some(content) = content(filter, subject, &mut scratch.prefix)? else { return Ok(Outcome::Nothing) };
    for index in 0..filter.rules.len() {
        if let Some(hit) = try_rule(filter, index, subject, content, scratch)? {
            return judge(filter, Text::Other(subject), hit, scratch);
        }
    }
    Ok(Outcome::Nothing)
}

/// The last word on a line that matches has `ignoreregex`. Fail2Ban asks it about the whole line before it tries
/// `failregex`, if its list is clearly the shorter one, and about the content afterwards; what matters is the answer.
pub(super) fn judge(
    filter: &Filter,
    subject: Text<'_>,
    hit: Hit,
    scratch: &mut Scratch,
) -> Result<Outcome, Overrun> {
    let ignored = ignores(filter, subject, hit.content, scratch)?;
    Ok(if ignored { Outcome::Ignored } else { Outcome::Hit(hit) })
}

/// As [`judge`], of a line whose rule has read `content`.
pub(super) fn ignores(
    filter: &Filter,
    subject: Text<'_>,
    content: Span,
    scratch: &mut Scratch,
) -> Result<bool, Overrun> {
    if filter.ignore.is_empty() {
        return Ok(false);
    }
    let subject = subject.as_str();
    let whole = filter.ignores_first() && filter.ignores(subject, &mut scratch.groups)?;
    let content = terminated(subject, content, &mut scratch.text);
    Ok(whole || filter.ignores(content, &mut scratch.groups)?)
}

/// The match of one rule, which is known to be the line's.
pub(super) fn capture(
    filter: &Filter,
    index: usize,
    subject: &str,
    scratch: &mut Scratch,
) -> Result<Option<Hit>, Overrun> {
    match content(filter, subject, &mut scratch.prefix)? {
        Some(content) => try_rule(filter, index, subject, content, scratch),
        None => Ok(None),
    }
}

/// Tries one rule on the content that `prefregex` has cut out of the subject.
pub(super) fn try_rule(
    filter: &Filter,
    index: usize,
    subject: &str,
    content: Span,
    scratch: &mut Scratch,
) -> Result<Option<Hit>, Overrun> {
    let captured = Captured::search(filter, index, subject, content, scratch)?;
    Ok(captured.map(|captured| captured.hit(index, content)))
}

/// The user whom the match of one rule names, which is known to be the line's.
pub(super) fn user(
    filter: &Filter,
    index: usize,
    subject: &str,
    scratch: &mut Scratch,
) -> Result<User, Overrun> {
    let Some(content) = content(filter, subject, &mut scratch.prefix)? else { return Ok(User::Nobody) };
    let captured = Captured::search(filter, index, subject, content, scratch)?;
    Ok(captured.map_or(User::Nobody, |captured| captured.user()))
}

/// All values of a match of rule `index` in `content` of `subject`.
pub(super) fn fields(filter: &Filter, index: usize, content: Span, subject: &str) -> Fields {
    let rule = &filter.rules[index];
    let mut fields = filter.prefix.as_ref().map(|prefix| prefix.fields(subject)).unwrap_or_default();
    fields.remove("content");
    fields.merge(rule.fields(terminated(subject, content, &mut String::new())));
    fields
}

/// What `failregex` reads: all of it, or what `prefregex` cuts out; `None` if that does not match.
pub(super) fn content(filter: &Filter, subject: &str, groups: &mut Groups) -> Result<Option<Span>, Overrun> {
    let whole = Span::new(0, subject.len() - 1);
    let Some(prefix) = &filter.prefix else { return Ok(Some(whole)) };
    if !prefix.search(subject, groups)? {
        return Ok(None);
    }
    let content = prefix.roles.content.and_then(|index| groups.span(index)).map(Span::from);
    Ok(Some(content.filter(|span| !span.is_empty()).unwrap_or(whole)))
}

/// `content` of the subject with a newline after it: as it stands, where one follows.
pub(super) fn terminated<'t>(subject: &'t str, content: Span, scratch: &'t mut String) -> &'t str {
    if subject.as_bytes().get(content.end()) == Some(&b'\n') {
        return &subject[content.start()..content.end() + 1];
    }
    scratch.clear();
    scratch.push_str(content.of(subject));
    scratch.push('\n');
    scratch
}

/// A rule's match and, before it, that of `prefregex`.
struct Captured<'a> {
    filter: &'a Filter,
    rule: &'a Rule,
    text: &'a str,
    /// Where `text` begins in the subject.
    start: usize,
    groups: &'a Groups,
    prefix: &'a Groups,
}

impl<'a> Captured<'a> {
    /// Searches with a rule, after `prefregex`.
    fn search(
        filter: &'a Filter,
        index: usize,
        subject: &'a str,
        content: Span,
        scratch: &'a mut Scratch,
    ) -> Result<Option<Self>, Overrun> {
        let rule = &filter.rules[index];
        let Scratch { groups, prefix, text } = scratch;
        let text = terminated(subject, content, text);
        let found = rule.search(text, groups)?;
        Ok(found.then_some(Captured { filter, rule, text, start: content.start(), groups, prefix }))
    }

    fn hit(&self, index: usize, content: Span) -> Hit {
        Hit {
            rule: index as u32,
            way: None,
            content,
            marks: Marks {
                nofail: self.mark(|rule| rule.roles.nofail),
                forget: self.mark(|rule| rule.roles.forget),
                gained: self.mark(|rule| rule.roles.gained),
            },
            ids: std::array::from_fn(|id| self.value(|rule| Some(rule.roles.ids[id].as_slice()))),
            has_address: false,
            session: self.session(),
            names_user: self.user() != User::Nobody,
        }
    }

    fn session(&self) -> Option<Span> {
        let own = self.rule.roles.session.and_then(|index| self.groups.span(index));
        match own {
            Some(span) => Some(Span::from(span).shift(self.start)),
            None => self.prefix.span(self.filter.prefix.as_ref()?.roles.session?).map(Span::from),
        }
    }

    /// A name in the rule hides that in the prefix, if it took part in the match.
    fn mark(&self, group: impl Fn(&Rule) -> Option<usize>) -> bool {
        let own = group(self.rule).filter(|&index| self.groups.span(index).is_some());
        match &self.filter.prefix {
            Some(prefix) if own.is_none() => has_text(group(prefix), self.prefix),
            _ => has_text(own, self.groups),
        }
    }

    fn value(&self, sources: impl for<'r> Fn(&'r Rule) -> Option<&'r [usize]>) -> Option<Span> {
        let own = first_value(sources(self.rule)?, self.groups);
        match &self.filter.prefix {
            Some(prefix) if own.is_none() => first_value(sources(prefix)?, self.prefix),
            _ => own.map(|span| span.shift(self.start)),
        }
    }

    fn user(&self) -> User {
        if self.rule.roles.user.is_none() {
            return match self.rule.tuple_user(self.text, self.groups) {
                Some(user) => User::Joined(user),
                None => User::Nobody,
            };
        }
        match self.value(|rule| rule.roles.user.as_deref()) {
            Some(span) if !span.is_empty() => User::At(span),
            _ => User::Nobody,
        }
    }
}
