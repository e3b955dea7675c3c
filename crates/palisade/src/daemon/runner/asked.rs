//! What the keeper wants to know: the addresses of a name from a log, and whether a jail's `ignorecommand` spares somebody.
//!
//! A few threads ask, each question once for all that wait for it, with a limit on the time. Beyond a number of questions
//! a further one is answered at once, as if nobody knew.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ipnet::IpNet;

use super::Voice;
use super::memory::Memory;
use super::protocol::{Answer, MayIgnore, Question, Said, Tone};
use super::shell::{self, How};
use super::{tags, values};
use crate::output::address;

const THREADS: usize = 4;
const STACK: usize = 256 << 10;
/// So many questions may wait.
const WAITING: usize = 1 << 12;
/// Of a name that has more addresses, so many are told.
const ADDRESSES: usize = 32;
const NAME_TIMEOUT: Duration = Duration::from_secs(5);
/// As long as Fail2Ban's commands have.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// So many names are remembered for so long, as in Fail2Ban.
const NAMES: (usize, Duration) = (1000, Duration::from_secs(300));

/// The questions, and those who ask for the keeper.
pub(super) struct Asked {
    desk: Arc<Desk>,
    /// The threads are there with the first question.
    started: bool,
}

struct Desk {
    waiting: Mutex<Waiting>,
    bell: Condvar,
    names: Mutex<Memory<String, Vec<IpAddr>>>,
    /// By jail and by what its `ignorecache` tells apart.
    ignored: Mutex<HashMap<String, Memory<String, bool>>>,
    /// `None` at the end: nobody listens then, and a command may still take its time.
    voice: Mutex<Option<Voice>>,
}

#[derive(Default)]
struct Waiting {
    questions: VecDeque<(Subject, Question)>,
    /// Who waits for it, also while it is asked.
    numbers: HashMap<Subject, Vec<u64>>,
    closed: bool,
}

/// What two questions have in common that are the same.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Subject {
    Name(String),
    Host(String, IpNet, Vec<(String, String)>),
}

impl From<&Question> for Subject {
    fn from(question: &Question) -> Self {
        match question {
            Question::Addresses(name) => Self::Name(name.clone()),
            Question::Ignored(may) => {
                Self::Host(may.jail.clone(), may.ticket.host, may.ticket.evidence.fields.clone())
            }
        }
    }
}

impl Asked {
    pub(super) fn new(voice: Voice) -> Self {
        let desk = Desk {
            waiting: Mutex::default(),
            bell: Condvar::new(),
            names: Mutex::new(Memory::new(NAMES.0, NAMES.1)),
            ignored: Mutex::default(),
            voice: Mutex::new(Some(voice)),
        };
        Self { desk: Arc::new(desk), started: false }
    }

    /// Has it answered under this number.
    pub(super) fn take(&mut self, number: u64, question: Question) {
        if !std::mem::replace(&mut self.started, true) {
            for _ in 0..THREADS {
                let desk = Arc::clone(&self.desk);
                let thread = thread::Builder::new().stack_size(STACK).spawn(move || desk.work());
                thread.expect("a few threads for questions");
            }
        }
        let subject = Subject::from(&question);
        let mut waiting = lock(&self.desk.waiting);
        if let Some(numbers) = waiting.numbers.get_mut(&subject) {
            numbers.push(number);
        } else if waiting.questions.len() >= WAITING {
            drop(waiting);
            self.desk.answer(number, question.unanswered());
        } else {
            waiting.numbers.insert(subject.clone(), vec![number]);
            waiting.questions.push_back((subject, question));
            self.desk.bell.notify_one();
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        lock(&self.desk.voice).take();
        lock(&self.desk.waiting).closed = true;
        self.desk.bell.notify_all();
    }
}

impl Desk {
    fn work(&self) {
        while let Some((subject, question)) = self.next() {
            let answer = match &question {
                Question::Addresses(name) => Answer::Addresses(self.addresses(name)),
                Question::Ignored(may) => Answer::Ignored(self.is_ignored(may)),
            };
            let numbers = lock(&self.waiting).numbers.remove(&subject).unwrap_or_default();
            numbers.into_iter().for_each(|number| self.answer(number, answer.clone()));
        }
    }

    fn answer(&self, number: u64, answer: Answer) {
        let voice = lock(&self.voice).clone();
        if let Some(voice) = voice {
            voice.answer(number, answer);
        }
    }

    fn next(&self) -> Option<(Subject, Question)> {
        let mut waiting = lock(&self.waiting);
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(next) = waiting.questions.pop_front() {
                return Some(next);
            }
            waiting = self.bell.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn addresses(&self, name: &str) -> Vec<IpAddr> {
        if let Some(known) = lock(&self.names).get(&name.to_owned()) {
            return known;
        }
        let found = look_up(name);
        if found.is_empty() {
            self.warn("usedns".into(), format!("{name} has no address"));
        }
        lock(&self.names).insert(name.to_owned(), found.clone());
        found
    }

    fn is_ignored(&self, may: &MayIgnore) -> bool {
        let MayIgnore { jail, command, cache, ticket } = may;
        let value = |tag: &str| values::of_ban(tag, ticket);
        let Some(cache) = cache else { return self.run(jail, command, ticket.host, &value) };
        let key = tags::fill(&cache.key, &value);
        let kept = || Memory::new(cache.count, cache.time);
        let known = lock(&self.ignored).entry(jail.clone()).or_insert_with(kept).get(&key);
        known.unwrap_or_else(|| {
            let ignored = self.run(jail, command, ticket.host, &value);
            lock(&self.ignored).entry(jail.clone()).or_insert_with(kept).insert(key, ignored);
            ignored
        })
    }

    /// Exit status 0 spares, and 1 does not; whatever else there may be is a fault of the command and does not either.
    fn run(&self, jail: &str, command: &str, host: IpNet, value: &dyn Fn(&str) -> Option<String>) -> bool {
        let prepared = tags::prepare(command, value);
        let why = match shell::run(shell::command(&prepared), COMMAND_TIMEOUT) {
            Ok(ended) if ended.how == How::Well => return true,
            Ok(ended) if ended.how == How::Status(1) => return false,
            Ok(ended) => ended.how.describe(),
            Err(error) => error.to_string(),
        };
        self.warn(format!("[{jail}] ignorecommand"), format!("fails for {}: {why}", address(host)));
        false
    }

    fn warn(&self, action: String, what: String) {
        if let Some(voice) = lock(&self.voice).as_ref() {
            voice.say(Said { action, what, tone: Tone::Warning });
        }
    }
}

/// As the system's resolver knows them.
fn look_up(name: &str) -> Vec<IpAddr> {
    let mut resolver = Command::new("getent");
    resolver.args(["ahosts", name]);
    let ended = shell::run(resolver, NAME_TIMEOUT);
    let output = ended.ok().filter(|ended| ended.how == How::Well).map(|ended| ended.output);
    let output = output.unwrap_or_default();
    let lines = output.lines().filter_map(|line| line.split_whitespace().next()?.parse::<IpAddr>().ok());
    let mut found: Vec<IpAddr> = lines.map(|ip| ip.to_canonical()).collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(ADDRESSES);
    found
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
