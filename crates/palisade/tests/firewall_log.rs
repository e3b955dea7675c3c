//! `palisade firewall log` on lines that a kernel wrote.
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// As Linux 6.18 wrote them for our rules.
const MESSAGES: &str = include_str!("../../firewall/src/logged/samples.txt");

fn log(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.args(["firewall", "log"]).args(line.split_whitespace());
    command
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// As syslog writes the samples, one a second up to now, between lines of others.
fn syslog() -> String {
    let now = jiff::Timestamp::now();
    let count = MESSAGES.lines().count() as i64;
    let line = |(at, message): (usize, &str)| {
        let time = now - jiff::SignedDuration::from_secs(count - at as i64);
        let forged = message.replace("192.0.2.2", "198.51.100.9");
        format!(
            "{time:.6} vps kernel: [13620.636501] {message}\n{time:.6} vps sshd[7]: Invalid user {forged}\n"
        )
    };
    MESSAGES.lines().enumerate().map(line).collect()
}

#[test]
fn a_file_of_syslog_is_counted_and_nobody_is_accused_by_another_program() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kern.log");
    std::fs::write(&path, syslog()).unwrap();
    let shown = text(&log(&format!("--file {}", path.display())).output().unwrap());
    let refusals = MESSAGES.lines().filter(|line| line.contains("BLOCK]")).count();
    assert!(shown.starts_with("SOURCE       PORT         WHAT         TIMES  LAST\n"), "{shown}");
    assert!(shown.contains("192.0.2.2    2222/tcp     limit block"), "{shown}");
    assert!(shown.ends_with(&format!("\n{refusals} lines in the log, of 2 addresses\n")), "{shown}");
    let by_port = text(&log(&format!("--by port --file {}", path.display())).output().unwrap());
    assert!(by_port.contains("\n22/tcp             2 "), "{by_port}");
    let none = text(&log(&format!("--since 0s --file {}", path.display())).output().unwrap());
    assert_eq!(none, "Nobody was refused, as far as the log goes.\n");
}

#[test]
fn programs_read_a_packet_a_line_from_standard_input() {
    let mut process =
        log("--file - --json --all").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(syslog().as_bytes()).unwrap();
    let shown = text(&process.wait_with_output().unwrap());
    let packets: Vec<serde_json::Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(packets.len(), MESSAGES.lines().count());
    let packet = packets.iter().find(|packet| packet["what"] == "block" && packet["port"] == 22).unwrap();
    assert_eq!(
        (&packet["in"], &packet["out"], &packet["protocol"]),
        (&"v".into(), &"".into(), &"tcp".into())
    );
    assert_eq!(
        (&packet["from"], &packet["from_port"], &packet["to"]),
        (&"192.0.2.2".into(), &44980.into(), &"192.0.2.1".into())
    );
    assert_eq!(packet["bytes"], 60);
}

#[test]
fn a_growing_file_is_followed_through_a_rotation() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kern.log");
    let append = |message: &str| {
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        writeln!(file, "{:.6} vps kernel: {message}", jiff::Timestamp::now()).unwrap();
    };
    let refused = MESSAGES.lines().find(|line| line.contains("BLOCK] IN=v OUT= ")).unwrap();
    append(&refused.replace("192.0.2.2", "198.51.100.1"));
    let mut process =
        log(&format!("--follow --json --file {}", path.display())).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut next = || {
        let packet: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        packet["from"].as_str().unwrap().to_owned()
    };
    // It does not say when it has begun.
    let begun = std::sync::atomic::AtomicBool::new(false);
    let first = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !begun.load(std::sync::atomic::Ordering::Relaxed) {
                append(&refused.replace("192.0.2.2", "198.51.100.2"));
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        let first = next();
        begun.store(true, std::sync::atomic::Ordering::Relaxed);
        first
    });
    assert_eq!(first, "198.51.100.2", "what was there before is not shown");
    std::fs::rename(&path, folder.path().join("kern.log.1")).unwrap();
    append(&refused.replace("192.0.2.2", "198.51.100.3"));
    while next() != "198.51.100.3" {}
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn the_kernels_own_log_is_read_to_its_end() {
    if File::open("/dev/kmsg").is_err() {
        return eprintln!("SKIPPED: /dev/kmsg cannot be read");
    }
    text(&log("--file /dev/kmsg --all").output().unwrap());
}

#[test]
fn wrong_words_are_told() {
    for (line, status) in
        [("--since soon", 64), ("--by colour", 64), ("--follow --since 1h", 64), ("--file /nowhere", 74)]
    {
        let output = log(line).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
