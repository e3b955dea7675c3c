//! Actions that are written in Python: each has a process of its own, which is told what happened, as Fail2Ban tells them.

mod process;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use config::{Module, Script};
use pickle::Value;
use serde_json::json;

use self::process::{Failure, Process, Request, Saying};
use super::protocol::{Call, Ticket, Tone};
use super::queue::{Job, Queue};
use super::report::Report;
use super::values;
use crate::engine::permit::interpreter;
use crate::output::address;

/// After a process that did not get ready, until there is another one.
const REST: Duration = Duration::from_secs(30);

/// What the thread of such an action owns.
pub(super) struct PythonAction {
    pub(super) jail: String,
    /// The jail's ban time.
    pub(super) bantime: i64,
    pub(super) script: Script,
    pub(super) report: Report,
    process: Option<Process>,
    /// It was told to start, and not to stop.
    started: bool,
    /// Something was set by command, until a reload.
    changed: bool,
    /// No process before this moment, and why.
    rest: Option<(Instant, String)>,
}

impl PythonAction {
    pub(super) fn new(jail: &str, bantime: i64, script: Script, report: Report) -> Self {
        let jail = jail.to_owned();
        Self { jail, bantime, script, report, process: None, started: false, changed: false, rest: None }
    }

    /// Works until the queue is closed.
    pub(super) fn work(mut self, queue: &Queue) {
        while let Some(job) = queue.next() {
            match job {
                Job::Start => self.start(),
                Job::Change(script, bantime) => (self.script, self.bantime) = (*script, bantime),
                Job::Reload => self.reload(),
                Job::Check => self.tell("check", json!({})),
                Job::Ban(ticket) => self.about("ban", &ticket),
                Job::Prolong(ticket) => self.about("prolong", &ticket),
                Job::Unban(ticket) => self.about("unban", &ticket),
                Job::Flush(tickets) => self.flush(&tickets),
                Job::Stop(tickets) => {
                    self.flush(&tickets);
                    self.stop();
                }
                Job::Call(number, call) => {
                    let answer = self.call(&call).map_err(|failure| failure.exception);
                    self.report.answer(number, answer);
                }
            }
        }
    }

    fn start(&mut self) {
        self.started = true;
        // A process that is not there yet begins with the start.
        if self.process.is_some() {
            self.tell("start", json!({}));
        } else if let Err(failure) = self.ready() {
            self.fail("start", &failure);
        }
    }

    fn stop(&mut self) {
        self.tell("stop", json!({}));
        self.started = false;
    }

    /// What was set by command holds until here.
    fn reload(&mut self) {
        if std::mem::take(&mut self.changed) {
            self.stop();
            self.process = None;
            self.start();
        }
    }

    /// As Fail2Ban does: whoever can lift all at once is told of each ban nevertheless.
    fn flush(&mut self, tickets: &[Arc<Ticket>]) {
        self.tell("flush", json!({}));
        tickets.iter().for_each(|ticket| self.about("unban", ticket));
    }

    fn about(&mut self, method: &'static str, ticket: &Ticket) {
        match self.ask(method, json!({ "ban": values::for_python(ticket) })) {
            Ok(_) => self.report.relieve(),
            Err(failure) => self.fail(&format!("{method} of {}", address(ticket.host)), &failure),
        }
    }

    fn tell(&mut self, call: &'static str, with: serde_json::Value) {
        match self.ask(call, with) {
            Ok(_) => self.report.relieve(),
            Err(failure) => self.fail(call, &failure),
        }
    }

    /// What a client wants of it.
    fn call(&mut self, call: &Call) -> Result<Value, Failure> {
        match call {
            Call::Properties => self.ask("properties", json!({})),
            Call::Methods => self.ask("methods", json!({})),
            Call::Get(name) => self.ask("get", json!({ "name": name })),
            Call::Set(name, value) => {
                self.changed = true;
                self.ask("set", json!({ "name": name, "value": value }))
            }
        }
    }

    fn ask(&mut self, call: &'static str, with: serde_json::Value) -> Result<Value, Failure> {
        self.ready()?;
        self.request(call, with)
    }

    /// There is a process, and in it the action, started if it is to be.
    fn ready(&mut self) -> Result<(), Failure> {
        if self.process.is_some() {
            return Ok(());
        }
        if let Some((_, why)) = self.rest.as_ref().filter(|(until, _)| Instant::now() < *until) {
            return Err(Failure::fatal(why.clone()));
        }
        let begun = self.begin();
        self.rest = begun.as_ref().err().map(|failure| (Instant::now() + REST, failure.text.clone()));
        if begun.is_err() {
            self.process = None;
        }
        begun
    }

    fn begin(&mut self) -> Result<(), Failure> {
        let Some(Module { file, options }) = &self.script.module else { return Ok(()) };
        let with = json!({ "file": file, "jail": self.jail, "name": self.script.name, "options": options });
        let python = interpreter().ok_or_else(|| Failure::fatal("there is no python3".into()))?;
        self.process = Some(start(&python)?);
        self.request("begin", with)?;
        if self.started {
            // What it cannot do at the start it may do later.
            if let Err(failure) = self.request("start", json!({})) {
                self.fail("start", &failure);
            }
        }
        Ok(())
    }

    fn request(&mut self, call: &'static str, with: serde_json::Value) -> Result<Value, Failure> {
        let bantime = self.bantime;
        let Self { process: Some(process), script, report, .. } = self else {
            return Err(Failure::fatal("its process has ended".into()));
        };
        let say = |Saying { text, warning }: Saying| {
            // It may be an attacker's words: no line of the log begins in it.
            report.say(if warning { Tone::Warning } else { Tone::Notice }, format!("says {text:?}"));
        };
        let answer = process.ask(&Request { call, with, bantime }, script.timeout, &say);
        if answer.as_ref().is_err_and(|failure| failure.fatal) {
            self.process = None;
        }
        answer
    }

    fn fail(&self, what: &str, failure: &Failure) {
        self.report.fail(format!("{what} fails: {:?}", failure.text));
    }
}

fn start(python: &Path) -> Result<Process, Failure> {
    Process::start(python).map_err(|error| Failure::fatal(format!("{}: {error}", python.display())))
}
