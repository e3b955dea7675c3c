//! One pass over the log: what each pattern matches, and what becomes of each line.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use detect::filter::{FieldValue, Fields, Filter, FilterSet, Host, Line, stands_in_for};
use detect::pattern::{Groups, Pattern};
use detect::{DateDetector, Time, Usedns, Zone};
use pickle::Value;

use super::options::Options;
use super::subject::Subject;
use crate::engine::clock::now;
use crate::fail2ban::expand;

/// A date that is older than this does not count for the lines after it.
const RECENT: Duration = Duration::from_secs(60);
/// Lines of one kind; more are counted alone.
const KEPT: usize = 1 << 20;

/// Everything that the report is about.
pub(super) struct Tally {
    filter: Arc<Filter>,
    set: FilterSet,
    dates: DateDetector,
    prefix: Option<Pattern>,
    fail: Vec<Pattern>,
    ignore: Vec<Pattern>,
    first_only: bool,
    names: bool,
    detail: bool,
    /// The last date that was read.
    last: Option<Time>,
    groups: Groups,
    started: Instant,
    pub(super) lines: u64,
    pub(super) prefixed: Vec<Value>,
    pub(super) prefix_hits: u64,
    /// By failregex: how often, and whom and when.
    pub(super) hits: Vec<(u64, Vec<(String, Time)>)>,
    pub(super) ignored_by: Vec<u64>,
    pub(super) matched: Kind,
    pub(super) ignored: Kind,
    pub(super) missed: Kind,
}

/// Lines that fared alike.
#[derive(Default)]
pub(super) struct Kind {
    pub(super) count: u64,
    pub(super) lines: Vec<String>,
}

impl Kind {
    fn add(&mut self, line: &str) {
        self.count += 1;
        if self.lines.len() < KEPT {
            self.lines.push(line.trim_end().to_owned());
        }
    }
}

/// A named group, and what it matched.
pub(super) type Field = (String, Value);

/// A failure, for `-o`.
pub(super) struct Failure {
    pub(super) id: String,
    pub(super) time: Option<Time>,
    pub(super) now: Time,
    /// The named groups of the pattern that matched, after those of the prefix.
    pub(super) fields: Vec<Field>,
    /// What the lines of its session say, beside.
    pub(super) session: Vec<Field>,
    pub(super) line: String,
}

impl Tally {
    pub(super) fn new(subject: &Subject, options: &Options) -> Result<Self, String> {
        let spec = &subject.spec;
        let compile = |pattern: &String| expand::compile(pattern, spec.usedns, spec.maxlines > 1);
        let zone = Zone::parse(spec.logtimezone.as_deref()).map_err(|error| error.to_string())?;
        let prefix = spec.prefregex.as_ref().map(compile).transpose()?;
        let fail = spec.failregex.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        let ignore = spec.ignoreregex.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        let dates = DateDetector::compile(spec.datepattern.as_deref(), zone.clone())
            .map_err(|error| error.to_string())?;
        let filter = Filter::compile(spec, &zone).map(Arc::new).map_err(|errors| {
            errors.first().map_or(String::new(), |error| format!("{}: {}", error.option, error.message))
        })?;
        Ok(Self {
            set: FilterSet::new(vec![filter.clone()]),
            filter,
            dates,
            hits: fail.iter().map(|_| Default::default()).collect(),
            ignored_by: vec![0; ignore.len()],
            prefix,
            fail,
            ignore,
            first_only: options.first_only,
            names: options.raw || spec.usedns == Usedns::Raw,
            detail: options.verbose > 0,
            last: None,
            groups: Groups::new(),
            started: Instant::now(),
            lines: 0,
            prefixed: Vec::new(),
            prefix_hits: 0,
            matched: Kind::default(),
            ignored: Kind::default(),
            missed: Kind::default(),
        })
    }

    /// Since it was made.
    pub(super) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// The templates of dates, with how often each was found.
    pub(super) fn dates(&self) -> impl Iterator<Item = (&str, u64)> {
        self.dates.patterns()
    }

    /// Takes in one line; comments and empty lines are left out. Gives the failures in it.
    pub(super) fn line(&mut self, raw: &[u8]) -> Vec<Failure> {
        let text = self.filter.decode(raw);
        let line = text.trim_end_matches(['\r', '\n']);
        if line.is_empty() || line.starts_with('#') {
            return Vec::new();
        }
        self.lines += 1;
        let now = now();
        let mut accused = Vec::new();
        self.set.read(Line { text: raw, time: None, ascii: false }, now, &mut |_, failure| {
            let host = match failure.host {
                Host::Address(address) => address.to_string(),
                Host::Net(net) => net.to_string(),
                Host::Name(name) => name.to_owned(),
            };
            accused.push((host, said(&failure.fields())));
        });
        let found = self.dates.find(line, now);
        let rest = match &found {
            Some(found) => format!("{}{}", &line[..found.span.start], &line[found.span.end..]),
            None => line.to_owned(),
        };
        let own = found.and_then(|found| found.time);
        self.last = own.or(self.last);
        // A line without a date is as old as the one before it, if that is young.
        let time = own.or(self.last.filter(|last| *last > now - RECENT)).unwrap_or(now);
        let (content, prefix) = self.content(&rest);
        let counts = !self.first_only || !accused.is_empty();
        let run = |content: String| self.patterns(&content, &prefix, counts.then_some(time));
        let (fields, was_ignored) = content.map_or((Vec::new(), false), run);
        let failed = !fields.is_empty() && !accused.is_empty();
        match (failed, was_ignored || counts && !fields.is_empty()) {
            (true, _) => self.matched.add(line),
            (false, true) => self.ignored.add(line),
            (false, false) => self.missed.add(line),
        }
        if !failed {
            return Vec::new();
        }
        let fields: Vec<_> =
            prefix.into_iter().chain(fields.into_iter().next().unwrap_or_default()).collect();
        let failure = |(id, session)| {
            let (fields, line) = (fields.clone(), line.to_owned());
            Failure { id, time: own, now: time, fields, session, line }
        };
        accused.into_iter().map(failure).collect()
    }

    /// What the prefix leaves for the patterns, and its groups.
    fn content(&mut self, rest: &str) -> (Option<String>, Vec<Field>) {
        let Some(prefix) = &self.prefix else { return (Some(rest.to_owned()), Vec::new()) };
        if !prefix.search(rest, 0, &mut self.groups).unwrap_or(false) {
            return (None, Vec::new());
        }
        self.prefix_hits += 1;
        let mut fields = named(prefix, rest, &self.groups);
        if self.detail {
            self.prefixed.push(Value::Dict(
                fields.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect(),
            ));
        }
        let content = fields.iter().position(|(name, _)| name == "content").map(|at| fields.remove(at).1);
        (Some(content.map_or(rest.to_owned(), |content| content.to_string())), fields)
    }

    /// Runs every pattern: the groups of those that matched, and whether an ignoreregex took one of them away. Without
    /// a time, matches are not counted.
    fn patterns(&mut self, content: &str, prefix: &[Field], time: Option<Time>) -> (Vec<Vec<Field>>, bool) {
        let (mut all, mut was_ignored) = (Vec::new(), false);
        for at in 0..self.fail.len() {
            if !self.fail[at].search(content, 0, &mut self.groups).unwrap_or(false) {
                continue;
            }
            let fields = named(&self.fail[at], content, &self.groups);
            let ignored = self.ignore.iter().position(|pattern| pattern.is_match(content).unwrap_or(false));
            if let Some(by) = ignored {
                self.ignored_by[by] += 1;
                was_ignored = true;
            } else if let Some(id) = self.id(&fields, prefix) {
                if let Some(time) = time {
                    self.hits[at].0 += 1;
                    let found = self.detail.then_some((id, time));
                    self.hits[at].1.extend(found);
                }
                all.push(fields);
            }
            if self.first_only {
                break;
            }
        }
        (all, was_ignored)
    }

    /// Whom a match accuses; no name is looked up.
    fn id(&self, fields: &[Field], prefix: &[Field]) -> Option<String> {
        let field = |name: &str| {
            let found =
                fields.iter().chain(prefix).find(|(known, value)| known == name && *value != Value::None);
            found.map(|(_, value)| value.to_string())
        };
        let address = |text: &str| text.parse().ok().map(|ip: IpAddr| ip.to_canonical().to_string());
        let known = field("fid").or_else(|| field("ip4")).or_else(|| field("ip6"));
        match (known, field("dns")) {
            (Some(text), _) => Some(address(&text).unwrap_or(text)),
            (None, Some(name)) => address(&name).or_else(|| self.names.then_some(name)),
            // A pattern without a host: its session knows whom.
            (None, None) => Some(String::new()),
        }
    }
}

fn said(fields: &Fields) -> Vec<Field> {
    let texts = fields.iter().filter_map(|(name, value)| match value {
        FieldValue::Text(text) => Some((name.to_owned(), Value::from(text.as_str()))),
        _ => None,
    });
    texts.collect()
}

/// The named groups of a match. An `<F-ALT_USER>` gives its text to the user, if that has none.
fn named(pattern: &Pattern, text: &str, groups: &Groups) -> Vec<Field> {
    let value = |index: usize| groups.text(text, index).map_or(Value::None, Value::from);
    let mut fields: Vec<Field> =
        pattern.group_names().iter().map(|(name, index)| (name.clone(), value(*index))).collect();
    let is_empty = |value: &Value| *value == Value::None || *value == Value::from("");
    for (name, value) in fields.clone() {
        let Some(target) = stands_in_for(&name).filter(|_| !is_empty(&value)) else { continue };
        match fields.iter_mut().find(|(known, _)| *known == target) {
            Some((_, known)) if is_empty(known) => *known = value,
            Some(_) => {}
            None => fields.push((target, value)),
        }
    }
    fields
}
