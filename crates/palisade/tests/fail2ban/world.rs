//! Servers and clients on hosts of their own, and what they print.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

pub(crate) const PALISADE: &str = env!("CARGO_BIN_EXE_palisade");

/// Between the moment when all servers are up and the beginning.
const START: Duration = Duration::from_secs(1);

pub(crate) fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fail2ban").join(name)
}

pub(crate) fn skipped(test: &str) -> bool {
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

/// A host of its own with this configuration, where what is added to the command runs.
pub(crate) fn on_host(tree: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh"]);
    command.arg(here("world.sh")).arg(here(tree));
    command
}

/// One command's exit status, output, and what was logged, without times and process numbers.
#[derive(Debug, PartialEq)]
pub(crate) struct Printed {
    pub(crate) code: i64,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Commands that run on a host, as soon as they are told to begin.
pub(crate) struct Host {
    process: Child,
    output: BufReader<ChildStdout>,
    errors: File,
}

impl Host {
    /// Starts the server; it answers when this returns.
    fn start(tree: &str, commands: &str, server: &str, client: &str) -> Self {
        let errors = tempfile::tempfile().unwrap();
        let mut command = on_host(tree);
        command.arg("/usr/bin/python3").arg(here("driver.py")).arg(here(commands)).args([server, client]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors.try_clone().unwrap());
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output, errors }
    }

    fn until_ready(&mut self) {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{}", self.said());
    }

    /// What each command printed, with the times that follow from a common beginning.
    fn run(mut self, begin: u64) -> Vec<Printed> {
        writeln!(self.process.stdin.take().unwrap(), "{begin}").unwrap();
        let mut lines = Vec::new();
        self.output.read_to_end(&mut lines).unwrap();
        assert!(self.process.wait().unwrap().success(), "{}", self.said());
        printed(lines)
    }

    fn said(&mut self) -> String {
        let mut said = String::new();
        std::io::Seek::rewind(&mut self.errors).unwrap();
        self.errors.read_to_string(&mut said).unwrap();
        said
    }
}

/// Runs the commands of a file on one host for each server and client, all at the same time.
pub(crate) fn run_beside<const N: usize>(
    tree: &str,
    commands: &str,
    pairs: [(&str, &str); N],
) -> [Vec<Printed>; N] {
    let mut hosts = pairs.map(|(server, client)| Host::start(tree, commands, server, client));
    // However long that takes on a busy machine.
    hosts.iter_mut().for_each(Host::until_ready);
    let begin = (SystemTime::now() + START).duration_since(UNIX_EPOCH).unwrap().as_secs();
    let running = hosts.map(|host| std::thread::spawn(move || host.run(begin)));
    running.map(|host| host.join().unwrap())
}

/// The same for one, as far as two runs share it.
pub(crate) fn run(commands: &str, server: &str, client: &str) -> Vec<Printed> {
    let [printed] = run_beside("tree", commands, [(server, client)]);
    printed.into_iter().map(Printed::plain).collect()
}

/// What the driver wrote.
pub(crate) fn printed(lines: Vec<u8>) -> Vec<Printed> {
    let lines = String::from_utf8(lines).unwrap();
    let printed = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        Printed { code: line["code"].as_i64().unwrap(), out: text("out"), err: text("err") }
    };
    lines.lines().map(printed).collect()
}

impl Printed {
    pub(crate) fn plain(self) -> Self {
        Self { out: plain(&self.out), err: plain(&self.err), ..self }
    }
}

/// Without what no two runs share: times become `#`, and of the log stay the errors alone, without their heads.
pub(crate) fn plain(text: &str) -> String {
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
