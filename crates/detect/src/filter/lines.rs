//! The last lines of a log, for patterns that span several (`maxlines`).

use std::collections::VecDeque;

use crate::pattern::{Groups, Overrun};

use super::compile::Filter;
use super::plain::{self, Outcome, Scratch};
use super::recent::{BYTES, Past, Recent};
use super::rule::Rule;

/// A line without its date, and as the log has it if somebody will ask for that.
#[derive(Clone, Debug, Default)]
struct Kept {
    line: String,
    whole: Option<Box<str>>,
}

/// The lines that no match has used up yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: VecDeque<Kept>,
    /// How many of the stream's lines were taken or passed by.
    read: usize,
    /// How many of the lines, counted from the last, are known to hold nothing that a pattern requires.
    idle: usize,
    /// The same as one text, as the patterns read it.
    pub(super) subject: String,
    /// How many lines the last match used up,
    pub(super) used_up: u32,
    /// and these as the log has them.
    pub(super) used: Vec<String>,
}

impl Lines {
    /// Adds the last line, and before it all that did not concern the filter, and looks for a match in all that are there.
    /// With `keep` somebody will ask for those that it uses up.
    pub(super) fn find(
        &mut self,
        filter: &Filter,
        recent: &Recent,
        keep: bool,
        scratch: &mut Scratch,
    ) -> Result<Outcome, Overrun> {
        self.catch_up(filter, recent, keep);
        if !self.wait() {
            return Ok(Outcome::Nothing);
        }
        self.subject.clear();
        for Kept { line, .. } in &self.lines {
            self.subject.push_str(line);
            self.subject.push('\n');
        }
        if filter.ignores_first() && filter.ignores(&self.subject, &mut scratch.groups)? {
            return Ok(Outcome::Ignored);
        }
        let Some(content) = plain::content(filter, &self.subject, scratch.prefix())? else {
            return Ok(Outcome::Nothing);
        };
        let before: Vec<Kept> = self.lines.iter().cloned().collect();
        let text = plain::terminated(&self.subject, content, &mut String::new()).to_owned();
        if content.end() < self.subject.len() - 1 || content.start() > 0 {
            self.replace(vec![Kept { line: content.of(&self.subject).to_owned(), whole: None }]);
        }
        for (index, rule) in filter.rules.iter().enumerate() {
            let Some(hit) = plain::try_rule(filter, index, &self.subject, content, scratch)? else {
                continue;
            };
            let used = Used::by_match(rule, &text, &scratch.groups, &before);
            let matched: String = used.lines.iter().flat_map(|kept| [kept.line.as_str(), "\n"]).collect();
            self.used =
                used.lines.iter().filter_map(|kept| kept.whole.as_deref().map(str::to_owned)).collect();
            self.replace(used.rest);
            if filter.ignores(&matched, &mut scratch.groups)? {
                return Ok(Outcome::Ignored);
            }
            self.used_up = used.lines.len() as u32;
            return Ok(Outcome::Hit(hit));
        }
        Ok(Outcome::Nothing)
    }

    /// Whether any next line may complete a match: one of those that are there holds something that a pattern requires.
    pub(super) fn wait(&self) -> bool {
        self.idle < self.lines.len()
    }

    /// Other lines take their place, of which nothing is known.
    fn replace(&mut self, lines: Vec<Kept>) {
        self.lines = lines.into();
        self.idle = 0;
    }

    /// Of the lines that were missed, all but the last are known to hold nothing that a pattern requires.
    fn catch_up(&mut self, filter: &Filter, recent: &Recent, keep: bool) {
        let missed = recent.since(self.read);
        if missed.len() < recent.count() - self.read {
            self.lines.clear();
        }
        self.read = recent.count();
        for past in missed {
            self.push(past, keep, filter.maxlines);
            self.idle += 1;
        }
        let last = self.lines.back().map_or("", |kept| &kept.line);
        if filter.required.as_ref().is_none_or(|required| required.is_match(last)) {
            self.idle = 0;
        }
    }

    fn push(&mut self, past: &Past, keep: bool, most: usize) {
        // The oldest line's buffer serves for the newest.
        let oldest = if self.lines.len() >= most { self.lines.pop_front() } else { None };
        let mut newest = oldest.unwrap_or_default();
        newest.line.clear();
        newest.line.extend(past.undated());
        newest.whole = keep.then(|| past.whole().into());
        self.lines.push_back(newest);
        while self.lines.len() > 1 && self.lines.iter().map(|kept| kept.line.len() + 1).sum::<usize>() > BYTES
        {
            self.lines.pop_front();
        }
    }
}

/// How a match divides the lines.
struct Used {
    /// The lines it spans, without those it skipped.
    lines: Vec<Kept>,
    /// All others.
    rest: Vec<Kept>,
}

impl Used {
    fn by_match(rule: &Rule, text: &str, groups: &Groups, lines: &[Kept]) -> Used {
        if lines.len() <= 1 {
            return Used { lines: lines.to_vec(), rest: Vec::new() };
        }
        let span = groups.span(0).unwrap_or(0..0);
        let bytes = text.as_bytes();
        let before =
            memchr::memrchr(b'\n', &bytes[..(span.start + 1).min(bytes.len())]).map_or(0, |at| at + 1);
        // An empty match at the very start counts as one at the very end, by Fail2Ban's arithmetic.
        let from = span.end.checked_sub(1).unwrap_or(bytes.len() - 1);
        let after = memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |at| from + at + 1);
        let count = |end: usize| memchr::memchr_iter(b'\n', &bytes[..end]).count().min(lines.len());
        let (first, last) = (count(before), count(after));
        let mut used = Used { lines: lines[first..last.max(first)].to_vec(), rest: lines[..first].to_vec() };
        used.give_back(&skipped(rule, text, groups));
        used.rest.extend_from_slice(&lines[last.max(first)..]);
        used
    }

    /// Lines that `<SKIPLINES>` took are not used up.
    fn give_back(&mut self, skipped: &str) {
        let mut from = 0;
        for line in skipped.lines() {
            if let Some(at) = self.lines[from..].iter().position(|used| used.line == line) {
                from += at;
                self.rest.push(self.lines.remove(from));
            }
        }
    }
}

/// What all `<SKIPLINES>` of a rule took.
fn skipped(rule: &Rule, text: &str, groups: &Groups) -> String {
    let group = |number: usize| rule.names.index(&format!("skiplines{number}"));
    (0..).map_while(group).filter_map(|index| groups.text(text, index)).collect()
}
