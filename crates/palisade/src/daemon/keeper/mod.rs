//! The keeper: owns the kernel's table, the store and every decision.
//!
//! One thread, one loop. What happens in it is in the modules: `plan` is a configuration made ready, `child` and `change`
//! the watcher and its replacement, `progress` counts what the watcher found, `clocks` looks at its dates, `ban` makes
//! decisions true in the kernel and then in the store, `ask` is about failures that wait for an answer of the runner, `act`
//! has commands run for bans, `respawn` is about a runner that died, `restore` puts bans back, `command` and `report` answer
//! the control socket, `fail2ban` the clients of Fail2Ban. `rules` and `lists` keep the rules of `palisade.toml` in force.

mod act;
mod ask;
mod ban;
mod change;
mod child;
mod clocks;
mod command;
mod evidence;
mod fail2ban;
mod history;
mod idle;
mod lists;
mod pending;
mod plan;
mod progress;
mod report;
mod respawn;
mod restore;
mod rules;
mod runner;
mod sole;
mod start;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use config::Tree;
use detect::Time;
use detect::jail::Ban;
use firewall::rules::Policy;
use firewall::{Firewall, Monitor};
use pickle::Value;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sd_notify::NotifyState;
use store::Store;
use sys::memory::Code;
use tracing::{error, info};

use self::ask::Asking;
use self::change::Change;
use self::child::Watcher;
use self::clocks::Clocks;
use self::evidence::EvidenceTable;
use self::fail2ban::Fail2ban;
pub(crate) use self::fail2ban::Fail2banPlace;
use self::lists::Refreshing;
use self::pending::Pending;
use self::plan::Plan;
use self::respawn::Respawn;
use self::runner::{Runner, Spawner};
use self::sole::Sole;
use super::protocol::FilterCounters;
use super::signals::Signals;
use crate::control::protocol::Reply;
use crate::control::server::Server;
use crate::engine::clock::now;
use crate::engine::jails::Jails;
use crate::exit::{CommandError, Outcome};
use crate::transaction::ssh::Seen;

/// Between looks at what runs out, grows old, or failed and may be tried again.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// Positions behind lines that showed no failure need not be stored at once: to read such lines again is harmless.
const IDLE_COMMIT: Duration = Duration::from_secs(1);
/// After an error of the kernel or the store.
const RETRY: Duration = Duration::from_secs(2);

/// The privileged half of the daemon.
pub(crate) struct Keeper {
    tree: Tree,
    state: PathBuf,
    started: Time,
    plan: Plan,
    jails: Jails,
    firewall: Firewall,
    /// Those of `palisade.toml`, once they are in force.
    rules: Option<Policy>,
    /// When the daemon started.
    ssh: Seen,
    lists: Refreshing,
    /// `None` until the bans of the last run are back: the kernel would tell of each of them.
    monitor: Option<Monitor>,
    store: Store,
    _sole: Sole,
    server: Server,
    signals: Signals,
    /// `None` while a dead one is being replaced.
    watcher: Option<Watcher>,
    change: Change,
    /// `None` where no command may be run.
    spawner: Option<Spawner>,
    runner: Option<Runner>,
    respawn: Respawn,
    asking: Asking,
    /// What actions will ask for when a ban comes of it.
    evidence: EvidenceTable,
    /// By source; what the next watcher begins with.
    positions: BTreeMap<String, Vec<u8>>,
    /// By jail, what this watcher has counted.
    counters: Vec<FilterCounters>,
    /// By the jail's name, what the watchers before it have counted.
    counted: BTreeMap<String, FilterCounters>,
    clocks: Clocks,
    /// So many watchers in a row ended without having achieved anything.
    fruitless: u32,
    pending: Pending,
    /// Bans that the kernel does not have yet, or not any more.
    restore: VecDeque<Ban>,
    /// By subject, what the owner ought to know.
    troubles: BTreeMap<&'static str, String>,
    housekept: Time,
    fail2ban: Fail2ban,
    code: Code,
    ending: bool,
}

/// Runs until SIGTERM. `session` is where whoever started it is logged in.
pub(crate) fn run(tree: Tree, state: PathBuf, session: Option<IpAddr>, fail2ban: Fail2banPlace) -> Outcome {
    let mut keeper = Keeper::start(tree, state, session)?;
    keeper.start_fail2ban(fail2ban);
    keeper.serve().map_err(|error| CommandError::io("the daemon", &error))?;
    keeper.end();
    Ok(crate::exit::Exit::Done)
}

/// What woke the loop.
#[derive(Default)]
struct Woken {
    end: bool,
    reload: bool,
    client: bool,
    request: bool,
    kernel: bool,
    watcher: bool,
    next_watcher: bool,
    fail2ban: bool,
    runner: bool,
}

impl Keeper {
    fn serve(&mut self) -> io::Result<()> {
        while !self.ending {
            let woken = self.wait()?;
            if woken.kernel {
                self.see_kernel();
            }
            if woken.watcher {
                self.hear_watcher();
            }
            if woken.next_watcher {
                self.hear_next();
            }
            if woken.runner {
                self.hear_runner();
            }
            if woken.client {
                self.server.accept();
            }
            if woken.fail2ban {
                self.fail2ban.accept();
            }
            if woken.request {
                while let Some(call) = self.server.next() {
                    self.answer(call);
                }
            }
            if woken.reload {
                self.signals.clear_reload();
                self.reload(None);
            }
            self.restore_some();
            self.go_on_with_change();
            self.go_on_with_commands();
            self.keep_house();
            self.ending |= woken.end;
        }
        Ok(())
    }

    /// Sleeps until something happens or is due.
    fn wait(&mut self) -> io::Result<Woken> {
        let timeout = Timespec::try_from(self.patience()).map_err(io::Error::other)?;
        let always =
            [self.signals.end(), self.signals.reload(), self.server.listener(), self.server.bell()].map(Some);
        let monitor = self.monitor.as_ref().map(Monitor::as_fd);
        let watcher = self.watcher.as_ref().map(Watcher::fd);
        let runner = self.runner.as_ref().map(Runner::bell);
        let others = [monitor, watcher, self.change.fd(), self.fail2ban.fd(), runner, self.lists.fd()];
        let places = always.into_iter().chain(others);
        let (names, fds): (Vec<usize>, Vec<_>) =
            places.enumerate().filter_map(|(name, fd)| Some((name, fd?))).unzip();
        let mut polled: Vec<PollFd<'_>> =
            fds.into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        match poll(&mut polled, Some(&timeout)) {
            Err(rustix::io::Errno::INTR) | Ok(0) => return Ok(Woken::default()),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let ready =
            |name: usize| names.iter().zip(&polled).any(|(at, fd)| *at == name && !fd.revents().is_empty());
        Ok(Woken {
            end: ready(0),
            reload: ready(1),
            client: ready(2),
            request: ready(3),
            kernel: ready(4),
            watcher: ready(5),
            next_watcher: ready(6),
            fail2ban: ready(7),
            runner: ready(8),
        })
    }

    /// How long nothing is due.
    fn patience(&mut self) -> Duration {
        let to_restore = !self.restore.is_empty() || self.monitor.is_none();
        if to_restore && !self.troubles.contains_key(restore::KERNEL) {
            return Duration::ZERO;
        }
        let now = now();
        let dues = [
            Some(self.housekept + HOUSEKEEPING),
            self.jails.book.next_end(),
            self.pending.due(),
            self.change.due(),
            self.lists_due(),
            self.respawn.due(),
            self.troubles.contains_key(restore::KERNEL).then(|| now + RETRY),
        ];
        dues.into_iter().flatten().map(|due| due.since(now)).min().unwrap_or(HOUSEKEEPING)
    }

    fn keep_house(&mut self) {
        let now = now();
        self.end_bans(now);
        self.look_after_runner();
        self.look_after_lists(now);
        if now.since(self.housekept) >= HOUSEKEEPING || now < self.housekept {
            self.housekept = now;
            self.forget_old(now);
            self.wake_jails();
            self.code.release();
        }
        if self.pending.due().is_some_and(|due| due <= now) {
            self.commit(store::Durability::Soon);
        }
    }

    /// Stops reading and keeps what was read. The bans stay in the kernel.
    fn end(mut self) {
        let _ = sd_notify::notify(&[NotifyState::Stopping]);
        self.finish_watcher();
        self.commit(store::Durability::Now);
        if let (Some(runner), Some(spawner)) = (self.runner.take(), &self.spawner) {
            runner.finish(spawner);
        }
        let (desk, farewell) = (self.server.desk(), self.fail2ban.farewell.take());
        // From here on another daemon may take this one's place.
        drop(self);
        info!("ended; bans stay in the kernel until they run out");
        if let Some(call) = farewell {
            call.answer(Reply::Fail2ban(Ok(Value::None)));
        }
        desk.see_off();
    }

    /// Notes something for the owner, and that it is over.
    fn trouble(&mut self, subject: &'static str, what: Option<String>) {
        match what {
            Some(what) => {
                if self.troubles.get(subject) != Some(&what) {
                    error!("{what}");
                    self.troubles.insert(subject, what);
                }
            }
            None => {
                if self.troubles.remove(subject).is_some() {
                    info!("{subject}: all is well again");
                }
            }
        }
    }
}
