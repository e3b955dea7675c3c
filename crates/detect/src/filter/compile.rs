//! From a filter's options to a filter.

use std::borrow::Cow;

use aho_corasick::AhoCorasick;

use crate::date::{DateDetector, DateError, Zone};
use crate::pattern::{Groups, Overrun};
use crate::{FilterSpec, Usedns};

use super::fast::Fast;
use super::hit::{User, Way};
use super::literals::required_by;
use super::plain::{self, Scratch};
use super::rule::{Rule, Written};
use super::span::Span;
use super::text::Encoding;

/// A compiled filter: immutable, and shared by all sources that it reads.
#[derive(Debug)]
pub struct Filter {
    pub(super) name: String,
    pub(super) prefix: Option<Rule>,
    pub(super) rules: Vec<Rule>,
    pub(super) ignore: Vec<Rule>,
    pub(super) date: DateDetector,
    pub(super) encoding: Encoding,
    pub(super) maxlines: usize,
    /// For patterns that span lines: texts of which one of the lines must hold one.
    pub(super) required: Option<AhoCorasick>,
    /// `None` if all lines go the plain route.
    pub(super) fast: Option<Fast>,
}

/// An option of a filter that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{option}: {message}")]
pub struct FilterError {
    /// `failregex`, `prefregex`, `ignoreregex`, `datepattern`, `logtimezone`, `logencoding`.
    pub option: &'static str,
    /// Which of the option's patterns, from 0.
    pub index: usize,
    /// Where in that pattern, in bytes.
    pub offset: usize,
    /// What is wrong, for people.
    pub message: String,
}

impl Filter {
    /// Compiles a filter; dates without a zone are in `logtimezone`, or else in `host`. Reports all errors at once.
    pub fn compile(spec: &FilterSpec, host: &Zone) -> Result<Filter, Vec<FilterError>> {
        let mut errors = Vec::new();
        let several = spec.maxlines > 1;
        let Rules { prefix, rules, ignore } = Rules::read(spec, &mut errors, Rule::compile, Rule::identifies);
        let detector = |pattern: Option<&str>, zone: Option<Zone>| {
            DateDetector::compile(pattern, zone.unwrap_or_else(|| host.clone()))
        };
        let date = read_date(spec, detector, &mut errors);
        let encoding = Encoding::parse(spec.logencoding.as_deref()).map_err(|error| errors.push(error)).ok();
        match (date, encoding) {
            (Some(date), Some(encoding)) if errors.is_empty() => {
                let maxlines = spec.maxlines.max(1);
                let fast = if several { None } else { Fast::new(prefix.as_ref(), &rules) };
                let required = if several { required(prefix.as_ref(), &rules) } else { None };
                Ok(Filter {
                    name: spec.name.clone(),
                    prefix,
                    rules,
                    ignore,
                    date,
                    encoding,
                    maxlines,
                    required,
                    fast,
                })
            }
            _ => Err(errors),
        }
    }

    /// As in `filter = NAME[...]`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The user that a match of rule `index`, by a way of the fast route if it is known, names.
    pub(super) fn user(
        &self,
        index: u32,
        way: Option<Way>,
        content: Span,
        subject: &str,
        scratch: &mut Scratch,
    ) -> User {
        let quick = || self.fast.as_ref()?.user(way?, content, subject);
        if let Some(user) = quick() {
            return user;
        }
        plain::user(self, index as usize, subject, scratch).unwrap_or(User::Nobody)
    }

    /// A line of its log as text, by `logencoding`.
    pub fn decode<'t>(&self, line: &'t [u8]) -> Cow<'t, str> {
        self.encoding.decode(line)
    }

    /// Whether `ignoreregex` is tried before `failregex`: only where it is clearly the shorter list.
    pub(super) fn ignores_first(&self) -> bool {
        !self.ignore.is_empty() && self.ignore.len() + 2 < self.rules.len()
    }

    pub(super) fn ignores(&self, text: &str, groups: &mut Groups) -> Result<bool, Overrun> {
        for rule in &self.ignore {
            if rule.search(text, groups)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The patterns of a filter, without what makes many of them quick together; or what else is made of them.
pub(super) struct Rules<R> {
    prefix: Option<R>,
    rules: Vec<R>,
    ignore: Vec<R>,
}

impl<R> Rules<R> {
    pub(super) fn read(
        spec: &FilterSpec,
        errors: &mut Vec<FilterError>,
        make: impl Fn(&Written<'_>) -> Result<R, FilterError>,
        identifies: impl Fn(&R) -> bool,
    ) -> Self {
        let names = spec.usedns != Usedns::No;
        let mut list = |option, texts: &[String], multiline| -> Vec<R> {
            let written = texts.iter().enumerate().map(|(index, text)| Written {
                option,
                index,
                text,
                names,
                multiline,
            });
            written.filter_map(|written| make(&written).map_err(|error| errors.push(error)).ok()).collect()
        };
        let prefix = spec.prefregex.as_ref().filter(|written| !written.is_empty());
        let prefix = prefix.and_then(|written| list("prefregex", std::slice::from_ref(written), false).pop());
        let rules = list("failregex", &spec.failregex, spec.maxlines > 1);
        let ignore = list("ignoreregex", &spec.ignoreregex, false);
        if spec.prefregex.is_none() || prefix.as_ref().is_some_and(|prefix| !identifies(prefix)) {
            check_ids(rules.iter().map(identifies), errors);
        }
        Self { prefix, rules, ignore }
    }
}

fn required(prefix: Option<&Rule>, rules: &[Rule]) -> Option<AhoCorasick> {
    let texts = required_by(prefix, rules)?;
    AhoCorasick::builder().ascii_case_insensitive(true).build(texts).ok()
}

/// Without a host, an id or a session a match accuses nobody.
fn check_ids(identify: impl Iterator<Item = bool>, errors: &mut Vec<FilterError>) {
    for (index, _) in identify.enumerate().filter(|(_, identifies)| !identifies) {
        let message =
            "the pattern has no <HOST>, <F-ID> or <F-MLFID>: a match would accuse nobody".to_owned();
        errors.push(FilterError { option: "failregex", index, offset: 0, message });
    }
}

/// What `make` makes of a filter's `datepattern` and its own zone, if it has one.
pub(super) fn read_date<T>(
    spec: &FilterSpec,
    make: impl FnOnce(Option<&str>, Option<Zone>) -> Result<T, DateError>,
    errors: &mut Vec<FilterError>,
) -> Option<T> {
    let mut error = |option, offset, message| errors.push(FilterError { option, index: 0, offset, message });
    let zone = spec.logtimezone.as_deref().map(|name| Zone::parse(Some(name))).transpose();
    let zone = zone.map_err(|cause| error("logtimezone", 0, cause.to_string())).ok()?;
    let made = make(spec.datepattern.as_deref(), zone);
    made.map_err(|cause| error("datepattern", cause.offset, cause.message)).ok()
}
