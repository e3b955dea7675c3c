//! The changes of one host: a folder with a file for each.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::ops::Deref;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::atomic::{self, PRIVATE};
use crate::{Author, Change, JournalError, Moment, Snapshot, State, Step};

const FOLDER: &str = "changes";
const LOCK: &str = "lock";
/// Changes that are kept, and their size; the oldest go first.
const KEPT: usize = 100;
const KEPT_BYTES: u64 = 32 << 20;
/// Between two looks at a lock that another holds.
const PAUSE: Duration = Duration::from_millis(10);

type Read<T> = Result<T, JournalError>;

/// All changes, to be read.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
}

/// The journal, held so that nobody else writes it meanwhile.
#[derive(Debug)]
pub struct Held {
    journal: Journal,
    _lock: Option<File>,
}

/// What there is to read.
#[derive(Debug, Default)]
pub struct Listing {
    /// The oldest first.
    pub changes: Vec<Change>,
    /// Files that are damaged.
    pub unreadable: Vec<PathBuf>,
}

/// Whether a change waits to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// For how long.
    pub after: Duration,
    /// Why it need not be; it waits all the same if another does, of which it becomes a part.
    pub keep: Option<String>,
}

impl Journal {
    /// That of a state folder, which need not be there yet.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self { folder: state.join(FOLDER) }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Everything in it.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> Read<Listing> {
        let mut listing = Listing::default();
        for id in self.ids()? {
            match self.get(id)? {
                Some(change) => listing.changes.push(change),
                None => listing.unreadable.push(self.file(id)),
            }
        }
        Ok(listing)
    }

    /// One change; `None` if it is not there, or damaged.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, id: u64) -> Read<Option<Change>> {
        let path = self.file(id);
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => Ok(serde_json::from_slice(&read.map_err(JournalError::io(&path))?).ok()),
        }
    }

    /// The last change that is not damaged.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn newest(&self) -> Read<Option<Change>> {
        for id in self.ids()?.into_iter().rev() {
            if let Some(change) = self.get(id)? {
                return Ok(Some(change));
            }
        }
        Ok(None)
    }

    /// The change that is not settled; it is always the newest.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(&self) -> Read<Option<Change>> {
        Ok(self.newest()?.filter(Change::is_open))
    }

    /// Keeps others from writing, after having waited for those who do.
    ///
    /// # Errors
    /// The folder cannot be made, or [`JournalError::Busy`] when patience is at its end.
    pub fn hold(&self, patience: Duration) -> Read<Held> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(JournalError::io(&self.folder))?;
        let path = self.folder.join(LOCK);
        let lock = File::options().create(true).append(true).open(&path).map_err(JournalError::io(&path))?;
        let began = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Held { journal: self.clone(), _lock: Some(lock) }),
                Err(TryLockError::WouldBlock) if began.elapsed() < patience => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(JournalError::Busy),
                Err(TryLockError::Error(error)) => return Err(JournalError::io(&path)(error)),
            }
        }
    }

    /// For what must be done though another holds it: that one is stopped, or waits for a terminal that is gone.
    #[must_use]
    pub fn hold_regardless(&self) -> Held {
        Held { journal: self.clone(), _lock: None }
    }

    /// In ascending order.
    fn ids(&self) -> Read<Vec<u64>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(JournalError::io(&self.folder))?,
        };
        let id = |entry: io::Result<fs::DirEntry>| {
            entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.parse::<u64>().ok()
        };
        let mut ids: Vec<u64> = entries.filter_map(id).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    fn file(&self, id: u64) -> PathBuf {
        self.folder.join(format!("{id:06}.json"))
    }
}

impl Deref for Held {
    type Target = Journal;

    fn deref(&self) -> &Journal {
        &self.journal
    }
}

impl Held {
    /// Writes down that a step is about to be made on a file that is as `before`; one that waits is on disk when this
    /// returns. If a change waits already, the step becomes part of it, and the time begins anew.
    ///
    /// # Errors
    /// It cannot be written, or the last change is just being taken back.
    pub fn begin(&self, plan: &Plan, step: Step, before: Snapshot) -> Read<Change> {
        let deadline = Moment::now().after(plan.after);
        let waiting = State::Waiting { deadline, in_force: None };
        let change = match self.open()? {
            Some(Change { state: State::RollingBack { .. }, .. }) => return Err(JournalError::Busy),
            Some(mut change) => {
                change.state = waiting;
                change.steps.push(step);
                if change.before.iter().all(|known| known.path != before.path) {
                    change.before.push(before);
                }
                change
            }
            None => {
                let id = self.ids()?.last().map_or(1, |last| last + 1);
                let state = plan.keep.clone().map_or(waiting, |why| State::Kept { why });
                Change { id, state, steps: vec![step], before: vec![before], undone: Vec::new() }
            }
        };
        self.forget_old()?;
        self.write(&change)?;
        Ok(change)
    }

    /// The last step of a change is in force from now on.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn in_force(&self, change: &mut Change) -> Read<()> {
        if let State::Waiting { in_force, .. } = &mut change.state {
            *in_force = Some(Moment::now());
            self.write(change)?;
        }
        Ok(())
    }

    /// The last step of a change was not made, and everything is as before it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn withdraw(&self, mut change: Change, why: &str) -> Read<()> {
        match change.steps.len() {
            0 | 1 => {
                let (at, why) = (Timestamp::now(), why.to_owned());
                change.state = State::RolledBack { at, why, trouble: None };
                self.write(&change)
            }
            _ => {
                change.steps.pop();
                self.in_force(&mut change)
            }
        }
    }

    /// The change stays.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn confirm(&self, change: &mut Change, by: Author) -> Read<()> {
        change.state = State::Confirmed { at: Timestamp::now(), by };
        self.write(change)
    }

    /// From here on the change is taken back, whatever happens, and the files are put back.
    ///
    /// # Errors
    /// It cannot be written, or a file cannot be; what could be done is done, and the rest is still to be.
    pub fn roll_back(&self, change: &mut Change, why: &str) -> Read<()> {
        if !matches!(change.state, State::RollingBack { .. }) {
            change.state = State::RollingBack { why: why.to_owned() };
            // What cannot be read is no reason to leave it there.
            change.undone = change.before.iter().filter_map(|file| Snapshot::take(&file.path).ok()).collect();
        }
        let written = self.write(change);
        let restored = change
            .before
            .iter()
            .map(|file| file.restore().map_err(JournalError::io(&file.path)))
            .collect::<Vec<_>>();
        restored.into_iter().fold(written, Result::and)
    }

    /// The change is taken back; `trouble` is what did not come back.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn rolled_back(&self, change: &mut Change, trouble: Option<String>) -> Read<()> {
        let State::RollingBack { why } = &change.state else { return Ok(()) };
        change.state = State::RolledBack { at: Timestamp::now(), why: why.clone(), trouble };
        self.write(change)
    }

    /// What nothing hangs on need not survive a power cut.
    fn write(&self, change: &Change) -> Read<()> {
        let path = self.file(change.id);
        let lasting = !matches!(change.state, State::Kept { .. });
        let mut text =
            serde_json::to_vec_pretty(change).map_err(|error| JournalError::io(&path)(error.into()))?;
        text.push(b'\n');
        atomic::write(&path, &text, PRIVATE, lasting).map_err(JournalError::io(&path))
    }

    fn forget_old(&self) -> Read<()> {
        let (mut count, mut bytes) = (0, 0);
        for id in self.ids()?.into_iter().rev() {
            let path = self.file(id);
            count += 1;
            bytes += fs::metadata(&path).map_or(0, |metadata| metadata.len());
            // The newest may wait.
            if count > 1 && (count >= KEPT || bytes > KEPT_BYTES) {
                fs::remove_file(&path).map_err(JournalError::io(&path))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
