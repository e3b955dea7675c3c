//! What one filter remembers of one source.

use crate::Time;
use crate::pattern::Overrun;

use super::compile::Filter;
use super::failure::{Failure, Source};
use super::fast::{Caches, Fast};
use super::hit::Hit;
use super::lines::Lines;
use super::plain::{self, Outcome, Scratch};
use super::session::{self, Sessions};
use super::stream::{Dated, Subject};
use super::text::Text;

/// What a filter has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Lines read.
    pub lines: u64,
    /// Lines that matched a `failregex`, those that are no failure by themselves too.
    pub matched: u64,
    /// Lines that matched an `ignoreregex`.
    pub ignored: u64,
    /// Matches in lines without a readable date.
    pub undated: u64,
    /// Lines given up: too long, or a pattern ran out of steps.
    pub overruns: u64,
    /// The date of the last match in a line with a readable date.
    pub last_date: Option<Time>,
}

#[derive(Debug)]
pub(super) struct State {
    counters: Counters,
    sessions: Sessions,
    lines: Lines,
    caches: Option<Caches>,
    /// Somebody will ask for all lines of a failure.
    keep: bool,
}

impl State {
    pub(super) fn new(filter: &Filter) -> State {
        State {
            counters: Counters::default(),
            sessions: Sessions::default(),
            lines: Lines::default(),
            caches: filter.fast.as_ref().map(Fast::caches),
            keep: false,
        }
    }

    /// From here on, all lines of a failure are kept as the log has them.
    pub(super) fn keep_lines(&mut self) {
        self.keep = true;
    }

    /// After so many lines.
    pub(super) fn counters(&self, lines: u64) -> Counters {
        Counters { lines, ..self.counters }
    }

    /// A line that is not looked at.
    pub(super) fn give_up(&mut self) {
        self.counters.overruns += 1;
    }

    /// Reads one line.
    pub(super) fn read(
        &mut self,
        filter: &Filter,
        subject: Subject<'_>,
        scratch: &mut Scratch,
        report: impl FnOnce(&Failure<'_>),
    ) {
        // Where it was put together it stays: a copy would wait for that.
        if let Some(failure) = &self.failure(filter, subject, scratch) {
            report(failure);
        }
    }

    /// Whether the next line concerns the filter, whatever it holds.
    pub(super) fn waits(&self) -> bool {
        self.lines.wait()
    }

    // A failure is large; handed over within one function it is not even put together.
    #[inline(always)]
    fn failure<'a>(
        &'a mut self,
        filter: &'a Filter,
        Subject { line, whole, dated, recent }: Subject<'a>,
        scratch: &mut Scratch,
    ) -> Option<Failure<'a>> {
        let found = match (&filter.fast, &mut self.caches, line) {
            (Some(fast), Some(caches), Text::Simple(_)) => fast.find(filter, line, caches, scratch),
            _ if filter.maxlines > 1 => self.lines.find(filter, recent, self.keep, scratch),
            _ => plain::find(filter, line.as_str(), scratch),
        };
        let hit = self.counters.count(&found, dated)?;
        let caches = self.caches.as_ref().filter(|_| hit.has_address);
        let address = caches.and_then(Caches::address);
        let lines = if filter.maxlines > 1 { self.lines.used_up } else { 1 };
        let subject = if filter.maxlines > 1 { Text::Other(&self.lines.subject) } else { line };
        let time = dated.time();
        let alone = |last| {
            let host = hit.host(address, subject)?;
            let kept = &self.lines.used[..];
            let source =
                Source::Line { filter, rule: hit.rule, content: hit.content, subject, lines, kept, last };
            Some(Failure { time, host, line, source })
        };
        let Some(key) = hit.session else { return alone(false) };
        let key = self.sessions.find(subject, key, time);
        if hit.marks.forget && key.is_new() {
            // What begins with its last word is no session: the line stands for itself.
            return if hit.marks.blameless() { None } else { alone(true) };
        }
        let one = (self.keep && filter.maxlines <= 1).then(|| whole.line().to_owned());
        let kept = if one.is_some() { one.as_slice() } else { &self.lines.used };
        let joined = session::Line { filter, subject, hit, lines, kept };
        let session = self.sessions.add(key, time, joined, scratch)?;
        let source = Source::Session { filter, session };
        Some(Failure { time, host: session.host(hit, address)?, line, source })
    }
}

impl Counters {
    #[inline]
    fn count<'h>(&mut self, found: &'h Result<Outcome, Overrun>, dated: Dated) -> Option<&'h Hit> {
        match found {
            Err(Overrun) => self.overruns += 1,
            Ok(Outcome::Nothing) => {}
            Ok(Outcome::Ignored) => self.ignored += 1,
            Ok(Outcome::Hit(hit)) => {
                self.matched += 1;
                match dated {
                    Dated::Known(time) => self.last_date = Some(time),
                    Dated::Assumed(_) => self.undated += 1,
                }
                return Some(hit);
            }
        }
        None
    }
}
