//! The real thing in a process of its own: a Python script that answers each line of JSON with another.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

pub(crate) struct Interpreter {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Interpreter {
    /// `None` where `python` cannot run `needs`.
    pub(crate) fn start(python: &str, needs: &str, script: &str, zone: &str) -> Option<Self> {
        let found = Command::new(python).args(["-c", needs]).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut command = Command::new(python);
        command.arg(script).env("TZ", zone).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it started before");
        let questions = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Some(Self { child, questions, answers })
    }

    pub(crate) fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("an answer is JSON")
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
