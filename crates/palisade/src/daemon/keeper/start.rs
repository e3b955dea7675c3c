//! The start: configuration, store, kernel, in this order, so that nothing is touched when something is wrong.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use config::Tree;
use detect::Time;
use detect::jail::{Ban, JailId, Window};
use firewall::Firewall;
use posture::Journal;
use store::{Change as Stored, Ending, Store, StoreError};
use sys::memory::Code;
use tracing::{info, warn};

use super::ask::Asking;
use super::change::Change;
use super::clocks::Clocks;
use super::evidence::EvidenceTable;
use super::fail2ban::Fail2ban;
use super::lists::Refreshing;
use super::pending::Pending;
use super::plan::Plan;
use super::respawn::{Known, Respawn};
use super::runner::Spawner;
use super::sole::Sole;
use super::{Keeper, Signals};
use crate::control::server::Server;
use crate::engine::clock::now;
use crate::engine::jails::Jails;
use crate::exit::{CommandError, Exit};
use crate::output::count;
use crate::transaction::ssh::Seen;
use crate::transaction::{notice, undo};

/// How often a configuration with errors is looked at, and how long after each other.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// A command that changes the rules may be under way.
const JOURNAL_PATIENCE: Duration = Duration::from_secs(2);

impl Keeper {
    pub(super) fn start(tree: Tree, state: PathBuf, session: Option<IpAddr>) -> Result<Self, CommandError> {
        let now = now();
        let plan = plan(&tree)?;
        let lists = Refreshing::new(&state);
        let mut jails = Jails::new(session, &lists.kept);
        jails.configure(plan.specs(), now).map_err(|error| CommandError::new(Exit::Config, error))?;
        let store = Store::open(&state).map_err(store_error)?;
        let sole = Sole::claim()?;
        settle(&state);
        let ssh = Seen::now();
        let mut firewall = Firewall::open()?;
        let spawner = Spawner::start(&tree).map_err(|error| CommandError::io("the spawner", &error))?;
        sys::privilege::become_keeper().map_err(|error| CommandError::new(Exit::Permission, error))?;
        firewall.apply(&plan.policy())?;
        let failed = |what: &'static str| move |error: io::Error| CommandError::io(what, &error);
        let server = Server::listen(&state).map_err(failed("the control socket"))?;
        let signals = Signals::catch().map_err(failed("signals"))?;
        let mut keeper = Self {
            tree,
            state,
            started: now,
            plan,
            jails,
            firewall,
            rules: None,
            ssh,
            lists,
            monitor: None,
            store,
            _sole: sole,
            server,
            signals,
            watcher: None,
            spawner,
            runner: None,
            respawn: Respawn::default(),
            asking: Asking::default(),
            evidence: EvidenceTable::default(),
            change: Change::None,
            positions: BTreeMap::new(),
            counters: Vec::new(),
            counted: BTreeMap::new(),
            clocks: Clocks::default(),
            fruitless: 0,
            pending: Pending::default(),
            restore: VecDeque::new(),
            troubles: BTreeMap::new(),
            housekept: now,
            fail2ban: Fail2ban::default(),
            code: Code::find().map_err(failed("its own code"))?,
            ending: false,
        };
        keeper.take_rules();
        keeper.remember(now).map_err(store_error)?;
        keeper.announce();
        keeper.configure_actions(&[], &Known::new());
        keeper.prepare(None, None);
        Ok(keeper)
    }

    /// Gets back what the last daemon knew: bans, windows, positions.
    fn remember(&mut self, now: Time) -> Result<(), StoreError> {
        self.remember_jails(&[], now)?;
        self.restore = self.jails.book.iter().collect();
        let Self { store, positions, .. } = self;
        store.positions(|source, position| {
            positions.insert(String::from_utf8_lossy(source).into_owned(), position.to_vec());
        })?;
        self.note_changes();
        Ok(())
    }

    /// Gets back the bans and windows of jails that are not among those whose bans and windows are `known`.
    pub(super) fn remember_jails(&mut self, known: &[String], now: Time) -> Result<(), StoreError> {
        let is_new = |name: &str| known.iter().all(|known| known != name);
        let mut live = Vec::new();
        self.store.live_bans(|ban| live.extend(is_new(&ban.jail).then_some(ban)))?;
        self.jails.book.reserve(live.len());
        for ban in live {
            let Some(id) = self.configured(&ban.jail) else {
                self.end_unknown(&ban, now);
                continue;
            };
            let (start, until) = (Time::from_micros(ban.start), ban.until.map(Time::from_micros));
            let ban =
                Ban { jail: id, host: ban.host, start, until, failures: ban.failures, count: ban.count };
            self.jails.book.restore(ban);
        }
        self.end_bans(now);
        let Self { store, jails, .. } = self;
        store.windows(|name, host, bytes| {
            let jail = jails.find(name).filter(|_| is_new(name)).and_then(|at| jails.jail_mut(at));
            if let (Some(jail), Some(window)) = (jail, Window::from_bytes(bytes)) {
                jail.windows_mut().restore(host, window);
            }
        })
    }

    /// A ban of a jail that is not configured: it stays in the store until its time has come.
    fn end_unknown(&mut self, ban: &store::Ban, now: Time) {
        if ban.until.is_some_and(|until| until <= now.as_micros()) {
            let (jail, ending) = (Arc::clone(&ban.jail), Ending::Expired);
            self.pending.push(Stored::Ended { jail, host: ban.host, at: now.as_micros(), ending });
        }
    }

    fn configured(&self, name: &str) -> Option<JailId> {
        self.jails.find(name).and_then(|at| self.jails.jail(at)).map(detect::jail::Jail::id)
    }

    fn announce(&self) {
        let root = self.tree.root().display();
        let (jails, bans) = (self.plan.len(), self.jails.book.len());
        info!(
            "Palisade {} with {} from {root}, {} remembered",
            env!("CARGO_PKG_VERSION"),
            count(jails, "jail"),
            count(bans, "ban")
        );
        if jails == 0 {
            warn!("no jail is enabled, or none has anything to watch: see `palisade config check`");
        }
        if let Some(why) = self.plan.idle.why("sshd") {
            warn!("no sshd is watched, for {why}; if that changes, it will be");
        }
        self.plan.notes.lines().for_each(|note| info!("{note}"));
    }
}

/// What a change of the rules waited for when the host went down, or the one that would have taken it back, is undone.
fn settle(state: &Path) {
    let held = Journal::of(state).hold(JOURNAL_PATIENCE).map_err(CommandError::from);
    match held.and_then(|held| undo::settle(state, &held)) {
        Ok(None) => {}
        Ok(Some(change)) => info!("{}", notice::taken_back(&change)),
        Err(error) => warn!("whether a change of the rules is to be taken back: {error}"),
    }
}

fn store_error(error: StoreError) -> CommandError {
    let exit = match &error {
        StoreError::InUse { .. } => Exit::Busy,
        StoreError::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Exit::Permission,
        _ => Exit::Io,
    };
    CommandError::new(exit, error)
}

/// The plan of a tree. Only what is still wrong after some looks is wrong: a log that is just being rotated is not there
/// for a moment, and a daemon that begins again in that moment must not give up.
fn plan(tree: &Tree) -> Result<Plan, CommandError> {
    for _ in 1..LOOKS {
        match Plan::load(tree) {
            Ok(plan) => return Ok(plan),
            Err(_) => std::thread::sleep(BETWEEN_LOOKS),
        }
    }
    Plan::load(tree)
}
