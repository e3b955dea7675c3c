//! The real Fail2Ban, where it is installed, as a second reader of the samples.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::json;

use crate::NOW;
use crate::samples::{Group, folder};

const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shipped_filters/fail2ban_reads.py");

pub(crate) struct Fail2Ban {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Fail2Ban {
    /// `None` where there is none.
    pub(crate) fn start() -> Option<Self> {
        let installed = Command::new(PYTHON).args(["-c", "import fail2ban.server.filter"]).output();
        if !installed.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: no Fail2Ban for {PYTHON} to read the samples with");
            return None;
        }
        let mut child = Command::new(PYTHON)
            .arg(SCRIPT)
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asked = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, asked, answers })
    }

    /// Whom it accuses, line by line.
    pub(crate) fn accused(&mut self, filter: &str, group: &Group) -> Vec<Vec<String>> {
        let options: serde_json::Map<_, _> =
            group.options.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let lines: Vec<String> = group.lines.iter().map(|sample| sample.line()).collect();
        let config = folder().join("..");
        let question = json!({
            "config": config, "filter": filter, "options": options, "journal": group.journal,
            "now": NOW.as_secs(), "lines": lines,
        });
        writeln!(self.asked, "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for Fail2Ban {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
