//! From a filter's options to a filter.

use aho_corasick::AhoCorasick;

use crate::date::{DateDetector, Zone};
use crate::pattern::{Groups, Overrun};
use crate::{FilterSpec, Usedns};

use super::fast::Fast;
use super::hit::User;
use super::literals::required_by;
use super::plain::{self, Scratch};
use super::rule::Rule;
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
        let Rules { prefix, rules, ignore } = Rules::compile(spec, &mut errors);
        let date = compile_date(spec, host, &mut errors);
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
        index: usize,
        way: Option<usize>,
        content: Span,
        subject: &str,
        scratch: &mut Scratch,
    ) -> User {
        let quick = || self.fast.as_ref()?.user(way?, content, subject);
        if let Some(user) = quick() {
            return user;
        }
        match plain::capture(self, index, subject, scratch) {
            Ok(Some(hit)) => hit.user,
            _ => User::Nobody,
        }
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

/// The patterns of a filter, without what makes many of them quick together.
pub(super) struct Rules {
    prefix: Option<Rule>,
    rules: Vec<Rule>,
    ignore: Vec<Rule>,
}

impl Rules {
    pub(super) fn compile(spec: &FilterSpec, errors: &mut Vec<FilterError>) -> Self {
        let mut keep = |result: Result<Rule, FilterError>| result.map_err(|error| errors.push(error)).ok();
        let names = spec.usedns != Usedns::No;
        let prefix = spec
            .prefregex
            .as_deref()
            .filter(|written| !written.is_empty())
            .and_then(|written| keep(Rule::compile("prefregex", 0, written, names, false)));
        let mut list = |option, written: &[String], multiline| -> Vec<Rule> {
            let compile = |(index, written): (usize, &String)| {
                keep(Rule::compile(option, index, written, names, multiline))
            };
            written.iter().enumerate().filter_map(compile).collect()
        };
        let rules = list("failregex", &spec.failregex, spec.maxlines > 1);
        let ignore = list("ignoreregex", &spec.ignoreregex, false);
        if spec.prefregex.is_none() || prefix.is_some() {
            check_ids(&prefix, &rules, errors);
        }
        Self { prefix, rules, ignore }
    }
}

fn required(prefix: Option<&Rule>, rules: &[Rule]) -> Option<AhoCorasick> {
    let texts = required_by(prefix, rules)?;
    AhoCorasick::builder().ascii_case_insensitive(true).build(texts).ok()
}

/// Without a host, an id or a session a match accuses nobody.
fn check_ids(prefix: &Option<Rule>, rules: &[Rule], errors: &mut Vec<FilterError>) {
    if prefix.as_ref().is_some_and(Rule::identifies) {
        return;
    }
    for (index, _) in rules.iter().enumerate().filter(|(_, rule)| !rule.identifies()) {
        let message =
            "the pattern has no <HOST>, <F-ID> or <F-MLFID>: a match would accuse nobody".to_owned();
        errors.push(FilterError { option: "failregex", index, offset: 0, message });
    }
}

pub(super) fn compile_date(
    spec: &FilterSpec,
    host: &Zone,
    errors: &mut Vec<FilterError>,
) -> Option<DateDetector> {
    let zone = match spec.logtimezone.as_deref() {
        None => host.clone(),
        name => match Zone::parse(name) {
            Ok(zone) => zone,
            Err(cause) => {
                let message = cause.to_string();
                errors.push(FilterError { option: "logtimezone", index: 0, offset: 0, message });
                return None;
            }
        },
    };
    DateDetector::compile(spec.datepattern.as_deref(), zone)
        .map_err(|cause| {
            let message = cause.message;
            errors.push(FilterError { option: "datepattern", index: 0, offset: cause.offset, message });
        })
        .ok()
}
