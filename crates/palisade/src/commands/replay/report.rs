use std::io::{self, Write};
use std::time::Duration;

use detect::Time;
use detect::jail::{Ban, JailId};
use jiff::Timestamp;
use serde::Serialize;

use super::Summary;
use crate::output::{Address, address, count, json, span};

/// One ban, for programs.
#[derive(Serialize)]
struct Banned<'a> {
    time: f64,
    jail: &'a str,
    host: String,
    failures: u32,
    /// `None` is for ever.
    until: Option<f64>,
}

/// Where bans are told, for people or for programs.
pub(super) struct Report<W> {
    out: W,
    pub(super) json: bool,
    head: Said<(i64, JailId)>,
    tail: Said<(Option<Duration>, u32)>,
}

/// What one line says and mostly the next one too: to put it into words costs more than to judge the failures.
struct Said<T> {
    of: Option<T>,
    text: String,
}

impl<W: Write> Report<W> {
    pub(super) fn new(out: W, json: bool) -> Self {
        Self { out, json, head: Said::nothing(), tail: Said::nothing() }
    }

    pub(super) fn ban(&mut self, jail: &str, ban: &Ban) -> io::Result<()> {
        if self.json {
            let (time, until) = (ban.start.as_secs_f64(), ban.until.map(Time::as_secs_f64));
            return json(
                &mut self.out,
                &Banned { time, jail, host: address(ban.host), failures: ban.failures, until },
            );
        }
        let Self { out, head, tail, .. } = self;
        let head = head.words((ban.start.as_secs(), ban.jail), |(second, _)| {
            format!("{} [{jail}] Ban ", Timestamp::from_second(second).unwrap_or_default())
        });
        let length = ban.until.map(|until| until.since(ban.start));
        let tail = tail.words((length, ban.failures), |(length, failures)| {
            let length = length.map_or("ever".into(), span);
            format!(" for {length} after {}\n", count(failures, "failure"))
        });
        out.write_all(head.as_bytes())?;
        write!(out, "{}", Address(ban.host))?;
        out.write_all(tail.as_bytes())
    }

    pub(super) fn finish(mut self, summary: &Summary) -> io::Result<()> {
        match self.json {
            true => json(&mut self.out, summary),
            false => {
                let (lines, failures) = (count(summary.lines, "line"), count(summary.failures, "failure"));
                let (bans, seconds) = (count(summary.bans, "ban"), summary.seconds);
                writeln!(self.out, "{lines}, {failures}, {bans} in {seconds:.3} s")
            }
        }?;
        self.out.flush()
    }
}

impl<T: Copy + PartialEq> Said<T> {
    fn nothing() -> Self {
        Self { of: None, text: String::new() }
    }

    fn words(&mut self, of: T, say: impl FnOnce(T) -> String) -> &str {
        if self.of != Some(of) {
            *self = Self { of: Some(of), text: say(of) };
        }
        &self.text
    }
}
