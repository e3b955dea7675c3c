//! The sources of all jails, and the filters that read them.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use config::{LogPattern, Source};
use detect::Zone;
use detect::filter::{Filter, FilterSet, Line};
use sources::{FileSpec, Files, Position, Start, directories_to_read};

use super::report::Report;
use crate::daemon::protocol::{FilterCounters, Progress, WatchedJail};
use crate::engine::clock::now;

/// So much is read before the keeper is told, in bytes: enough to be fast, little enough not to keep a ban waiting.
const PIECE: usize = 256 << 10;
/// So much before each position is read again to get the filters' sessions back, in bytes.
const WARM_UP: u64 = 256 << 10;
/// Before a file's key among the positions.
const FILE: &str = "file:";

/// Everything that one watcher reads.
pub(super) struct Reader {
    filters: Vec<Arc<Filter>>,
    /// Each pattern once, with the jails that it belongs to.
    patterns: Vec<(LogPattern, Vec<usize>)>,
    files: Option<Files>,
    /// By the patterns that match a file: its jails, and their filters at work on it.
    sets: HashMap<Box<[usize]>, Set>,
    report: Report,
    counters: Vec<FilterCounters>,
}

/// The jails that read the same files.
struct Set {
    jails: Vec<usize>,
    filters: FilterSet,
}

impl Reader {
    pub(super) fn compile(jails: &[WatchedJail]) -> io::Result<Self> {
        let zone = Zone::parse(None).map_err(io::Error::other)?;
        // The same filter in several jails is compiled once.
        let mut known: HashMap<_, Arc<Filter>> = HashMap::new();
        let mut filters = Vec::new();
        for jail in jails {
            let filter = match known.get(&jail.filter) {
                Some(filter) => Arc::clone(filter),
                None => {
                    let failed =
                        |_| io::Error::other(format!("filter {} does not compile", jail.filter.name));
                    let filter = Arc::new(Filter::compile(&jail.filter, &zone).map_err(failed)?);
                    known.insert(&jail.filter, Arc::clone(&filter));
                    filter
                }
            };
            filters.push(filter);
        }
        let report = Report { progress: Progress::default(), named: vec![0; jails.len()] };
        let counters = vec![FilterCounters::default(); jails.len()];
        let patterns = patterns(jails);
        Ok(Self { filters, patterns, files: None, sets: HashMap::new(), report, counters })
    }

    /// Opens the sources where they were left, and gets the filters' sessions back.
    pub(super) fn open(&mut self, positions: &[(String, Vec<u8>)]) -> io::Result<()> {
        let specs: Vec<FileSpec> = self.patterns.iter().map(|(pattern, _)| spec(pattern)).collect();
        let resume: Vec<(String, Position)> = positions.iter().filter_map(file_position).collect();
        let mut files = Files::open(&specs, &resume).map_err(io::Error::other)?;
        files.reread(WARM_UP, &mut |matching, text| {
            self.set(matching).filters.read(Line { text, time: None }, now(), &mut |_, _| {});
        });
        self.files = Some(files);
        Ok(())
    }

    /// Reads a piece. True: there is more at once.
    pub(super) fn read(&mut self) -> bool {
        let Some(mut files) = self.files.take() else { return false };
        let now = now();
        let progress = files.read(PIECE, &mut |matching, text| {
            let mut report = std::mem::take(&mut self.report);
            let Set { jails, filters } = self.set(matching);
            filters
                .read(Line { text, time: None }, now, &mut |at, failure| report.failure(jails[at], &failure));
            self.report = report;
        });
        let position = |position: Position| postcard::to_stdvec(&position).unwrap_or_default();
        let positions =
            files.positions().into_iter().map(|(path, at)| (format!("{FILE}{path}"), at.map(position)));
        self.report.progress.positions.extend(positions);
        self.files = Some(files);
        progress.more
    }

    /// What has been read since the last time, if anything.
    pub(super) fn progress(&mut self) -> Option<Progress> {
        if self.report.progress.positions.is_empty() && self.report.progress.failures.is_empty() {
            return None;
        }
        self.count();
        let mut progress = std::mem::take(&mut self.report.progress);
        progress.counters.clone_from(&self.counters);
        Some(progress)
    }

    /// What becomes readable when there is something to read.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.files.as_ref().and_then(Files::fd).into_iter()
    }

    /// How long to wait at most.
    pub(super) fn patience(&self) -> Duration {
        self.files.as_ref().map_or(Duration::MAX, Files::next_timeout)
    }

    fn set(&mut self, matching: &[usize]) -> &mut Set {
        if !self.sets.contains_key(matching) {
            let of = |pattern: &usize| self.patterns[*pattern].1.iter().copied();
            let jails: Vec<usize> =
                matching.iter().flat_map(of).collect::<BTreeSet<_>>().into_iter().collect();
            let filters = FilterSet::new(jails.iter().map(|jail| Arc::clone(&self.filters[*jail])).collect());
            self.sets.insert(matching.into(), Set { jails, filters });
        }
        self.sets.get_mut(matching).expect("it was put in if it was not there")
    }

    fn count(&mut self) {
        self.counters.fill(FilterCounters::default());
        for set in self.sets.values() {
            for (jail, counted) in set.jails.iter().zip(set.filters.counters()) {
                let total = &mut self.counters[*jail];
                total.lines += counted.lines;
                total.undated += counted.undated;
                total.overruns += counted.overruns;
            }
        }
        self.counters.iter_mut().zip(&self.report.named).for_each(|(total, named)| total.named = *named);
    }
}

/// The folders that hold what these jails read.
pub(super) fn folders(jails: &[WatchedJail]) -> BTreeSet<PathBuf> {
    directories_to_read(patterns(jails).iter().map(|(pattern, _)| pattern.glob.as_str()))
}

fn patterns(jails: &[WatchedJail]) -> Vec<(LogPattern, Vec<usize>)> {
    let mut patterns: Vec<(LogPattern, Vec<usize>)> = Vec::new();
    for (jail, watched) in jails.iter().enumerate() {
        let Source::Files(globs) = &watched.source else { continue };
        for glob in globs {
            match patterns.iter_mut().find(|(known, _)| known == glob) {
                Some((_, jails)) => jails.push(jail),
                None => patterns.push((glob.clone(), vec![jail])),
            }
        }
    }
    patterns
}

fn spec(pattern: &LogPattern) -> FileSpec {
    let start = if pattern.tail { Start::End } else { Start::Beginning };
    FileSpec { pattern: pattern.glob.clone(), start }
}

fn file_position((key, bytes): &(String, Vec<u8>)) -> Option<(String, Position)> {
    // A position that an older version wrote otherwise is no position; the file is read from its beginning.
    Some((key.strip_prefix(FILE)?.to_owned(), postcard::from_bytes(bytes).ok()?))
}
