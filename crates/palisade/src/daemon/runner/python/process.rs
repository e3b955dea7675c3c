//! The process of one Python action: one request at a time, each with a limit on its time.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pickle::{Exception, Kind, Value};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

/// It reads requests and executes them, and gives an action what it imports of Fail2Ban.
const HOST: &str = include_str!("host.py");
/// An answer, or what an action says at once, is so long at most, in bytes.
const WORD: u64 = 1 << 20;
/// One that is to end gets so long for it.
const GRACE: Duration = Duration::from_secs(1);

/// A running one. Dropped, it is ended.
pub(super) struct Process {
    child: Child,
    socket: BufReader<UnixStream>,
}

/// What it is to do.
#[derive(Serialize)]
pub(super) struct Request {
    pub(super) call: &'static str,
    pub(super) with: serde_json::Value,
    /// The jail's.
    pub(super) bantime: i64,
}

/// What it says.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Say(Saying),
    Value(Value),
    Error(Failure),
}

/// What an action prints or logs.
#[derive(Deserialize)]
pub(super) struct Saying {
    pub(super) text: String,
    pub(super) warning: bool,
}

/// Why nothing came of a request.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    /// For a client that asked.
    pub(super) exception: Exception,
    /// For the log.
    pub(super) text: String,
    /// The process is of no more use.
    #[serde(skip)]
    pub(super) fatal: bool,
}

impl Failure {
    pub(super) fn fatal(text: String) -> Self {
        Self { exception: Exception::new(Kind::RuntimeError, text.clone()), text, fatal: true }
    }
}

impl Process {
    pub(super) fn start(python: &Path) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new(python);
        // Apart from the environment and from whatever a user has installed.
        command.args(["-I", "-B", "-c", HOST]).stdin(Stdio::from(OwnedFd::from(theirs)));
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Ok(Self { child: command.spawn()?, socket: BufReader::new(ours) })
    }

    /// Has a request executed.
    ///
    /// # Errors
    ///
    /// What the action raised; or that it took too long or has ended, and then nothing more can be asked.
    pub(super) fn ask(
        &mut self,
        request: &Request,
        timeout: Duration,
        say: &dyn Fn(Saying),
    ) -> Result<Value, Failure> {
        match self.exchange(request, timeout, say) {
            Ok(answer) => answer,
            Err(error) if is_late(&error) => Err(Failure::fatal("it timed out, and was ended".into())),
            Err(error) => Err(Failure::fatal(format!("its process fails: {error}"))),
        }
    }

    fn exchange(
        &mut self,
        request: &Request,
        timeout: Duration,
        say: &dyn Fn(Saying),
    ) -> io::Result<Result<Value, Failure>> {
        let deadline = Instant::now() + timeout;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.socket.get_ref().set_write_timeout(Some(timeout))?;
        self.socket.get_mut().write_all(&line)?;
        loop {
            line.clear();
            let left = deadline.saturating_duration_since(Instant::now());
            // Zero would be without a limit.
            self.socket.get_ref().set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            let count = self.socket.by_ref().take(WORD).read_until(b'\n', &mut line)?;
            if count == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "it has ended"));
            }
            match serde_json::from_slice(&line)? {
                Word::Say(saying) => say(saying),
                Word::Value(value) => return Ok(Ok(value)),
                Word::Error(failure) => return Ok(Err(failure)),
            }
        }
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of the conversation is the end of the process.
        let _ = self.socket.get_ref().shutdown(std::net::Shutdown::Both);
        let start = Instant::now();
        while start.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(5));
        }
        if let Ok(None) = self.child.try_wait() {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::process::test_kill_process;
    use serde_json::json;

    use super::*;
    use crate::engine::permit::interpreter;

    const ACTION: &str = "
import sys, time
class Action:
    def __init__(self, jail, name):
        print('made')
    def start(self):
        pass
    stop = ban = reban = unban = start
    def wait(self, seconds):
        time.sleep(seconds)
    def fall(self):
        sys.exit(3)
";

    /// With an action that is ready.
    fn process() -> Option<(Process, tempfile::TempDir)> {
        let Some(python) = interpreter() else {
            eprintln!("SKIPPED: there is no python3");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it.py");
        fs::write(&file, ACTION).unwrap();
        let mut process = Process::start(&python).unwrap();
        let with = json!({ "file": file, "jail": "j", "name": "n", "options": "{}" });
        let said = std::cell::RefCell::new(Vec::new());
        let request = Request { call: "begin", with, bantime: 600 };
        process
            .ask(&request, Duration::from_secs(60), &|saying| said.borrow_mut().push(saying.text))
            .unwrap();
        assert_eq!(said.take(), ["made"]);
        Some((process, folder))
    }

    fn call(process: &mut Process, name: &str, arguments: &str, millis: u64) -> Result<Value, Failure> {
        let with = json!({ "name": name, "value": arguments });
        let request = Request { call: "set", with, bantime: 600 };
        process.ask(&request, Duration::from_millis(millis), &|_| {})
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let Some((mut process, _folder)) = process() else { return };
        assert_eq!(call(&mut process, "wait", r#"{"seconds": 0}"#, 60_000).unwrap(), Value::None);
        let late = call(&mut process, "wait", r#"{"seconds": 600}"#, 100).unwrap_err();
        assert!(late.fatal && late.text.contains("timed out"), "{late:?}");
        let pid = Pid::from_child(&process.child);
        let start = Instant::now();
        drop(process);
        assert!(test_kill_process(pid).is_err() && start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn an_action_that_raises_anything_can_be_asked_again() {
        let Some((mut process, _folder)) = process() else { return };
        let fallen = call(&mut process, "fall", "", 60_000).unwrap_err();
        assert!(!fallen.fatal && fallen.text == "SystemExit: 3", "{fallen:?}");
        let wrong = call(&mut process, "wait", "", 60_000).unwrap_err();
        assert_eq!(wrong.exception.kind, Kind::TypeError);
    }
}
