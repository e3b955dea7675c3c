//! Sets of lines: from sample logs, whose comments say what comes of the next line, or from JSON.

use std::fs;
use std::path::Path;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::judge::ZONE;

/// Lines that one filter with one set of options reads, in order.
pub(crate) struct Set {
    pub(crate) filter: String,
    pub(crate) options: Map<String, Value>,
    pub(crate) journal: bool,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Line {
    pub(crate) text: Vec<u8>,
    /// What the failure is, by name: `host`, fields, and `time` in seconds; `None` for a line that is none.
    pub(crate) failure: Option<Map<String, Value>>,
}

/// What holds for the lines that follow.
struct Reading<'a> {
    filter: &'a str,
    /// Of the whole file.
    common: Map<String, Value>,
    /// Several: each line is read with each of them.
    options: Vec<Map<String, Value>>,
    sets: Vec<Set>,
}

impl Set {
    /// From the sample log of a filter, and those that it names.
    pub(crate) fn of_filter(logs: &Path, filter: &str) -> Vec<Self> {
        let mut reading = Reading { filter, common: Map::new(), options: vec![Map::new()], sets: Vec::new() };
        let mut files = vec![filter.to_owned()];
        while let Some(file) = files.pop() {
            files.extend(reading.file(&logs.join(file)));
        }
        reading.sets
    }

    /// From JSON, one set a line.
    pub(crate) fn of_file(path: &Path) -> Vec<Self> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| Self::of_json(serde_json::from_str(line).unwrap())).collect()
    }

    fn of_json(set: Value) -> Self {
        let line = |line: &Value| {
            let mut failure = line["fields"].as_object().cloned().unwrap_or_default();
            let known = ["host", "time"].into_iter().filter_map(|name| Some((name, line.get(name)?)));
            failure.extend(known.map(|(name, value)| (name.to_owned(), value.clone())));
            let text = line["line"].as_str().unwrap().as_bytes().to_vec();
            Line { text, failure: line["match"].as_bool().unwrap().then_some(failure) }
        };
        Self {
            filter: set["filter"].as_str().unwrap().to_owned(),
            options: set["options"].as_object().unwrap().clone(),
            journal: set["journal"].as_bool().unwrap(),
            lines: set["lines"].as_array().unwrap().iter().map(line).collect(),
        }
    }
}

impl Reading<'_> {
    /// Takes in a file; the names of those that are to follow.
    fn file(&mut self, path: &Path) -> Vec<String> {
        let content = fs::read(path).unwrap();
        let mut more = Vec::new();
        let mut known = Map::new();
        for line in content.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match remark(line) {
                Some(("failJSON", value)) => known = object(value),
                Some(("fileOptions", value)) => self.common = object(value),
                Some(("filterOptions", Value::Array(several))) => {
                    self.options = several.into_iter().map(object).collect();
                }
                Some(("filterOptions", value)) => self.options = vec![object(value)],
                Some((_, value)) => more.push(value.as_str().unwrap().to_owned()),
                None if known.is_empty() && (line.starts_with(b"#") || line.trim_ascii().is_empty()) => {}
                None => self.line(line, &std::mem::take(&mut known)),
            }
        }
        more
    }

    fn line(&mut self, line: &[u8], known: &Map<String, Value>) {
        for options in self.options.clone() {
            let mut all = self.common.clone();
            all.extend(options);
            let holds = |name: &str, of: &Map<String, Value>| {
                of.get(name).is_none_or(|condition| holds(condition.as_str().unwrap(), self.filter, &all))
            };
            if !holds("test.condition", &all) || !holds("constraint", known) {
                continue;
            }
            let mut text = line.to_vec();
            if let Some(prefix) = all.get("test.prefix-line").and_then(Value::as_str) {
                text.splice(0..0, prefix.bytes());
            }
            let own: Map<_, _> = all.into_iter().filter(|(name, _)| !name.starts_with("test.")).collect();
            let journal = own.get("logtype").is_some_and(|logtype| logtype == "journal");
            let line = Line { text, failure: failure(known, journal) };
            match self.sets.iter_mut().find(|set| set.options == own) {
                Some(set) => set.lines.push(line),
                None => {
                    let filter = self.filter.to_owned();
                    self.sets.push(Set { filter, options: own, journal, lines: vec![line] });
                }
            }
        }
    }
}

/// What is said of the failure: a local time becomes seconds, and in the journal there is none.
fn failure(known: &Map<String, Value>, journal: bool) -> Option<Map<String, Value>> {
    known.get("match").filter(|found| **found == true)?;
    let mut failure = known.clone();
    failure.retain(|name, _| !["match", "desc", "constraint"].contains(&name.as_str()));
    if let Some(time) = failure.remove("time").filter(|_| !journal) {
        // Days need not have two digits.
        let time = DateTime::strptime("%Y-%m-%dT%H:%M:%S%.f", time.as_str().unwrap()).unwrap();
        let time = TimeZone::get(ZONE).unwrap().to_timestamp(time).unwrap();
        failure.insert("time".into(), (time.as_microsecond() as f64 / 1e6).into());
    }
    Some(failure)
}

/// `# failJSON: {...}` and its like.
fn remark(line: &[u8]) -> Option<(&'static str, Value)> {
    let line = std::str::from_utf8(line).ok()?;
    let text = line.strip_prefix('#')?.trim_start_matches('#');
    let text = text.strip_prefix(' ').unwrap_or(text);
    let names = ["failJSON", "fileOptions", "filterOptions", "addFILE"];
    let (name, value) = names.into_iter().find_map(|name| Some((name, text.strip_prefix(name)?)))?;
    let value = serde_json::from_str(value.strip_prefix(':')?);
    Some((name, value.unwrap_or_else(|error| panic!("{line}: {error}"))))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("{value} is no object")).clone()
}

/// The few conditions that there are: `name == 'sshd'`, `opts.get('mode') != 'aggressive'`.
fn holds(condition: &str, filter: &str, options: &Map<String, Value>) -> bool {
    let quoted: Vec<&str> = condition.split('\'').skip(1).step_by(2).collect();
    let negated = condition.contains("!=");
    match quoted[..] {
        [name] if condition.starts_with("name") => (name == filter) != negated,
        [option, value] if condition.starts_with("opts.get(") => {
            (options.get(option).is_some_and(|have| have == value)) != negated
        }
        _ => panic!("a condition of another kind: {condition}"),
    }
}
