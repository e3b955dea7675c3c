//! However the log rotates under a writer, failures counted are lines written.

use crate::rig::{Rig, skipped};
use crate::writer::Writer;

const ROUNDS: usize = 10;
const LINES: usize = 300;

/// Nobody is banned here; a failure is counted all the same.
const NO_BANS: &str = "maxretry = 100000\nfindtime = 1h\nbantime = 1h\n";

/// Runs a daemon beside a writer that does `rotate` now and then.
fn counted_whole(name: &str, rotate: impl Fn(&Rig, &mut Writer)) {
    if skipped(name) {
        return;
    }
    let mut rig = Rig::new();
    rig.configure(NO_BANS);
    rig.start_daemon();
    let mut writer = Writer::new(&rig, 1);
    for _ in 0..ROUNDS {
        writer.write(LINES);
        rotate(&rig, &mut writer);
        writer.write(LINES / 10);
    }
    rig.until_failures(writer.lines);
    assert!(rig.stop_daemon());
    rig.start_daemon();
    writer.write(1);
    rig.until_failures(writer.lines);
}

#[test]
fn a_renamed_log_is_counted_whole() {
    counted_whole("a_renamed_log_is_counted_whole", |_, writer| writer.rotate(LINES));
}

/// Of an emptied log of which nothing was read, nothing tells which copy it was.
#[test]
fn a_copied_and_truncated_log_is_counted_whole() {
    counted_whole("a_copied_and_truncated_log_is_counted_whole", |rig, writer| {
        let before = writer.lines;
        writer.write(LINES);
        rig.until("some of it is read", || rig.failures() > before);
        writer.write(LINES);
        writer.copy_and_truncate();
    });
}

/// Nothing tells what was in a log that is gone but for the reader's having read it, or having it open.
#[test]
fn a_log_that_is_deleted_and_made_anew_is_counted_whole() {
    counted_whole("a_log_that_is_deleted_and_made_anew_is_counted_whole", |rig, writer| {
        rig.until_failures(writer.lines);
        writer.replace();
    });
}

#[test]
fn a_log_that_is_emptied_after_it_was_read_is_counted_whole() {
    counted_whole("a_log_that_is_emptied_after_it_was_read_is_counted_whole", |rig, writer| {
        rig.until_failures(writer.lines);
        writer.truncate();
        // More than was there before: its size says nothing.
        writer.write(2 * LINES);
    });
}
