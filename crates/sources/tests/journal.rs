//! Lines from a real journald.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(unreachable_pub, reason = "shared by test programs")]
#[path = "support/journald.rs"]
mod journald;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use journald::alone;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sources::{Expression, Journal, JournalStart};

/// Keeps lines and cursor together, as the daemon does.
struct Reader {
    journal: Journal,
    lines: Vec<(Vec<usize>, String)>,
    cursor: Option<String>,
    expressions: Vec<Expression>,
}

impl Reader {
    fn new(expressions: &[&str], start: JournalStart) -> Self {
        let expressions: Vec<_> = expressions.iter().map(|text| Expression::new(text).unwrap()).collect();
        let journal = Journal::open(None, expressions.clone(), None, start).unwrap();
        let mut reader = Self { journal, lines: Vec::new(), cursor: None, expressions };
        reader.keep_cursor();
        reader
    }

    fn keep_cursor(&mut self) {
        if let Some(cursor) = self.journal.cursor() {
            self.cursor = Some(cursor.to_owned());
        }
    }

    fn step(&mut self, budget: usize) {
        let lines = &mut self.lines;
        self.journal.read(budget, &mut |wanted, line| lines.push((wanted.to_vec(), text(line.text))));
        self.keep_cursor();
    }

    fn restart(&mut self) {
        let start = JournalStart::End;
        self.journal = Journal::open(None, self.expressions.clone(), self.cursor.as_deref(), start).unwrap();
        self.keep_cursor();
    }

    fn crash_after_reading(&mut self, budget: usize) {
        self.journal.read(budget, &mut |_, _| {});
        self.restart();
    }

    fn read_until(&mut self, lines: usize) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.lines.len() < lines && Instant::now() < deadline {
            let timeout = Timespec::try_from(self.journal.next_timeout()).unwrap();
            let fd = self.journal.fd().unwrap();
            poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)).unwrap();
            self.step(1 << 20);
        }
        self.step(1 << 20);
    }

    /// What follows the last `: ` of each line.
    fn messages(&self) -> Vec<&str> {
        self.lines.iter().map(|(_, line)| line.rsplit(": ").next().unwrap()).collect()
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8(line.to_vec()).unwrap()
}

#[test]
fn each_line_goes_to_those_who_want_it() {
    alone("each_line_goes_to_those_who_want_it", |journald| {
        let wanted = ["SYSLOG_IDENTIFIER=sshd + SYSLOG_IDENTIFIER=sudo", "SYSLOG_IDENTIFIER=sshd"];
        let mut reader = Reader::new(&wanted, JournalStart::End);
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
        journald.log("sshd", "one");
        journald.log("cron", "two");
        journald.log("sudo", "three");
        reader.read_until(2);
        let wanted: Vec<_> = reader.lines.iter().map(|(wanted, _)| wanted.as_slice()).collect();
        assert_eq!(wanted, [&[0, 1][..], &[0]]);
        assert_eq!(reader.messages(), ["one", "three"]);
        let pid = std::process::id();
        assert!(reader.lines[0].1.ends_with(&format!(" sshd[{pid}]: one")), "{}", reader.lines[0].1);
        let mut times = Vec::new();
        let mut again = Reader::new(&["SYSLOG_IDENTIFIER=sshd"], JournalStart::Since(before)).journal;
        again.read(1000, &mut |_, line| times.push(line.time));
        assert_eq!(times.len(), 1);
        assert!(times[0] >= before);
    });
}

#[test]
fn every_entry_counts_once_through_rotations_and_crashes() {
    alone("every_entry_counts_once_through_rotations_and_crashes", |journald| {
        let mut reader = Reader::new(&["SYSLOG_IDENTIFIER=sshd"], JournalStart::End);
        for number in 0..3000 {
            journald.log("sshd", &number.to_string());
            match number % 500 {
                137 => reader.crash_after_reading(1000),
                250 => reader.restart(),
                401 => journald.rotate(),
                _ if number % 20 == 0 => reader.step(1000),
                _ => {}
            }
        }
        reader.read_until(3000);
        let expected: Vec<String> = (0..3000).map(|number| number.to_string()).collect();
        assert_eq!(reader.messages(), expected);
    });
}

#[test]
fn nothing_matched_at_first() {
    alone("nothing_matched_at_first", |journald| {
        let mut reader = Reader::new(&["SYSLOG_IDENTIFIER=sshd"], JournalStart::End);
        reader.restart();
        journald.log("sshd", "while nobody read");
        journald.sync();
        reader.restart();
        reader.read_until(1);
        journald.log("sshd", "later");
        reader.read_until(2);
        assert_eq!(reader.messages(), ["while nobody read", "later"]);
    });
}

#[test]
fn start_at_the_end_gives_only_what_is_added() {
    alone("start_at_the_end_gives_only_what_is_added", |journald| {
        journald.log("sshd", "old");
        journald.sync();
        let mut reader = Reader::new(&["SYSLOG_IDENTIFIER=sshd"], JournalStart::End);
        journald.log("sshd", "new");
        reader.read_until(1);
        assert_eq!(reader.messages(), ["new"]);
        let mut reader = Reader::new(&["SYSLOG_IDENTIFIER=sshd"], JournalStart::Beginning);
        reader.read_until(2);
        assert_eq!(reader.messages(), ["old", "new"]);
    });
}

#[test]
fn the_entry_of_the_cursor_may_be_gone() {
    alone("the_entry_of_the_cursor_may_be_gone", |journald| {
        let mut reader = Reader::new(&["SYSLOG_IDENTIFIER=sshd"], JournalStart::End);
        journald.log("sshd", "read");
        reader.read_until(1);
        let gone = journald.files();
        journald.rotate();
        journald.log("sshd", "kept");
        journald.sync();
        let active = gone[0].clone();
        journald
            .files()
            .iter()
            .filter(|file| **file != active)
            .for_each(|file| std::fs::remove_file(file).unwrap());
        reader.restart();
        reader.read_until(2);
        assert_eq!(reader.messages(), ["read", "kept"]);
    });
}

#[test]
fn entries_before_the_cursor_can_be_had_again() {
    alone("entries_before_the_cursor_can_be_had_again", |journald| {
        let mut reader = Reader::new(&["SYSLOG_IDENTIFIER=sshd"], JournalStart::End);
        for number in 0..10 {
            journald.log("sshd", &number.to_string());
        }
        reader.read_until(10);
        for (entries, first) in [(3, 7), (1, 9), (100, 0)] {
            reader.restart();
            let mut again = Vec::new();
            reader.journal.reread(entries, &mut |_, line| again.push(text(line.text))).unwrap();
            let again: Vec<u32> =
                again.iter().map(|line| line.rsplit(": ").next().unwrap().parse().unwrap()).collect();
            assert_eq!(again, (first..10).collect::<Vec<_>>());
        }
        journald.log("sshd", "10");
        reader.read_until(11);
        assert_eq!(reader.lines.len(), 11);
    });
}
