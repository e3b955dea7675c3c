//! A writer at full speed, a log that rotates under it, a reader that dies now and then: every line counts once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(unreachable_pub, reason = "shared by test programs")]
#[allow(dead_code, reason = "shared by test programs")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use support::{Reader, Writer};
use tempfile::TempDir;

/// Rotations in each test.
const ROUNDS: u64 = 25;

fn log() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    (directory, log)
}

/// How many lines the reader has.
struct Read(AtomicUsize);

impl Read {
    /// Some of what was written last: the reader knows the newest file. What comes after that is not waited for.
    fn wait_for(&self, lines: u64) {
        while self.0.load(Ordering::Acquire) as u64 <= lines {
            thread::yield_now();
        }
    }
}

/// Runs the writer beside the reader. Every `crashes`th reading is lost in a crash.
fn race(reader: &mut Reader, crashes: u64, write: impl FnOnce(&Read) -> u64 + Send) {
    let (done, read) = (AtomicBool::new(false), Read(AtomicUsize::new(0)));
    let count = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let count = write(&read);
            done.store(true, Ordering::Release);
            count
        });
        let mut round = 0;
        while !done.load(Ordering::Acquire) {
            round += 1;
            match crashes {
                1.. if round % crashes == 0 => reader.crash_after_reading(100_000),
                _ => drop(reader.step(100_000)),
            }
            read.0.store(reader.lines.len(), Ordering::Release);
        }
        writer.join().unwrap()
    });
    reader.read_until(count as usize);
    reader.assert_numbers(count);
}

fn rotated(log: &Path, number: u64) -> PathBuf {
    log.with_extension(format!("log.{number}"))
}

/// The writer keeps the old file for a while, as daemons do until they are told. It rotates faster than the reader may
/// look, but not before that has seen the log at all.
fn rename_rounds(log: &Path, read: &Read) -> u64 {
    let mut writer = Writer::new(log);
    for round in 0..ROUNDS {
        writer.write(2000);
        read.wait_for(0);
        fs::rename(log, rotated(log, round)).unwrap();
        writer.write(500);
        writer.reopen(log);
        writer.write(700);
    }
    writer.next
}

#[test]
fn renamed_under_a_writer() {
    let (_directory, log) = log();
    race(&mut Reader::all(&log), 0, |read| rename_rounds(&log, read));
}

#[test]
fn renamed_under_a_writer_while_the_reader_dies_again_and_again() {
    let (_directory, log) = log();
    race(&mut Reader::all(&log), 7, |read| rename_rounds(&log, read));
}

#[test]
fn renamed_to_a_name_that_the_pattern_matches() {
    let (directory, log) = log();
    race(&mut Reader::all(directory.path().join("app*")), 7, |read| rename_rounds(&log, read));
}

#[test]
fn shifted_along_as_logrotate_does_and_deleted() {
    let (_directory, log) = log();
    let mut reader = Reader::all(&log);
    race(&mut reader, 0, |read| {
        let mut writer = Writer::new(&log);
        for _ in 0..ROUNDS {
            let before = writer.next;
            writer.write(1000);
            read.wait_for(before);
            let _ = fs::rename(rotated(&log, 1), rotated(&log, 2));
            fs::rename(&log, rotated(&log, 1)).unwrap();
            writer.write(300);
            writer.reopen(&log);
        }
        writer.next
    });
}

/// The reader has looked at the file before each rotation, so it holds it open when the name goes.
fn in_step(reader: &mut Reader, log: &Path, mut rotate: impl FnMut(&mut Writer, u64)) {
    let mut writer = Writer::new(log);
    reader.drain();
    for round in 0..ROUNDS {
        writer.write(3000);
        reader.step(1000);
        rotate(&mut writer, round);
        writer.reopen(log);
        writer.write(10);
        reader.step(1000);
    }
    reader.read_until(writer.next as usize);
    reader.assert_numbers(writer.next);
}

#[test]
fn renamed_and_compressed_before_it_was_read_to_its_end() {
    let (_directory, log) = log();
    in_step(&mut Reader::all(&log), &log, |writer, round| {
        let old = rotated(&log, round);
        fs::rename(&log, &old).unwrap();
        writer.write(100);
        fs::write(old.with_extension("gz"), b"\x1f\x8b no text").unwrap();
        fs::remove_file(old).unwrap();
    });
}

#[test]
fn deleted_and_created_again() {
    let (_directory, log) = log();
    in_step(&mut Reader::all(&log), &log, |writer, _| {
        fs::remove_file(&log).unwrap();
        writer.write(100);
    });
}

#[test]
fn replaced_by_another_file() {
    let (directory, log) = log();
    in_step(&mut Reader::all(&log), &log, |writer, _| {
        let new = directory.path().join("new");
        fs::write(&new, "").unwrap();
        fs::rename(&new, &log).unwrap();
        writer.write(100);
    });
}

fn copy_and_truncate(log: &Path, number: u64) {
    fs::copy(log, rotated(log, number)).unwrap();
    fs::File::options().write(true).open(log).unwrap().set_len(0).unwrap();
}

fn copytruncate_rounds(log: &Path, read: &Read) -> u64 {
    let mut writer = Writer::new(log);
    for round in 0..ROUNDS {
        let before = writer.next;
        writer.write(1000);
        read.wait_for(before);
        writer.write(100 * round);
        copy_and_truncate(log, round);
    }
    writer.write(100);
    writer.next
}

#[test]
fn copied_and_truncated_under_a_writer() {
    let (_directory, log) = log();
    race(&mut Reader::all(&log), 0, |read| copytruncate_rounds(&log, read));
}

#[test]
fn copied_to_a_name_that_the_pattern_matches_and_truncated() {
    let (directory, log) = log();
    race(&mut Reader::all(directory.path().join("app*")), 0, |read| copytruncate_rounds(&log, read));
}

#[test]
fn copied_to_a_name_that_the_pattern_matches_while_the_reader_dies_again_and_again() {
    let (directory, log) = log();
    race(&mut Reader::all(directory.path().join("app*")), 7, |read| copytruncate_rounds(&log, read));
}

#[test]
fn copied_to_a_name_that_the_pattern_matches_while_nobody_read() {
    let (directory, log) = log();
    let mut reader = Reader::all(directory.path().join("app*"));
    let mut writer = Writer::new(&log);
    for round in 0..ROUNDS {
        writer.write(100);
        reader.drain();
        writer.write(50);
        copy_and_truncate(&log, round);
        writer.write(20 * (round % 10));
        reader.restart();
    }
    reader.read_until(writer.next as usize);
    reader.assert_numbers(writer.next);
}

#[test]
fn a_copy_that_is_no_rotation_is_not_read_again() {
    let (directory, log) = log();
    let mut reader = Reader::all(directory.path().join("app*"));
    let mut writer = Writer::new(&log);
    writer.write(100);
    reader.drain();
    fs::copy(&log, rotated(&log, 1)).unwrap();
    reader.drain();
    writer.write(100);
    reader.read_until(200);
    reader.drain().assert_numbers(200);
}

#[test]
fn copied_and_truncated_and_grown_past_the_position_between_two_looks() {
    let (_directory, log) = log();
    let mut reader = Reader::all(&log);
    let mut writer = Writer::new(&log);
    for round in 0..ROUNDS {
        writer.write(100);
        reader.drain();
        copy_and_truncate(&log, round);
        writer.write(100 + 50 * round);
    }
    reader.read_until(writer.next as usize);
    reader.assert_numbers(writer.next);
}

#[test]
fn rotated_while_nobody_read() {
    let (_directory, log) = log();
    let mut reader = Reader::all(&log);
    let mut writer = Writer::new(&log);
    for round in 0..ROUNDS {
        writer.write(5000);
        reader.step(1000);
        writer.write(100);
        match round % 3 {
            0 => {
                fs::rename(&log, rotated(&log, round)).unwrap();
                writer.reopen(&log);
            }
            1 => copy_and_truncate(&log, round),
            _ => {}
        }
        writer.write(200);
        reader.restart();
    }
    reader.read_until(writer.next as usize);
    reader.assert_numbers(writer.next);
}

#[test]
fn rotated_by_dated_names_that_all_match() {
    let (directory, _) = log();
    let day = |round: u64| directory.path().join(format!("app-2025-01-{round:02}.log"));
    race(&mut Reader::all(directory.path().join("app-*.log")), 5, |_| {
        let mut writer = Writer::new(day(0));
        for round in 0..ROUNDS {
            writer.reopen(day(round));
            writer.write(1000);
        }
        writer.next
    });
}

#[test]
fn a_position_moves_along_with_its_file_to_another_name_that_matches() {
    let (directory, log) = log();
    let mut writer = Writer::new(&log);
    writer.write(100);
    let mut reader = Reader::all(directory.path().join("app*"));
    reader.drain();
    fs::rename(&log, rotated(&log, 1)).unwrap();
    for _ in 0..3 {
        writer.write(100);
        reader.restart();
        reader.drain();
    }
    reader.assert_numbers(400);
    let names: Vec<_> = reader.positions.keys().filter(|name| !name.contains('*')).collect();
    assert_eq!(names, [rotated(&log, 1).to_str().unwrap()]);
}

#[test]
fn rotated_twice_while_nobody_read() {
    let (_directory, log) = log();
    let mut writer = Writer::new(&log);
    let mut reader = Reader::all(&log);
    writer.write(1);
    reader.read_until(1);
    for number in [2, 1] {
        writer.write(100);
        fs::rename(&log, rotated(&log, number)).unwrap();
        writer.reopen(&log);
    }
    writer.write(100);
    fs::write(log.with_extension("log.err"), "another log\n").unwrap();
    reader.restart();
    reader.drain();
    reader.assert_numbers(301);
}
