//! The same commands through the real client to the real server, through ours to ours, and through the real one to
//! ours: what is printed must be the same, and so must the exit status.
//!
//! Each of the three has a host of its own: mounts, network and processes apart. Needs root and an installed Fail2Ban.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dump;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

const PALISADE: &str = env!("CARGO_BIN_EXE_palisade");

/// Seconds that two servers are given to start, on a slow machine.
const START: u64 = 8;

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fail2ban").join(name)
}

fn skipped(test: &str) -> bool {
    let missing = ["/usr/bin/fail2ban-client", "/usr/bin/python3", "/usr/bin/unshare"]
        .into_iter()
        .find(|tool| !Path::new(tool).exists());
    let why = match (rustix::process::geteuid().is_root(), missing) {
        (false, _) => "it needs root".to_owned(),
        (true, Some(tool)) => format!("{tool} is not installed"),
        (true, None) => return false,
    };
    eprintln!("SKIPPED {test}: {why}");
    true
}

/// One command's exit status, output, and what was logged, without times and process numbers.
#[derive(Debug, PartialEq)]
struct Printed {
    code: i64,
    out: String,
    err: String,
}

/// Runs the commands of a file on a host of its own, with the configuration in a folder.
fn run_on(tree: &str, commands: &str, server: &str, client: &str, begin: u64) -> Vec<Printed> {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh"]);
    command.env("BEGIN", begin.to_string());
    command.arg(here("world.sh")).arg(here(tree)).arg("/usr/bin/python3").arg(here("driver.py"));
    let output = command.arg(here(commands)).args([server, client]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{server} {client}: {errors}");
    printed(output.stdout)
}

/// What the driver wrote.
fn printed(lines: Vec<u8>) -> Vec<Printed> {
    let lines = String::from_utf8(lines).unwrap();
    let printed = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        Printed { code: line["code"].as_i64().unwrap(), out: text("out"), err: text("err") }
    };
    lines.lines().map(printed).collect()
}

/// The same, as far as two runs share it.
fn run(commands: &str, server: &str, client: &str) -> Vec<Printed> {
    run_on("tree", commands, server, client, 0).into_iter().map(Printed::plain).collect()
}

impl Printed {
    fn plain(self) -> Self {
        Self { out: plain(&self.out), err: plain(&self.err), ..self }
    }
}

/// Without what no two runs share: times become `#`, and of the log stay the errors alone, without their heads.
fn plain(text: &str) -> String {
    let line = |line: &str| {
        if line.contains(": WARNING ") || line.starts_with("[processed in") {
            return None;
        }
        let line = match line.split_once("]: ERROR   ") {
            Some((_, message)) => format!("ERROR {message}"),
            None => line.to_owned(),
        };
        Some(without_times(&line))
    };
    text.lines().filter_map(line).collect::<Vec<_>>().join("\n")
}

/// `2026-11-27 10:21:43` becomes `#`.
fn without_times(line: &str) -> String {
    let shape = "dddd-dd-dd dd:dd:dd";
    let is_time = |text: &[u8]| {
        let fits = |(have, want): (&u8, u8)| if want == b'd' { have.is_ascii_digit() } else { *have == want };
        text.len() == shape.len() && text.iter().zip(shape.bytes()).all(fits)
    };
    let mut line = line.to_owned();
    while let Some(at) = line.as_bytes().windows(shape.len()).position(is_time) {
        line.replace_range(at..at + shape.len(), "#");
    }
    line
}

#[test]
fn two_hundred_commands_print_the_same_through_both_clients_and_servers() {
    if skipped("fail2ban clients") {
        return;
    }
    let text = std::fs::read_to_string(here("commands.txt")).unwrap();
    let commands: Vec<&str> =
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(commands.len() >= 200, "{}", commands.len());
    let runs = [("real", "real"), (PALISADE, PALISADE), (PALISADE, "real")];
    let run = |(server, client)| thread::spawn(move || run("commands.txt", server, client));
    let [theirs, ours, mixed] = runs.map(run);
    let (theirs, ours, mixed) = (theirs.join().unwrap(), ours.join().unwrap(), mixed.join().unwrap());
    assert_eq!([theirs.len(), ours.len(), mixed.len()], [commands.len(); 3]);
    let mut differences = String::new();
    for (at, command) in commands.iter().enumerate() {
        let documented = command.starts_with('~');
        if ours[at] != mixed[at] {
            differences +=
                &format!("{command}\n  ours by ours  {:?}\n  ours by real  {:?}\n", ours[at], mixed[at]);
        }
        if !documented && theirs[at] != ours[at] {
            differences += &format!("{command}\n  real  {:?}\n  ours  {:?}\n", theirs[at], ours[at]);
        }
        if documented && theirs[at] == ours[at] {
            differences += &format!("{command}\n  is said to differ and does not\n");
        }
    }
    assert!(differences.is_empty(), "\n{differences}");
}

/// Increments, several jails on one file, recidive, `ignorecommand`, actions, several lines, `usedns`, IPv6.
#[test]
fn the_same_log_leads_to_the_same_bans_at_the_same_times() {
    if skipped("bans beside Fail2Ban") {
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // Both servers are up by then.
    let run = |server, client| thread::spawn(move || run_on("bans", "bans.txt", server, client, now + START));
    let (theirs, ours) = (run("real", "real"), run(PALISADE, PALISADE));
    let (theirs, ours) = (theirs.join().unwrap(), ours.join().unwrap());
    let text = std::fs::read_to_string(here("bans.txt")).unwrap();
    let commands: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!([theirs.len(), ours.len()], [commands.len(); 2]);
    let differ = |(at, command): (usize, &&str)| {
        let (theirs, ours) = (&theirs[at], &ours[at]);
        (theirs != ours).then(|| format!("{command}\n real  {theirs:?}\n ours  {ours:?}\n"))
    };
    let differences: String = commands.iter().enumerate().filter_map(differ).collect();
    assert!(differences.is_empty(), "\n{differences}");
    let banned: usize = theirs.iter().map(|printed| printed.out.matches(" = ").count()).sum();
    assert!(banned > 20, "{banned} bans alone");
}

#[test]
fn an_idle_jail_reads_later_what_was_logged_meanwhile() {
    if skipped("idle jail") {
        return;
    }
    let printed = run("idle.txt", PALISADE, PALISADE);
    let failed = |at: usize, count: &str| printed[at].out.contains(&format!("Total failed:\t{count}\n"));
    assert!(failed(4, "2") && failed(6, "4") && failed(9, "4"), "{printed:?}");
}

#[test]
fn bans_are_taken_over_from_the_real_fail2ban_and_handed_back() {
    if skipped("taking over") {
        return;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh"]);
    command.arg(here("world.sh")).arg(here("tree")).arg("sh").arg(here("takeover.sh")).arg(PALISADE);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    let sorted = |line: &str| {
        let mut words: Vec<&str> = line.split(['\'', ',', ' ', '[', ']', '{', '}', ':']).collect();
        words.sort_unstable();
        words.join(" ")
    };
    for expected in [
        "sshd           2              0            2",
        "two            2              0            2",
        "[two] a-name is no address, and is left behind",
        "Nothing was changed.",
        "Taken over: 2 live bans",
        "refused, 73",
    ] {
        let expected = expected.replace("Taken over: 2", "Taken over: 4");
        assert!(said.contains(&expected), "{expected}\n{said}{errors}");
    }
    assert!(said.contains("Taken over: 0 live bans"), "twice is once\n{said}");
    let bans: Vec<&str> = said.lines().filter(|line| line.starts_with("[{'sshd'")).collect();
    let live =
        "[{'sshd': ['192.0.2.1', '2001:db8::1']}, {'two': ['203.0.113.0/24', '192.0.2.2']}, {'grows': []}]";
    assert_eq!(sorted(bans[0]), sorted(live), "{said}");
    let back = bans[1];
    for (address, banned) in
        [("192.0.2.9", true), ("2001:db8::1", true), ("192.0.2.2", true), ("'192.0.2.1'", false)]
    {
        assert_eq!(back.contains(address), banned, "{address}\n{said}{errors}");
    }
}

/// A line's words; single quotes hold several together.
fn words(line: &str) -> Vec<String> {
    let quoted = line.split('\'').enumerate();
    let words = quoted.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn fail2ban_regex_writes_the_same_report() {
    if !Path::new("/usr/bin/fail2ban-regex").exists() {
        eprintln!("SKIPPED fail2ban-regex: it is not installed");
        return;
    }
    let mut driver = Command::new("/usr/bin/python3");
    driver.arg(here("driver.py")).arg(here("regex.txt")).args(["regex", "-"]).current_dir(here("logs"));
    let theirs = printed(driver.output().unwrap().stdout);
    let theirs: Vec<Printed> = theirs.into_iter().map(Printed::plain).collect();
    let text = std::fs::read_to_string(here("regex.txt")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(theirs.len(), lines.len());
    let mut differences = String::new();
    for (line, theirs) in lines.into_iter().zip(&theirs) {
        let mut command = Command::new(PALISADE);
        let ours =
            command.arg("fail2ban-regex").args(words(line)).current_dir(here("logs")).output().unwrap();
        let (code, out) = (ours.status.code().unwrap(), plain(&String::from_utf8(ours.stdout).unwrap()));
        // The page of help is in our own words.
        let help = out.starts_with("Usage:") && theirs.out.starts_with("Usage:");
        if theirs.code != i64::from(code) || theirs.out != out && !help {
            differences += &format!("{line}\n  real {}\n{}\n  ours {code}\n{out}\n", theirs.code, theirs.out);
        }
    }
    assert!(differences.is_empty(), "\n{differences}");
}
