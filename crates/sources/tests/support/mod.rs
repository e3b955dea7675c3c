//! A reader that keeps what it got as the daemon does: lines and positions together, so that it can die at any moment.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sources::{FileSpec, Files, Position, Progress, Start};

/// Far beyond what any test needs; reached only where one fails.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Reader {
    specs: Vec<FileSpec>,
    files: Files,
    /// Lines and positions that survive a crash.
    pub lines: Vec<(Vec<usize>, Vec<u8>)>,
    pub positions: BTreeMap<String, Position>,
    pub total: Progress,
}

pub fn spec(pattern: impl AsRef<Path>, start: Start) -> FileSpec {
    FileSpec { pattern: pattern.as_ref().to_str().unwrap().to_owned(), start }
}

impl Reader {
    pub fn new(specs: Vec<FileSpec>) -> Self {
        let files = Files::open(&specs, &[]).unwrap();
        let (lines, positions, total) = Default::default();
        let mut reader = Self { specs, files, lines, positions, total };
        reader.keep_positions();
        reader
    }

    /// Everything of a pattern, from the beginning.
    pub fn all(pattern: impl AsRef<Path>) -> Self {
        Self::new(vec![spec(pattern, Start::Beginning)])
    }

    fn keep_positions(&mut self) {
        for (name, position) in self.files.positions() {
            match position {
                Some(position) => self.positions.insert(name, position),
                None => self.positions.remove(&name),
            };
        }
    }

    /// Reads once and keeps the result.
    pub fn step(&mut self, budget: usize) -> Progress {
        let lines = &mut self.lines;
        let progress =
            self.files.read(budget, &mut |specs, line| lines.push((specs.to_vec(), line.to_vec())));
        self.keep_positions();
        self.total.lines += progress.lines;
        self.total.shortened += progress.shortened;
        progress
    }

    /// Reads and dies before anything of it is kept; another one starts.
    pub fn crash_after_reading(&mut self, budget: usize) {
        self.files.read(budget, &mut |_, _| {});
        self.restart();
    }

    pub fn restart(&mut self) {
        let positions: Vec<_> = self.positions.clone().into_iter().collect();
        self.files = Files::open(&self.specs, &positions).unwrap();
        self.keep_positions();
    }

    pub fn files(&mut self) -> &mut Files {
        &mut self.files
    }

    /// Reads what is there.
    pub fn drain(&mut self) -> &mut Self {
        while self.step(1 << 20).more {}
        self
    }

    /// Waits as a daemon does.
    pub fn wait(&mut self) {
        let timeout = Timespec::try_from(self.files.next_timeout()).unwrap();
        match self.files.fd() {
            Some(fd) => drop(poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)).unwrap()),
            None => std::thread::sleep(self.files.next_timeout()),
        }
    }

    /// Waits and reads until there are so many lines.
    pub fn read_until(&mut self, lines: usize) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        while self.lines.len() < lines && Instant::now() < deadline {
            self.step(1 << 20);
            if self.lines.len() < lines {
                self.wait();
            }
        }
        self.drain()
    }

    pub fn texts(&self) -> Vec<String> {
        self.lines
            .iter()
            .map(|(_, line)| String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned())
            .collect()
    }

    /// Each of the numbered lines came exactly once; files may be interleaved.
    #[track_caller]
    pub fn assert_numbers(&self, count: u64) {
        let mut numbers: Vec<u64> = self.lines.iter().map(|(_, line)| number(line)).collect();
        numbers.sort_unstable();
        let wrong = numbers.iter().copied().enumerate().find(|(index, number)| *index as u64 != *number);
        assert_eq!(wrong, None, "first index whose number differs, of {}", numbers.len());
        assert_eq!(numbers.len() as u64, count);
    }
}

fn number(line: &[u8]) -> u64 {
    let text = std::str::from_utf8(line).unwrap().trim_end();
    text.split(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("no whole line: {text:?}"))
}

pub fn append(path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
    appending(path).write_all(text.as_ref()).unwrap();
}

pub fn appending(path: impl AsRef<Path>) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

/// Numbers its lines, as fast as the disk takes them.
pub struct Writer {
    file: File,
    pub next: u64,
}

impl Writer {
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { file: appending(path), next: 0 }
    }

    pub fn reopen(&mut self, path: impl AsRef<Path>) {
        self.file = appending(path);
    }

    /// Some lines in one write, the last of them in two.
    pub fn write(&mut self, lines: u64) {
        let mut text = String::new();
        for number in self.next..self.next + lines {
            text +=
                &format!("{number} Failed password for root from 192.0.2.{} port 4711 ssh2\n", number % 250);
        }
        self.next += lines;
        let (most, rest) = text.as_bytes().split_at(text.len().saturating_sub(20));
        self.file.write_all(most).unwrap();
        self.file.write_all(rest).unwrap();
    }
}
