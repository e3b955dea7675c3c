//! Failures that cannot be counted before the runner has answered: of a host name, or where an `ignorecommand` may spare
//! somebody. Nothing else waits for them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use tracing::info;

use super::Keeper;
use crate::daemon::protocol::{Accused, FoundFailure};
use crate::daemon::runner::protocol::{Answer, MayIgnore, Question, Ticket, ToRunner};
use crate::engine::clock::now;

/// So many failures may wait; a further one is counted as if nobody had an answer.
const WAITING: usize = 1 << 14;

/// By the number of the question.
#[derive(Default)]
pub(super) struct Asking {
    waiting: BTreeMap<u64, Waiting>,
    next: u64,
}

impl Asking {
    /// The number of the next question.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

struct Waiting {
    /// By name: a reload may give it another number.
    jail: String,
    found: FoundFailure<Accused>,
    question: Question,
}

impl Keeper {
    /// Those that can be counted at once.
    pub(super) fn known(&mut self, failures: Vec<FoundFailure<Accused>>) -> Vec<FoundFailure> {
        failures.into_iter().flat_map(|found| self.known_one(found)).collect()
    }

    fn known_one(&mut self, found: FoundFailure<Accused>) -> Vec<FoundFailure> {
        let question = match &found.host {
            Accused::Name(name) => Question::Addresses(name.clone()),
            Accused::Address(ip) => match self.may_ignore(&found, *ip) {
                Some(question) => Question::Ignored(question),
                None => {
                    let ip = *ip;
                    return vec![found.of(ip)];
                }
            },
        };
        self.ask(question, found)
    }

    fn ask(&mut self, question: Question, found: FoundFailure<Accused>) -> Vec<FoundFailure> {
        let Some(jail) = self.plan.jails.get(usize::from(found.jail)) else { return Vec::new() };
        let jail = jail.spec.name.clone();
        let waiting = Waiting { jail, found, question };
        self.wake_runner();
        match &mut self.runner {
            Some(runner) if !runner.has_ended() && self.asking.waiting.len() < WAITING => {
                let number = self.asking.number();
                runner.tell(ToRunner::Ask(number, waiting.question.clone()));
                self.asking.waiting.insert(number, waiting);
                Vec::new()
            }
            _ => self.heard(waiting, None),
        }
    }

    /// What its `ignorecommand` is asked about an address; `None` if it need not be.
    fn may_ignore(&self, found: &FoundFailure<Accused>, ip: IpAddr) -> Option<Box<MayIgnore>> {
        let at = usize::from(found.jail);
        let planned = self.plan.jails.get(at)?;
        let command = planned.ignorecommand.clone()?;
        if self.jails.jail(at)?.ignore().contains(ip.into()) {
            return None;
        }
        let ticket = Ticket {
            host: IpNet::from(ip),
            time: found.time.min(now()),
            bantime: planned.bantime(),
            failures: 1,
            count: 0,
            restored: false,
            evidence: found.evidence.as_deref().cloned().unwrap_or_default(),
            past: Default::default(),
            jail: [0; 4],
        };
        let cache = planned.ignorecache.clone();
        Some(Box::new(MayIgnore { jail: planned.spec.name.clone(), command, cache, ticket }))
    }

    /// Counts what the runner has answered about. Of one that has ended no answer comes.
    pub(super) fn hear_runner(&mut self) {
        let mut failures = Vec::new();
        while let Some((number, answer)) = self.runner.as_ref().and_then(super::Runner::answer) {
            if let Answer::Called(answer) = answer {
                self.called(number, answer);
            } else if let Some(waiting) = self.asking.waiting.remove(&number) {
                failures.extend(self.heard(waiting, Some(answer)));
            }
        }
        if self.runner.as_ref().is_none_or(super::Runner::has_ended) {
            self.end_calls();
            for waiting in std::mem::take(&mut self.asking.waiting).into_values() {
                failures.extend(self.heard(waiting, None));
            }
        }
        if !failures.is_empty() {
            self.count(failures);
        }
    }

    /// The failures that an answer leaves.
    fn heard(
        &mut self,
        Waiting { jail, found, question }: Waiting,
        answer: Option<Answer>,
    ) -> Vec<FoundFailure> {
        // The jail may be gone meanwhile.
        let Some(at) = self.jails.find(&jail) else { return Vec::new() };
        let found = FoundFailure { jail: at as u16, ..found };
        match (found.host.clone(), answer.unwrap_or_else(|| question.unanswered())) {
            (Accused::Name(name), Answer::Addresses(addresses)) => {
                if !addresses.is_empty() {
                    info!("[{jail}] {name} is looked up: {addresses:?}");
                }
                let each = addresses.into_iter().map(|ip| found.clone().of(Accused::Address(ip)));
                self.known(each.collect())
            }
            (Accused::Address(ip), Answer::Ignored(false)) => vec![found.of(ip)],
            (Accused::Address(ip), Answer::Ignored(true)) => {
                info!("[{jail}] Ignore {ip} by command");
                Vec::new()
            }
            // No answer to what was asked.
            _ => Vec::new(),
        }
    }
}
