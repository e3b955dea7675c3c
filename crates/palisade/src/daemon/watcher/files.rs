//! The log files of all jails.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use config::LogPattern;
use detect::Time;
use detect::filter::Line;
use sources::{FileSpec, Files, Position, Start, directories_to_read};

use super::filters::Filters;
use super::source::{Reading, Source};
use crate::daemon::protocol::WatchedJail;

/// So much before each position is read again to get the filters' sessions back, in bytes.
const WARM_UP: u64 = 256 << 10;
/// Before a file's key among the positions.
const KEY: &str = "file:";

pub(super) struct LogFiles {
    files: Files,
    /// Each pattern's jails.
    jails: Vec<Vec<usize>>,
    /// By the patterns that match a file: its jails.
    together: HashMap<Box<[usize]>, Box<[usize]>>,
}

impl Source for LogFiles {
    fn folders(jails: &[WatchedJail]) -> Vec<PathBuf> {
        let patterns = patterns(jails);
        directories_to_read(patterns.iter().map(|(pattern, _)| pattern.glob.as_str())).into_iter().collect()
    }

    fn open(
        jails: &[WatchedJail],
        positions: &[(String, Vec<u8>)],
        filters: &mut Filters,
        now: Time,
    ) -> io::Result<Self> {
        let patterns = patterns(jails);
        let specs: Vec<FileSpec> = patterns.iter().map(|(pattern, _)| spec(pattern)).collect();
        let resume: Vec<(String, Position)> = positions.iter().filter_map(position).collect();
        let files = Files::open(&specs, &resume).map_err(io::Error::other)?;
        let jails = patterns.into_iter().map(|(_, jails)| jails).collect();
        let mut opened = Self { files, jails, together: HashMap::new() };
        let Self { files, jails, together } = &mut opened;
        files.reread(WARM_UP, &mut |matching, text| {
            filters.warm_up(
                jails_of(together, jails, matching),
                Line { text, time: None, ascii: false },
                now,
            );
        });
        Ok(opened)
    }

    fn read(&mut self, bytes: usize, into: &mut Reading<'_>) -> bool {
        let Self { files, jails, together } = self;
        let progress = files.read(bytes, &mut |matching, text| {
            into.line(jails_of(together, jails, matching), Line { text, time: None, ascii: false });
        });
        let bytes = |position: Position| postcard::to_stdvec(&position).unwrap_or_default();
        let moved = files.positions().into_iter().map(|(path, at)| (format!("{KEY}{path}"), at.map(bytes)));
        into.report.progress.positions.extend(moved);
        progress.more
    }

    fn patience(&self) -> Duration {
        self.files.next_timeout()
    }
}

impl LogFiles {
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.files.fd()
    }
}

fn jails_of<'t>(
    together: &'t mut HashMap<Box<[usize]>, Box<[usize]>>,
    jails: &[Vec<usize>],
    matching: &[usize],
) -> &'t [usize] {
    if !together.contains_key(matching) {
        let all: BTreeSet<usize> = matching.iter().flat_map(|pattern| &jails[*pattern]).copied().collect();
        together.insert(matching.into(), all.into_iter().collect());
    }
    &together[matching]
}

/// Each pattern once, with the jails that it belongs to.
fn patterns(jails: &[WatchedJail]) -> Vec<(LogPattern, Vec<usize>)> {
    let mut patterns: Vec<(LogPattern, Vec<usize>)> = Vec::new();
    for (jail, watched) in jails.iter().enumerate() {
        let config::Source::Files(globs) = &watched.source else { continue };
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

fn position((key, bytes): &(String, Vec<u8>)) -> Option<(String, Position)> {
    // What another version wrote otherwise is no position; the file is read from its beginning.
    Some((key.strip_prefix(KEY)?.to_owned(), postcard::from_bytes(bytes).ok()?))
}
