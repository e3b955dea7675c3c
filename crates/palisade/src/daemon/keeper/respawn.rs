//! A runner that has died is followed by another one. It is told of the bans in force, and then what could not be told to
//! the dead one. Bans never wait for either.

use std::collections::BTreeSet;
use std::time::Duration;

use detect::Time;
use ipnet::IpNet;
use tracing::info;

use super::Keeper;
use super::runner::{Runner, Spawner};
use crate::daemon::runner::protocol::{Ticket, ToRunner};
use crate::engine::clock::now;

const RUNNER: &str = "runner";
/// From the first death to the next runner; twice as long after each one more…
const REST: Duration = Duration::from_secs(1);
/// …up to this. One that lived as long has atoned for those before it.
const LONGEST: Duration = Duration::from_secs(64);

/// Bans of jails, by address.
pub(super) type Known = BTreeSet<(String, IpNet)>;

/// When another runner is due.
#[derive(Default)]
pub(super) struct Respawn {
    due: Option<Time>,
    started: Time,
    deaths: u32,
}

impl Respawn {
    pub(super) fn due(&self) -> Option<Time> {
        self.due
    }

    /// One has died, or did not come to life.
    fn died(&mut self, now: Time) -> Duration {
        if now.since(self.started) >= LONGEST {
            self.deaths = 0;
        }
        let rest = LONGEST.min(REST * (1 << self.deaths.min(10)));
        self.deaths += 1;
        self.due = Some(now + rest);
        rest
    }

    fn started(&mut self, now: Time) {
        (self.due, self.started) = (None, now);
    }
}

impl Keeper {
    /// Has a runner started as soon as there is something for it to do: many configurations never need one.
    pub(super) fn wake_runner(&mut self) {
        if self.runner.is_some() {
            return;
        }
        match self.spawner.as_ref().map(Spawner::runner) {
            Some(Ok(runner)) => {
                self.respawn.started(now());
                self.runner = Some(runner);
                self.trouble(RUNNER, None);
            }
            Some(Err(error)) => self.trouble(RUNNER, Some(format!("no runner starts: {error}"))),
            None => {}
        }
    }

    /// Notices that the runner has died, and starts another one when it is time.
    pub(super) fn look_after_runner(&mut self) {
        if !self.runner.as_ref().is_some_and(Runner::has_ended) {
            return;
        }
        let now = now();
        match self.respawn.due {
            None => self.wait_for_runner("the runner has ended", now),
            Some(due) if due <= now => match self.spawner.as_ref().map(Spawner::runner) {
                Some(Ok(runner)) => self.follow_up(runner, now),
                Some(Err(error)) => self.wait_for_runner(&format!("no runner starts: {error}"), now),
                None => {}
            },
            Some(_) => {}
        }
    }

    fn wait_for_runner(&mut self, why: &str, now: Time) {
        let rest = self.respawn.died(now).as_secs();
        let what = format!("{why}: no action runs until another one starts, in {rest} s");
        self.trouble(RUNNER, Some(what));
    }

    /// The new one begins with what is in force and goes on with what the dead one was not told.
    fn follow_up(&mut self, runner: Runner, now: Time) {
        let Some(dead) = self.runner.replace(runner) else { return };
        self.respawn.started(now);
        let untold = dead.untold();
        info!("another runner has started, {} orders were kept for it", untold.len());
        self.trouble(RUNNER, None);
        self.commit(store::Durability::Soon);
        let mut known: Known = untold.iter().filter_map(news).collect();
        self.configure_actions(&[], &known);
        for order in untold {
            // Whom the dead one had banned the new one must have banned to lift it.
            if let ToRunner::Unban(jail, ticket) = &order
                && known.insert((jail.clone(), ticket.host))
            {
                let ticket = Ticket { restored: true, ..ticket.clone() };
                self.tell_runner(ToRunner::Ban(jail.clone(), ticket));
            }
            match order {
                ToRunner::Configure { .. } | ToRunner::Ask(..) | ToRunner::Call(..) | ToRunner::Finish => {}
                order => self.tell_runner(order),
            }
        }
    }

    fn tell_runner(&mut self, order: ToRunner) {
        if let Some(runner) = &mut self.runner {
            runner.tell(order);
        }
    }
}

/// The ban that an order is the first to tell of.
fn news(order: &ToRunner) -> Option<(String, IpNet)> {
    match order {
        ToRunner::Ban(jail, ticket) => Some((jail.clone(), ticket.host)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_death_after_the_other_makes_a_longer_rest() {
        let mut respawn = Respawn::default();
        let mut now = Time::from_micros(1_000_000_000_000);
        let rests: Vec<u64> = (0..9)
            .map(|_| {
                respawn.started(now);
                now = now + REST;
                respawn.died(now).as_secs()
            })
            .collect();
        assert_eq!(rests, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        respawn.started(now);
        assert_eq!((respawn.due(), respawn.died(now + LONGEST)), (None, REST));
    }
}
