//! A syslog daemon that appends failed logins of many addresses as fast as it can, and knows what it has written.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use crate::rig::{Rig, failure, stamp};

/// `splitmix64`: the same numbers for the same seed, so that what went wrong goes wrong again.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// From `0..bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

pub(crate) struct Writer {
    path: PathBuf,
    log: File,
    random: Random,
    rotations: u32,
    pub(crate) lines: u64,
    /// How often each address failed.
    pub(crate) failures: HashMap<String, u32>,
}

impl Writer {
    /// A writer to the log of a running daemon, which has seen the log: what was rotated away before that is not its
    /// business.
    pub(crate) fn new(rig: &Rig, seed: u64) -> Self {
        let path = rig.path("auth.log");
        let (log, random, failures) = (append(&path), Random(seed), HashMap::new());
        let mut writer = Self { path, log, random, rotations: 0, lines: 0, failures };
        writer.write(1);
        rig.until_failures(1);
        writer
    }

    /// Each line by an address out of a pool that grows with the lines, so that most fail a few times. Written in pieces
    /// that end anywhere.
    pub(crate) fn write(&mut self, lines: usize) {
        let mut text = String::new();
        for _ in 0..lines {
            let address =
                Ipv4Addr::from(0x0a00_0000 + self.random.below(self.lines / 4 + 1) as u32).to_string();
            text += &format!("{} host {}\n", stamp(), failure(&address));
            *self.failures.entry(address).or_default() += 1;
            self.lines += 1;
        }
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let piece = (1 + self.random.below(16 << 10) as usize).min(rest.len());
            self.log.write_all(&rest[..piece]).unwrap();
            rest = &rest[piece..];
        }
    }

    /// Renames the log, goes on in it for a while as daemons do until they are told, and makes a new one.
    pub(crate) fn rotate(&mut self, lines_between: usize) {
        let name = self.next_name();
        fs::rename(&self.path, name).unwrap();
        self.write(lines_between);
        self.log = append(&self.path);
    }

    /// Leaves a copy, and empties the log itself.
    pub(crate) fn copy_and_truncate(&mut self) {
        let name = self.next_name();
        fs::copy(&self.path, name).unwrap();
        self.truncate();
    }

    pub(crate) fn truncate(&mut self) {
        self.log.set_len(0).unwrap();
    }

    /// Takes the log away and begins another.
    pub(crate) fn replace(&mut self) {
        fs::remove_file(&self.path).unwrap();
        self.log = append(&self.path);
    }

    /// As long as there are orders: some lines at full speed, and now and then a rotation.
    pub(crate) fn obey(mut self, orders: &Receiver<()>) -> Self {
        for () in orders {
            self.write(150);
            if self.random.below(8) == 0 {
                self.rotate(30);
            }
        }
        self
    }

    fn next_name(&mut self) -> PathBuf {
        self.rotations += 1;
        self.path.with_extension(format!("log.{}", self.rotations))
    }
}

fn append(path: &Path) -> File {
    File::options().create(true).append(true).open(path).unwrap()
}
