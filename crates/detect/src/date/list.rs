//! From a datepattern to the patterns it stands for.

use std::sync::{Arc, LazyLock};

use super::DateError;
use super::builtin::PATTERNS;
use super::source::{self, Source};
use super::template::{Matcher, Template};

const LINE_BEGIN: &str = "{^LN-BEG}";

/// The patterns of `datepattern`, in the order in which they are tried at first.
pub(super) fn templates(datepattern: Option<&str>) -> Result<Vec<Template>, DateError> {
    entries(datepattern)?.into_iter().map(Entry::template).collect()
}

/// The errors of [`templates`].
pub(super) fn check(datepattern: Option<&str>) -> Result<(), DateError> {
    let entries = entries(datepattern)?;
    let mut own = entries.iter().filter(|entry| entry.matcher.is_none());
    own.try_for_each(|entry| Matcher::check(&entry.source, entry.offset))
}

fn entries(datepattern: Option<&str>) -> Result<Vec<Entry>, DateError> {
    let built_in = BUILT_IN.as_ref().map_err(DateError::clone)?;
    let mut list = List { entries: Vec::new(), built_in };
    for (offset, line) in lines(datepattern.unwrap_or_default()) {
        list.add(line, offset)?;
    }
    if list.entries.is_empty() {
        list.add("{DEFAULT}", 0)?;
    }
    Ok(list.entries)
}

/// Lines that are not blank, without the blanks around them, and where they start.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split('\n').filter_map(move |line| {
        let offset = start + line.len() - line.trim_start().len();
        start += line.len() + 1;
        Some((offset, line.trim())).filter(|(_, line)| !line.is_empty())
    })
}

#[derive(Clone, Debug)]
struct Entry {
    /// As it is written.
    pattern: Arc<str>,
    source: Source,
    preferred: bool,
    offset: usize,
    /// For those of the built-in list, which all detectors share.
    matcher: Option<Matcher>,
}

impl Entry {
    fn template(self) -> Result<Template, DateError> {
        let matcher = match self.matcher {
            Some(matcher) => matcher,
            None => Matcher::new(&self.source, self.offset)?,
        };
        Ok(Template::new(self.pattern, matcher, self.source.anchored, self.preferred))
    }
}

struct List {
    entries: Vec<Entry>,
    built_in: &'static [Entry],
}

static BUILT_IN: LazyLock<Result<Vec<Entry>, DateError>> = LazyLock::new(built_in);

/// What stands for a pattern in comparisons: words in it mean the same in any case, directives do not.
fn key(pattern: &str) -> String {
    if pattern.contains('%') { pattern.to_owned() } else { pattern.to_uppercase() }
}

impl List {
    fn add(&mut self, pattern: &str, offset: usize) -> Result<(), DateError> {
        match key(pattern).as_str() {
            LINE_BEGIN => self.add_built_in(|source| source.line_begin, offset),
            "{DEFAULT}" => self.add_built_in(|_| true, offset),
            "{NONE}" => self.push("{UNB}^", Source::pattern("{UNB}^", offset)?, offset)?,
            key if key.contains("{DATE}") => self.add_around(pattern, offset)?,
            key => self.push(pattern, single(pattern, key, offset)?, offset)?,
        }
        Ok(())
    }

    fn push(&mut self, pattern: &str, source: Source, offset: usize) -> Result<(), DateError> {
        check_names(&source, offset)?;
        if self.entries.iter().any(|entry| entry.source == source) {
            return Err(DateError { offset, message: "this date pattern stands twice".to_owned() });
        }
        let known = self.built_in.iter().find(|entry| entry.source == source);
        let preferred = known.is_some_and(|entry| entry.preferred);
        let matcher = known.and_then(|entry| entry.matcher.clone());
        self.entries.push(Entry { pattern: pattern.into(), source, preferred, offset, matcher });
        Ok(())
    }

    fn add_built_in(&mut self, wanted: impl Fn(&Source) -> bool, offset: usize) {
        for entry in self.built_in {
            if wanted(&entry.source) && !self.entries.iter().any(|known| known.source == entry.source) {
                self.entries.push(Entry { offset, ..entry.clone() });
            }
        }
    }

    /// `{DATE}` stands for each built-in pattern in turn.
    fn add_around(&mut self, pattern: &str, offset: usize) -> Result<(), DateError> {
        source::mark(pattern, offset)?;
        for (built_in, _) in PATTERNS {
            let date = match built_in {
                // Fail2Ban names this one so, and where the name is not all of the pattern, the name is the pattern.
                "EPOCH" => "Epoch",
                _ => built_in.strip_prefix(LINE_BEGIN).unwrap_or(built_in),
            };
            let text = source::replace_word(pattern, "{DATE}", date);
            let source = single(&text, &key(&text), offset)?;
            check_names(&source, offset)?;
            if !self.entries.iter().any(|entry| entry.source == source) {
                let pattern = text.into();
                self.entries.push(Entry { pattern, source, preferred: false, offset, matcher: None });
            }
        }
        Ok(())
    }
}

/// The built-in patterns; those that may stand anywhere are first tried at the line's start, all of them.
fn built_in() -> Result<Vec<Entry>, DateError> {
    let anchored = |pattern: &&str| pattern.starts_with('^') || pattern.starts_with(LINE_BEGIN);
    let entry = |pattern: &str, preferred| {
        let source = single(pattern, &key(pattern), 0)?;
        let matcher = Some(Matcher::new(&source, 0)?);
        Ok(Entry { pattern: pattern.into(), source, preferred, offset: 0, matcher })
    };
    let patterns = || PATTERNS.iter().map(|(pattern, _)| *pattern);
    let at_start =
        patterns().filter(|pattern| !anchored(pattern)).map(|pattern| format!("{LINE_BEGIN}{pattern}"));
    at_start
        .map(|pattern| entry(&pattern, true))
        .chain(patterns().map(|pattern| entry(pattern, false)))
        .collect()
}

fn single(pattern: &str, key: &str, offset: usize) -> Result<Source, DateError> {
    let around = |word: &str| source::replace_word(pattern, word, "") != pattern;
    if key.contains("EPOCH") && (around("{EPOCH}") || around("{LEPOCH}")) {
        return Ok(Source::around_epoch(pattern, key.contains("LEPOCH")));
    }
    match key {
        "EPOCH" => Ok(Source::epoch(false, false)),
        "{^LN-BEG}EPOCH" | "^EPOCH" => Ok(Source::epoch(true, false)),
        "LEPOCH" => Ok(Source::epoch(false, true)),
        "{^LN-BEG}LEPOCH" | "^LEPOCH" => Ok(Source::epoch(true, true)),
        "TAI64N" => Ok(Source::tai64n(false)),
        "{^LN-BEG}TAI64N" | "^TAI64N" => Ok(Source::tai64n(true)),
        _ => Source::pattern(pattern, offset),
    }
}

/// A part of the date may be asked for once only.
fn check_names(source: &Source, offset: usize) -> Result<(), DateError> {
    let mut names: Vec<_> =
        source.body.chars().filter_map(source::directive_of).map(|found| found.group()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            Err(DateError { offset, message: format!("%{} stands twice in this date pattern", pair[0]) })
        }
        None => Ok(()),
    }
}
