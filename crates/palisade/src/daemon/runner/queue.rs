//! What an action still has to do, in order and bounded.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use config::Script;

use super::protocol::{Call, Ticket};

/// So many jobs of one action may wait…
const JOBS: usize = 1 << 14;
/// …and so many more that lift or end something, which must not be lost lightly.
const SPARE: usize = 1 << 16;
/// Of bans that wait when an action is to end, so many are still told to it.
const AT_THE_END: usize = 32;
/// So much may wait in all queues together, in bytes.
const BYTES: usize = 32 << 20;

/// One thing for an action to do.
#[derive(Clone, Debug)]
pub(super) enum Job {
    Start,
    /// Other commands and another ban time from here on; what was started stays.
    Change(Box<Script>, i64),
    Reload,
    Check,
    Ban(Arc<Ticket>),
    Prolong(Arc<Ticket>),
    Unban(Arc<Ticket>),
    /// All of these are lifted.
    Flush(Vec<Arc<Ticket>>),
    /// The same, and the action ends.
    Stop(Vec<Arc<Ticket>>),
    /// To be answered under this number.
    Call(u64, Call),
}

impl Job {
    fn size(&self) -> usize {
        match self {
            Self::Ban(ticket) | Self::Prolong(ticket) | Self::Unban(ticket) => ticket.size(),
            _ => size_of::<Self>(),
        }
    }

    fn room(&self) -> (usize, usize) {
        match self {
            Self::Ban(_) | Self::Prolong(_) | Self::Check | Self::Call(..) => (JOBS, BYTES),
            _ => (SPARE, usize::MAX),
        }
    }
}

/// The bytes that wait in all queues.
#[derive(Clone, Default)]
pub(super) struct Budget(Arc<AtomicUsize>);

/// The jobs of one action.
pub(super) struct Queue {
    jobs: Mutex<(VecDeque<Job>, bool)>,
    bell: Condvar,
    budget: Budget,
}

impl Queue {
    pub(super) fn new(budget: Budget) -> Self {
        Self { jobs: Mutex::default(), bell: Condvar::new(), budget }
    }

    /// False: there is too much already, and this is dropped.
    pub(super) fn push(&self, job: Job) -> bool {
        let mut jobs = self.lock();
        let (count, bytes) = job.room();
        if jobs.0.len() >= count || self.budget.0.load(Ordering::Relaxed) >= bytes {
            return false;
        }
        self.budget.0.fetch_add(job.size(), Ordering::Relaxed);
        jobs.0.push_back(job);
        self.bell.notify_one();
        true
    }

    /// This is the last job, and comes soon: of the bans that wait only the first few are still done. Gives how many
    /// are not.
    pub(super) fn end(&self, last: Job) -> usize {
        let mut jobs = self.lock();
        let before = jobs.0.len();
        let mut at = 0;
        jobs.0.retain(|job| {
            at += 1;
            let kept = at <= AT_THE_END || job.room().0 != JOBS;
            if !kept {
                self.budget.0.fetch_sub(job.size(), Ordering::Relaxed);
            }
            kept
        });
        let dropped = before - jobs.0.len();
        self.budget.0.fetch_add(last.size(), Ordering::Relaxed);
        jobs.0.push_back(last);
        jobs.1 = true;
        self.bell.notify_one();
        dropped
    }

    /// Nothing that waits is done any more.
    pub(super) fn abandon(&self) {
        let mut jobs = self.lock();
        let dropped = jobs.0.drain(..).map(|job| job.size()).sum();
        self.budget.0.fetch_sub(dropped, Ordering::Relaxed);
        jobs.1 = true;
        self.bell.notify_one();
    }

    /// Waits for the next job; `None` when there will be no more.
    pub(super) fn next(&self) -> Option<Job> {
        let mut jobs = self.lock();
        loop {
            if let Some(job) = jobs.0.pop_front() {
                self.budget.0.fetch_sub(job.size(), Ordering::Relaxed);
                return Some(job);
            }
            if jobs.1 {
                return None;
            }
            jobs = self.bell.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, (VecDeque<Job>, bool)> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use detect::Time;

    use super::super::protocol::{Evidence, Past};
    use super::*;

    fn ticket(line: usize) -> Arc<Ticket> {
        Arc::new(Ticket {
            host: "192.0.2.1/32".parse().unwrap(),
            time: Time::default(),
            bantime: 1,
            failures: 1,
            count: 1,
            restored: false,
            evidence: Evidence { lines: vec!["x".repeat(line)], fields: Vec::new() },
            past: [Past::default(), Past::default()],
            jail: [0; 4],
        })
    }

    #[test]
    fn bans_that_find_no_room_are_refused_and_their_ends_are_not() {
        let queue = Queue::new(Budget::default());
        let taken = (0..JOBS + 10).filter(|_| queue.push(Job::Ban(ticket(1)))).count();
        assert_eq!(taken, JOBS);
        assert!(queue.push(Job::Unban(ticket(1))) && queue.push(Job::Flush(Vec::new())));
        assert!(queue.next().is_some());
    }

    #[test]
    fn all_queues_share_their_bytes_and_give_them_back() {
        let budget = Budget::default();
        let queues = [Queue::new(budget.clone()), Queue::new(budget.clone())];
        while queues[0].push(Job::Ban(ticket(1 << 20))) {}
        assert!(!queues[1].push(Job::Ban(ticket(1))));
        assert!(queues[1].push(Job::Unban(ticket(1))));
        for queue in &queues {
            queue.end(Job::Stop(Vec::new()));
            while queue.next().is_some() {}
        }
        assert_eq!(budget.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn an_end_does_not_wait_for_many_bans() {
        let budget = Budget::default();
        let queue = Queue::new(budget.clone());
        (0..1000).for_each(|_| assert!(queue.push(Job::Ban(ticket(1)))));
        queue.push(Job::Unban(ticket(1)));
        assert_eq!(queue.end(Job::Stop(Vec::new())), 1000 - AT_THE_END);
        let left: Vec<Job> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(left.len(), AT_THE_END + 2);
        assert!(matches!(&left[AT_THE_END..], [Job::Unban(_), Job::Stop(_)]));
        assert_eq!(budget.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn an_abandoned_queue_is_empty() {
        let budget = Budget::default();
        let queue = Queue::new(budget.clone());
        queue.push(Job::Start);
        queue.abandon();
        assert!(queue.next().is_none());
        assert_eq!(budget.0.load(Ordering::Relaxed), 0);
    }
}
