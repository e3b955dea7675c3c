//! The real `re` in a process of its own.

use std::process::{Command, Stdio};

use detect::pattern::Flags;
use serde_json::{Value, json};

use crate::interpreter::Interpreter;

/// Spans by group, in characters; `None` is no match.
pub(crate) type Match = Option<Vec<Option<[usize; 2]>>>;

/// What Python makes of a pattern.
pub(crate) enum Answer {
    /// With its message.
    Refused(String),
    /// For each text a match, or `None` where `re` itself is too slow to tell.
    Read { names: Vec<(String, usize)>, matches: Vec<Option<Match>> },
}

pub(crate) struct Python(Interpreter);

impl Python {
    /// `None`, loudly, on a host without Python 3.11 or later.
    pub(crate) fn start() -> Option<Python> {
        let new_enough = "import sys; sys.exit(sys.version_info < (3, 11))";
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python_re.py");
        let started = Interpreter::start("python3", new_enough, script, "UTC");
        if started.is_none() {
            eprintln!("SKIPPED: no python3 of version 3.11 or later to compare with");
        }
        started.map(Self)
    }

    pub(crate) fn ask(&mut self, pattern: &str, flags: Flags, texts: &[&str]) -> Answer {
        let letters = [(flags.ignorecase, "i"), (flags.multiline, "m"), (flags.dotall, "s")];
        let letters: String = letters.iter().filter(|(on, _)| *on).map(|(_, letter)| *letter).collect();
        read(&self.0.ask(&json!({ "pattern": pattern, "flags": letters, "texts": texts })))
    }
}

fn read(answer: &Value) -> Answer {
    if let Some(error) = answer["error"].as_str() {
        return Answer::Refused(error.to_owned());
    }
    let number = |value: &Value| value.as_u64().expect("a number") as usize;
    let names = answer["names"].as_object().expect("an object");
    let mut names: Vec<_> = names.iter().map(|(name, index)| (name.clone(), number(index))).collect();
    names.sort_by_key(|(_, index)| *index);
    let span = |value: &Value| value.as_array().map(|ends| [number(&ends[0]), number(&ends[1])]);
    let found = |value: &Value| {
        let slow = value.is_string();
        (!slow).then(|| value.as_array().map(|spans| spans.iter().map(span).collect()))
    };
    Answer::Read { names, matches: answer["matches"].as_array().expect("a list").iter().map(found).collect() }
}

/// Filter, pattern and texts for each pattern of an installed Fail2Ban; `None`, loudly, where there is none.
pub(crate) fn fail2ban_patterns() -> Option<Vec<(String, String, Vec<String>)>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fail2ban_patterns.py");
    let output = Command::new("python3").arg(script).stderr(Stdio::null()).output().ok()?;
    if !output.status.success() {
        eprintln!("SKIPPED: no fail2ban whose patterns python3 could read");
        return None;
    }
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let read = |line: &str| {
        let entry: Value = serde_json::from_str(line).expect("an entry is JSON");
        let texts = entry["texts"].as_array().expect("a list").iter().map(text).collect();
        (text(&entry["filter"]), text(&entry["pattern"]), texts)
    };
    Some(String::from_utf8_lossy(&output.stdout).lines().map(read).collect())
}
