//! The actions of all jails, each with its queue and its thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use config::Script;
use ipnet::IpNet;
use pickle::{Exception, Kind};

use super::Voice;
use super::action::Action;
use super::protocol::{ActingJail, Answer, Call, Evidence, Said, Ticket, ToRunner, Tone};
use super::python::PythonAction;
use super::queue::{Budget, Job, Queue};
use super::report::Report;

const STACK: usize = 256 << 10;
/// So many bans of a jail are remembered, to lift them all and to ban them again after a repair…
const LIVE: usize = 1 << 16;
/// …and of what was found so much, in bytes.
const EVIDENCE: usize = 4 << 20;

/// Between two looks whether actions still hold, however often those who are banned try again.
const CHECK_REST: Duration = Duration::from_secs(60);

/// Every jail that acts.
pub(super) struct Jails {
    jails: BTreeMap<String, Jail>,
    budget: Budget,
    voice: Voice,
}

#[derive(Default)]
struct Jail {
    workers: Vec<Worker>,
    live: Arc<Mutex<Live>>,
    checked: Option<Instant>,
}

struct Worker {
    script: Script,
    bantime: i64,
    queue: Arc<Queue>,
    thread: JoinHandle<()>,
    /// Jobs that found no room since somebody was told.
    dropped: u64,
}

/// The bans of a jail that are in force.
#[derive(Default)]
pub(super) struct Live {
    tickets: BTreeMap<IpNet, Arc<Ticket>>,
    bytes: usize,
}

impl Live {
    pub(super) fn tickets(&self) -> Vec<Arc<Ticket>> {
        self.tickets.values().cloned().collect()
    }

    fn insert(&mut self, ticket: &Arc<Ticket>) {
        self.remove(ticket.host);
        if self.tickets.len() >= LIVE {
            return;
        }
        let kept = match self.bytes + ticket.size() <= EVIDENCE + LIVE * size_of::<Ticket>() {
            true => Arc::clone(ticket),
            false => Arc::new(Ticket {
                evidence: Evidence::default(),
                past: Default::default(),
                ..Ticket::clone(ticket)
            }),
        };
        self.bytes += kept.size();
        self.tickets.insert(ticket.host, kept);
    }

    fn remove(&mut self, host: IpNet) -> Option<Arc<Ticket>> {
        let ticket = self.tickets.remove(&host)?;
        self.bytes -= ticket.size();
        Some(ticket)
    }
}

impl Jails {
    pub(super) fn new(voice: Voice) -> Self {
        Self { jails: BTreeMap::new(), budget: Budget::default(), voice }
    }

    /// Does what the keeper wants.
    pub(super) fn take(&mut self, order: ToRunner) {
        match order {
            ToRunner::Configure { jails, reload } => self.configure(jails, reload),
            ToRunner::Ban(jail, ticket) => self.with(&jail, |live| {
                let ticket = Arc::new(ticket);
                live.insert(&ticket);
                Job::Ban(ticket)
            }),
            ToRunner::Prolong(jail, ticket) => self.with(&jail, |live| {
                let known = live.remove(ticket.host);
                let evidence = known.map_or(ticket.evidence.clone(), |known| known.evidence.clone());
                let ticket = Arc::new(Ticket { evidence, ..ticket });
                live.insert(&ticket);
                Job::Prolong(ticket)
            }),
            ToRunner::Unban(jail, ticket) => {
                self.with(&jail, |live| {
                    Job::Unban(live.remove(ticket.host).unwrap_or_else(|| Arc::new(ticket)))
                });
            }
            ToRunner::UnbanAll(jail) => self.with(&jail, |live| Job::Flush(std::mem::take(live).tickets())),
            ToRunner::Check(jail) => {
                let due = self.jails.get_mut(&jail).is_some_and(Jail::is_check_due);
                if due {
                    self.with(&jail, |_| Job::Check);
                }
            }
            ToRunner::Call(number, jail, action, call) => self.call(number, &jail, &action, call),
            ToRunner::Ask(..) | ToRunner::Finish => {}
        }
    }

    fn with(&mut self, jail: &str, job: impl FnOnce(&mut Live) -> Job) {
        let Some(Jail { workers, live, .. }) = self.jails.get_mut(jail) else { return };
        let job = job(&mut lock(live));
        for worker in workers {
            worker.push(job.clone(), jail, &self.voice);
        }
    }

    fn call(&mut self, number: u64, jail: &str, action: &str, call: Call) {
        let workers = self.jails.get_mut(jail).map_or(&mut [][..], |jail| &mut jail.workers);
        let worker = workers.iter().find(|worker| worker.script.name == action);
        let taken = worker.is_some_and(|worker| worker.queue.push(Job::Call(number, call)));
        if !taken {
            let why = Exception::new(Kind::RuntimeError, format!("{action} takes no calls now"));
            self.voice.answer(number, Answer::Called(Err(why)));
        }
    }

    fn configure(&mut self, jails: Vec<ActingJail>, reload: bool) {
        let mut before = std::mem::take(&mut self.jails);
        for ActingJail { name, bantime, scripts } in jails {
            let Jail { workers: mut old, live, checked } = before.remove(&name).unwrap_or_default();
            let mut workers = Vec::new();
            for script in scripts {
                let going_on = old.iter().position(|worker| script.continues(&worker.script));
                let worker = match going_on.map(|at| old.remove(at)) {
                    Some(mut worker) => {
                        worker.change(script, bantime, &name, &self.voice);
                        if reload {
                            worker.push(Job::Reload, &name, &self.voice);
                        }
                        worker
                    }
                    None => self.replace(&mut old, &name, bantime, script, &live),
                };
                workers.push(worker);
            }
            let tickets = lock(&live).tickets();
            old.into_iter().for_each(|worker| drop(worker.end(tickets.clone(), &name, &self.voice)));
            self.jails.insert(name, Jail { workers, live, checked });
        }
        before.into_iter().for_each(|(name, jail)| drop(jail.end(&name, &self.voice)));
    }

    /// A new action, or one that starts otherwise than it did: the one of its name stops, and all bans are news to it.
    fn replace(
        &self,
        old: &mut Vec<Worker>,
        jail: &str,
        bantime: i64,
        script: Script,
        live: &Arc<Mutex<Live>>,
    ) -> Worker {
        let tickets = lock(live).tickets();
        let replaced =
            old.iter().position(|worker| worker.script.name == script.name).map(|at| old.remove(at));
        let ended = replaced.map(|worker| worker.end(tickets.clone(), jail, &self.voice));
        let mut worker = self.start(jail, bantime, script, live, ended);
        for ticket in tickets {
            let ticket = Arc::new(Ticket { restored: true, ..Ticket::clone(&ticket) });
            worker.push(Job::Ban(ticket), jail, &self.voice);
        }
        worker
    }

    /// A new action, which begins when the one that it replaces has ended.
    fn start(
        &self,
        jail: &str,
        bantime: i64,
        script: Script,
        live: &Arc<Mutex<Live>>,
        after: Option<JoinHandle<()>>,
    ) -> Worker {
        let queue = Arc::new(Queue::new(self.budget.clone()));
        queue.push(Job::Start);
        let work = {
            let (queue, script, live) = (Arc::clone(&queue), script.clone(), Arc::clone(live));
            let (jail, report) = (jail.to_owned(), Report::new(jail, &script.name, self.voice.clone()));
            move || {
                let _ = after.map(JoinHandle::join);
                match script.module {
                    Some(_) => PythonAction::new(&jail, bantime, script, report).work(&queue),
                    None => Action::new(bantime, script, live, report).work(&queue),
                }
            }
        };
        let thread = thread::Builder::new().stack_size(STACK).spawn(work);
        let thread = thread.expect("a thread for each action of the configuration");
        Worker { script, bantime, queue, thread, dropped: 0 }
    }

    /// Lifts and stops all, the actions of a jail at once.
    pub(super) fn finish(self) {
        let Self { jails, voice, .. } = self;
        let ends: Vec<JoinHandle<()>> =
            jails.into_iter().flat_map(|(name, jail)| jail.end(&name, &voice)).collect();
        for end in ends {
            let _ = end.join();
        }
    }

    /// Lets what runs come to its end, and begins nothing more.
    pub(super) fn abandon(self) {
        let workers: Vec<Worker> = self.jails.into_values().flat_map(|jail| jail.workers).collect();
        workers.iter().for_each(|worker| worker.queue.abandon());
        for worker in workers {
            let _ = worker.thread.join();
        }
    }
}

impl Jail {
    fn is_check_due(&mut self) -> bool {
        let due = self.checked.is_none_or(|at| at.elapsed() >= CHECK_REST);
        if due {
            self.checked = Some(Instant::now());
        }
        due
    }

    fn end(self, name: &str, voice: &Voice) -> Vec<JoinHandle<()>> {
        let tickets = lock(&self.live).tickets();
        self.workers.into_iter().map(|worker| worker.end(tickets.clone(), name, voice)).collect()
    }
}

impl Worker {
    fn push(&mut self, job: Job, jail: &str, voice: &Voice) {
        if self.queue.push(job) {
            self.dropped = 0;
            return;
        }
        self.dropped += 1;
        // Once, and then ever more seldom.
        if self.dropped.is_power_of_two() {
            self.say(format!("does not keep up: {} commands are left out", self.dropped), jail, voice);
        }
    }

    fn change(&mut self, script: Script, bantime: i64, jail: &str, voice: &Voice) {
        if self.script != script || self.bantime != bantime {
            self.push(Job::Change(Box::new(script.clone()), bantime), jail, voice);
            (self.script, self.bantime) = (script, bantime);
        }
    }

    fn end(self, tickets: Vec<Arc<Ticket>>, jail: &str, voice: &Voice) -> JoinHandle<()> {
        match self.queue.end(Job::Stop(tickets)) {
            0 => {}
            count => self.say(format!("ends, {count} commands are left out"), jail, voice),
        }
        self.thread
    }

    fn say(&self, what: String, jail: &str, voice: &Voice) {
        voice.say(Said {
            action: format!("[{jail}] action {}", self.script.name),
            what,
            tone: Tone::Warning,
        });
    }
}

fn lock(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}
