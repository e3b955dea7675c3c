//! What reading costs: `measure files`, or `measure journal` where journald runs (see `tests/support/journald.rs`).

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use sources::{Expression, FileSpec, Files, Journal, JournalStart, Start};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// How many single lines are timed.
const LINES: usize = 200;
const IDLE: Duration = Duration::from_secs(20);

fn main() -> Outcome {
    match env::args().nth(1).as_deref() {
        Some("files") => files(),
        Some("journal") => journal(),
        _ => Err("files or journal?".into()),
    }
}

fn files() -> Outcome {
    let directory = tempfile::tempdir()?;
    let log = directory.path().join("app.log");
    let line = "Nov 24 21:11:54 vps sshd[1234]: Failed password for invalid user admin from 192.0.2.1 port 50022 ssh2\n";
    let mut file = File::create(&log)?;
    let block = line.repeat(1000);
    for _ in 0..1000 {
        file.write_all(block.as_bytes())?;
    }
    let spec = |start| FileSpec { pattern: log.display().to_string(), start };
    let mut rates = Vec::new();
    for _ in 0..5 {
        let mut files = Files::open(&[spec(Start::Beginning)], &[])?;
        let (start, mut lines) = (cpu_time(), 0);
        while files.read(1 << 20, &mut |_, _| lines += 1).more {}
        rates.push(cpu_time() - start);
        assert_eq!(lines, 1_000_000);
    }
    rates.sort();
    println!("{} MB in 1,000,000 lines: {:?} of CPU time (median of 5)", block.len() / 1000, rates[2]);

    let before = proportional_size();
    let mut files = Files::open(&[spec(Start::End)], &[])?;
    files.read(1 << 20, &mut |_, _| {});
    println!("memory of one log: {} KB", proportional_size().saturating_sub(before));
    idle(|| {
        wait(files.fd(), files.next_timeout());
        files.read(1 << 20, &mut |_, _| {});
    });
    time_lines(&mut |stamp| append(&log, stamp), &mut |seen| {
        wait(files.fd(), files.next_timeout());
        files.read(1 << 20, &mut |_, line| seen(line));
    });
    Ok(())
}

fn append(log: &std::path::Path, stamp: &str) {
    let file = OpenOptions::new().append(true).open(log);
    file.and_then(|mut file| writeln!(file, "{stamp}")).expect("the log can be written");
}

fn journal() -> Outcome {
    let socket = UnixDatagram::unbound()?;
    socket.connect("/run/systemd/journal/socket")?;
    let before = proportional_size();
    let expression = Expression::new("SYSLOG_IDENTIFIER=measured")?;
    let mut journal = Journal::open(None, vec![expression], None, JournalStart::End)?;
    println!("memory of the journal: {} KB", proportional_size().saturating_sub(before));
    idle(|| {
        let timeout = journal.next_timeout();
        wait(journal.fd().ok(), timeout);
        journal.read(1 << 20, &mut |_, _| {});
    });
    time_lines(
        &mut |stamp| {
            let entry = format!("SYSLOG_IDENTIFIER=measured\nMESSAGE={stamp}\n");
            socket.send(entry.as_bytes()).expect("journald listens");
        },
        &mut |seen| {
            let timeout = journal.next_timeout();
            wait(journal.fd().ok(), timeout);
            journal.read(1 << 20, &mut |_, line| seen(line.text));
        },
    );
    println!("memory afterwards: {} KB", proportional_size().saturating_sub(before));
    Ok(())
}

fn wait(fd: Option<BorrowedFd<'_>>, timeout: Duration) {
    let timeout = Timespec::try_from(timeout).ok();
    let mut fds: Vec<PollFd<'_>> =
        fd.into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let _ = poll(&mut fds, timeout.as_ref());
}

/// Single lines out of the blue, from the write to the line in hand.
fn time_lines(write: &mut (impl FnMut(&str) + Send), read: &mut impl FnMut(&mut dyn FnMut(&[u8]))) {
    let epoch = Instant::now();
    let mut delays = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..LINES as u64 {
                // Longer than "shortly after", and not in step with any tick.
                thread::sleep(Duration::from_micros(200_000 + number * 7919 % 50_000));
                write(&format!("at {}", epoch.elapsed().as_nanos()));
            }
        });
        while delays.len() < LINES {
            read(&mut |line| {
                let text = String::from_utf8_lossy(line);
                let written = text.rsplit(' ').next().and_then(|stamp| stamp.parse::<u64>().ok());
                delays.extend(written.map(|written| epoch.elapsed() - Duration::from_nanos(written)));
            });
        }
    });
    delays.sort();
    println!(
        "write to line: p50 {:?}, p95 {:?}, max {:?}",
        delays[LINES / 2],
        delays[LINES * 95 / 100],
        delays[LINES - 1]
    );
}

fn idle(mut turn: impl FnMut()) {
    let (start, before) = (Instant::now(), cpu_time());
    let mut turns = 0;
    while start.elapsed() < IDLE {
        turn();
        turns += 1;
    }
    let share = (cpu_time() - before).as_secs_f64() / start.elapsed().as_secs_f64();
    println!("idle: {:.4} % of a core, {turns} turns in {IDLE:?}", share * 100.0);
}

fn cpu_time() -> Duration {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

fn proportional_size() -> usize {
    let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("Pss:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
