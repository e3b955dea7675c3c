//! The systemd journal, as far as jails read it. Usually there is one; a jail may name another directory.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use detect::Time;
use detect::filter::Line;
use sources::{Expression, Journal, JournalLine, JournalStart};

use super::filters::Filters;
use super::source::{Reading, Source};
use crate::daemon::protocol::WatchedJail;

/// So many entries before the cursor are read again to get the filters' sessions back.
const WARM_UP: u32 = 2000;
/// A journal that was never read begins so long ago, as the longest usual findtime asks.
const FIRST_LOOK: Duration = Duration::from_secs(3600);
/// Before a journal's key among the positions.
const KEY: &str = "journal:";

pub(super) struct Journals {
    journals: Vec<One>,
}

struct One {
    key: String,
    journal: Journal,
    /// Each expression's jail.
    jails: Vec<usize>,
    wanted: Vec<usize>,
}

impl Source for Journals {
    /// The directories of the journals that these jails read.
    fn folders(jails: &[WatchedJail]) -> Vec<PathBuf> {
        let paths = by_path(jails).into_keys().flat_map(|path| match path {
            Some(path) => vec![path],
            None => JOURNALS.map(PathBuf::from).to_vec(),
        });
        paths.collect()
    }

    fn open(
        jails: &[WatchedJail],
        positions: &[(String, Vec<u8>)],
        filters: &mut Filters,
        now: Time,
    ) -> io::Result<Self> {
        let mut journals = Vec::new();
        for (path, readers) in by_path(jails) {
            let key = format!("{KEY}{}", path.as_deref().unwrap_or("".as_ref()).display());
            let kept = positions.iter().find(|(known, _)| *known == key);
            let cursor = kept.and_then(|(_, cursor)| std::str::from_utf8(cursor).ok());
            let expressions = readers.iter().map(|(_, text)| Expression::new(text).map_err(io::Error::other));
            let since = (now - FIRST_LOOK).as_micros().unsigned_abs();
            let expressions = expressions.collect::<io::Result<_>>()?;
            let opened = Journal::open(path.as_deref(), expressions, cursor, JournalStart::Since(since));
            let jails = readers.into_iter().map(|(jail, _)| jail).collect();
            let mut one = One { key, journal: opened.map_err(io::Error::other)?, jails, wanted: Vec::new() };
            one.warm_up(filters, now)?;
            journals.push(one);
        }
        Ok(Self { journals })
    }

    fn read(&mut self, bytes: usize, into: &mut Reading<'_>) -> bool {
        let mut more = false;
        for one in &mut self.journals {
            more |= one.read(bytes, into);
        }
        more
    }

    fn patience(&self) -> Duration {
        self.journals.iter().map(|one| one.journal.next_timeout()).min().unwrap_or(Duration::MAX)
    }
}

impl Journals {
    pub(super) fn fds(&mut self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.journals.iter_mut().filter_map(|one| one.journal.fd().ok())
    }
}

impl One {
    fn warm_up(&mut self, filters: &mut Filters, now: Time) -> io::Result<()> {
        let Self { journal, jails, wanted, .. } = self;
        journal.reread(WARM_UP, &mut |expressions, entry| {
            filters.warm_up(wanting(wanted, jails, expressions), line(entry), now);
        })
    }

    fn read(&mut self, bytes: usize, into: &mut Reading<'_>) -> bool {
        let Self { journal, jails, wanted, key } = self;
        let progress = journal.read(bytes, &mut |expressions, entry| {
            into.line(wanting(wanted, jails, expressions), line(entry));
        });
        if let Some(cursor) = journal.cursor() {
            into.report.progress.positions.push((key.clone(), Some(cursor.as_bytes().to_vec())));
        }
        progress.more
    }
}

fn line(entry: JournalLine<'_>) -> Line<'_> {
    let micros = i64::try_from(entry.time).unwrap_or(i64::MAX);
    Line { text: entry.text, time: Some(Time::from_micros(micros)), ascii: false }
}

fn wanting<'w>(wanted: &'w mut Vec<usize>, jails: &[usize], expressions: &[usize]) -> &'w [usize] {
    wanted.clear();
    wanted.extend(expressions.iter().map(|expression| jails[*expression]));
    wanted
}

/// The jails that read each journal, with their expressions.
fn by_path(jails: &[WatchedJail]) -> BTreeMap<Option<PathBuf>, Vec<(usize, String)>> {
    let mut readers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (jail, watched) in jails.iter().enumerate() {
        let config::Source::Journal(journal) = &watched.source else { continue };
        let groups: Vec<String> = journal.matches.iter().map(|terms| terms.join(" ")).collect();
        readers.entry(journal.path.clone()).or_default().push((jail, groups.join(" + ")));
    }
    readers
}

/// Where the system's journal is, and what libsystemd reads beside it.
const JOURNALS: [&str; 3] = ["/run/log", "/var/log", "/etc/machine-id"];
