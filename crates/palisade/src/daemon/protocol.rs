//! Between keeper and watcher: postcard frames on a socket pair.
//!
//! The watcher reads what attackers write, so the keeper takes nothing from it on trust: frames are bounded, and every
//! value is checked where it is used.

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::ops::{AddAssign, SubAssign};

use config::Source;
use detect::{FilterSpec, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::runner::protocol::Evidence;

/// The longest frame, in bytes. Progress on one piece of input is far below it.
const FRAME_LIMIT: usize = 16 << 20;

/// What the keeper tells the watcher, in this order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWatcher {
    /// What it will have to do: compile, give up privileges, and say [`FromWatcher::Ready`].
    Prepare(Vec<WatchedJail>),
    /// Read, each source from where it was left; see `Progress::positions`.
    Begin(Vec<(String, Vec<u8>)>),
    /// Report what has been read, and end.
    Finish,
}

/// What of a jail concerns the watcher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WatchedJail {
    pub(crate) filter: FilterSpec,
    pub(crate) source: Source,
    /// Its actions ask for what was found.
    pub(crate) evidence: bool,
}

/// What the watcher tells the keeper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromWatcher {
    /// Filters are compiled and privileges are given up.
    Ready,
    /// The sources are open; reading begins.
    Watching,
    Progress(Progress),
    /// It cannot go on, and why.
    Failed(String),
}

/// A piece of input: its failures and the positions behind it, to be kept or lost together.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) failures: Vec<FoundFailure<Accused>>,
    /// By source; `None`: it is gone, and forgotten.
    pub(crate) positions: Vec<(String, Option<Vec<u8>>)>,
    /// How each jail's filter fares: totals since this watcher started.
    pub(crate) counters: Vec<FilterCounters>,
}

/// Whom a line accuses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Accused {
    Address(IpAddr),
    /// Whose addresses are to be asked for.
    Name(String),
}

/// A failure of whom it says, or of an address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FoundFailure<H = IpAddr> {
    /// Index into [`ToWatcher::Prepare`].
    pub(crate) jail: u16,
    pub(crate) host: H,
    pub(crate) time: Time,
    /// The line, cut to a bound: the reason of a ban.
    pub(crate) line: String,
    /// Where the jail's actions ask for it.
    pub(crate) evidence: Option<Box<Evidence>>,
}

impl<H> FoundFailure<H> {
    /// The same failure of somebody else.
    pub(crate) fn of<T>(self, host: T) -> FoundFailure<T> {
        let Self { jail, time, line, evidence, .. } = self;
        FoundFailure { jail, host, time, line, evidence }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FilterCounters {
    pub(crate) lines: u64,
    /// Those that a `failregex` matched…
    pub(crate) matched: u64,
    /// …and of them, those without a readable date.
    pub(crate) undated: u64,
    pub(crate) overruns: u64,
    /// Failures of whom no address stands for, and nobody is to be asked for one.
    pub(crate) named: u64,
}

impl AddAssign for FilterCounters {
    fn add_assign(&mut self, more: Self) {
        let Self { lines, matched, undated, overruns, named } = more;
        self.lines += lines;
        self.matched += matched;
        self.undated += undated;
        self.overruns += overruns;
        self.named += named;
    }
}

impl SubAssign for FilterCounters {
    fn sub_assign(&mut self, less: Self) {
        let Self { lines, matched, undated, overruns, named } = less;
        self.lines -= lines;
        self.matched -= matched;
        self.undated -= undated;
        self.overruns -= overruns;
        self.named -= named;
    }
}

/// Writes one frame.
pub(crate) fn send(mut to: impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut frame = postcard::to_extend(message, vec![0; 4]).map_err(io::Error::other)?;
    let length = u32::try_from(frame.len() - 4).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    to.write_all(&frame)
}

/// Frames out of a stream that need not hold whole ones.
#[derive(Default)]
pub(crate) struct Frames {
    buffer: Vec<u8>,
    read: usize,
}

impl Frames {
    /// Takes in what `from` has now. `false`: the other side has closed.
    pub(crate) fn fill(&mut self, mut from: impl Read) -> io::Result<bool> {
        self.buffer.drain(..self.read);
        self.read = 0;
        let start = self.buffer.len();
        self.buffer.resize(start + (64 << 10), 0);
        let got = loop {
            match from.read(&mut self.buffer[start..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(None),
                other => break other.map(Some),
            }
        };
        self.buffer.truncate(start + got.as_ref().ok().copied().flatten().unwrap_or(0));
        Ok(got? != Some(0))
    }

    /// The next whole frame, if there is one.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let rest = &self.buffer[self.read..];
        let Some((length, body)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > FRAME_LIMIT {
            return Err(io::Error::other(format!("a frame of {length} bytes; the bound is {FRAME_LIMIT}")));
        }
        let Some(body) = body.get(..length) else { return Ok(None) };
        let message = postcard::from_bytes(body).map_err(io::Error::other)?;
        self.read += 4 + length;
        if self.read == self.buffer.len() {
            self.buffer.clear();
            self.buffer.shrink_to(256 << 10);
            self.read = 0;
        }
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whole_however_they_arrive() {
        let mut bytes = Vec::new();
        for subject in ["a", "b"] {
            send(&mut bytes, &FromWatcher::Failed(subject.into())).unwrap();
        }
        let mut frames = Frames::default();
        let mut seen = Vec::new();
        for byte in bytes.chunks(1) {
            assert!(frames.fill(byte).unwrap());
            while let Some(FromWatcher::Failed(text)) = frames.next().unwrap() {
                seen.push(text);
            }
        }
        assert_eq!(seen, ["a", "b"]);
        assert!(!frames.fill(&[][..]).unwrap(), "an empty read is the end");
    }

    #[test]
    fn a_frame_over_the_bound_is_refused_before_it_is_read() {
        let mut frames = Frames::default();
        frames.fill(&u32::MAX.to_le_bytes()[..]).unwrap();
        assert!(frames.next::<FromWatcher>().is_err());
    }

    #[test]
    fn bytes_that_are_no_message_are_an_error_and_no_panic() {
        let mut frames = Frames::default();
        frames.fill(&[3, 0, 0, 0, 0xff, 0xff, 0xff][..]).unwrap();
        assert!(frames.next::<FromWatcher>().is_err());
    }
}
