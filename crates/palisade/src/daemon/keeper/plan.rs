//! A configuration, reduced to what the keeper needs.

use config::{Action, ActionKind, IgnoreCache, Jail, Loaded, Properties, Script, Settings, Source, Tree};
use detect::{BanTimeSpec, IgnoreSpec, JailSpec};
use firewall::{BanPolicy, JailTarget, Ports, Protocol, Verdict};
use std::time::Duration;

use super::idle::IdleJails;
use crate::daemon::protocol::WatchedJail;
use crate::daemon::runner::protocol::ActingJail;
use crate::engine::compile::check;
use crate::engine::permit::Permits;
use crate::engine::place::{faulty, render};
use crate::exit::CommandError;

/// The jail of bans that a person commands without naming one: all ports.
pub(super) const BY_HAND: &str = "by-hand";
/// How long such a ban lasts, when nothing is said.
const BY_HAND_LENGTH: Duration = Duration::from_secs(86_400);

/// More lines of one address are not kept, whatever `maxmatches` says.
const MATCHES: usize = 200;

/// What to protect, and how.
#[derive(Clone)]
pub(super) struct Plan {
    /// By the index that watcher and [`crate::engine::jails::Jails`] use. The last is [`BY_HAND`], which watches nothing.
    pub(super) jails: Vec<Planned>,
    /// Of past bans, so much is kept; `None` is all.
    pub(super) history: Option<Duration>,
    /// What the owner may want to know of the configuration.
    pub(super) notes: String,
    /// Jails that run as soon as there is something to read.
    pub(super) idle: IdleJails,
    /// Of the lines that led to a ban, so many are stored.
    pub(super) stored_matches: usize,
    /// Why actions are not run.
    pub(super) refused: Vec<String>,
    /// Of the whole program.
    pub(super) settings: Settings,
    /// It was read from files, and not since been put in force.
    pub(super) read: bool,
}

/// One jail.
#[derive(Clone)]
pub(super) struct Planned {
    pub(super) spec: JailSpec,
    /// `None`: nothing in this jail is ever refused, failures are only counted.
    pub(super) target: Option<JailTarget>,
    pub(super) watched: Option<WatchedJail>,
    /// The commands of its actions, as far as they may be run.
    pub(super) scripts: Vec<Script>,
    /// So many lines are kept for them of one address.
    pub(super) maxmatches: usize,
    /// It reads nothing for now, and keeps its place in what it reads.
    pub(super) idle: bool,
    /// Asked whether somebody is to be ignored, if it may be run.
    pub(super) ignorecommand: Option<String>,
    /// Which of its answers are remembered.
    pub(super) ignorecache: Option<IgnoreCache>,
    pub(super) told: Told,
}

/// What Fail2Ban's clients ask of a jail, as it is configured.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) ignorecommand: Option<String>,
    pub(super) maxmatches: Option<i64>,
    pub(super) actions: Vec<ToldAction>,
}

/// One of a jail's actions, as Fail2Ban's clients see it.
#[derive(Clone)]
pub(super) struct ToldAction {
    pub(super) name: String,
    pub(super) kind: ActionKind,
    /// What it is since something was set at run time; until then the files say it.
    pub(super) set: Option<Box<Properties>>,
}

impl Planned {
    /// So many lines are kept, if the jail asks for `most`.
    pub(super) fn keep_matches(&mut self, most: i64) {
        self.maxmatches = usize::try_from(most).unwrap_or(0).min(MATCHES);
    }

    /// Whether one of the commands that it runs asks what led to a failure.
    fn wants_evidence(&self) -> bool {
        let cache = self.ignorecache.as_ref().map(|cache| cache.key.as_str());
        let asked = [self.ignorecommand.as_deref(), cache];
        ["matches>", "<F-"]
            .into_iter()
            .any(|text| self.mentions(text) || asked.into_iter().flatten().any(|asked| asked.contains(text)))
    }

    fn to_watch(&self) -> Option<WatchedJail> {
        let watched = self.watched.clone()?;
        let source = if self.idle { Source::Files(Vec::new()) } else { watched.source };
        Some(WatchedJail { source, ..watched })
    }

    /// Whether one of its commands has this text in it.
    pub(super) fn mentions(&self, text: &str) -> bool {
        self.scripts.iter().any(|script| script.mentions(text))
    }

    /// Of a first ban, in seconds; negative is for ever.
    pub(super) fn bantime(&self) -> i64 {
        self.spec.bantime.base.map_or(-1, |time| time.as_secs() as i64)
    }

    /// Whether an action asks what led to a ban.
    pub(super) fn asks(&self) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.evidence)
    }
}

impl Plan {
    /// Loads the tree; its faults, all of them, are the error.
    pub(super) fn load(tree: &Tree) -> Result<Self, CommandError> {
        let loaded = config::load(tree);
        if loaded.has_errors() {
            return Err(faults(&loaded).unwrap_or_else(|| faulty(&loaded.diagnostics)));
        }
        let notes = render(&loaded.diagnostics);
        let idle = IdleJails::of(&loaded);
        let settings = loaded.settings;
        let history = settings.dbpurgeage;
        let mut permits = Permits::of(&loaded.files);
        let mut jails: Vec<Planned> =
            loaded.jails.into_iter().map(|jail| planned(jail, &mut permits)).collect();
        if jails.iter().all(|jail| jail.spec.name != BY_HAND) {
            jails.push(by_hand());
        }
        let stored_matches = settings.dbmaxmatches as usize;
        let refused = permits.refused;
        let mut plan = Self { jails, history, notes, stored_matches, idle, refused, settings, read: true };
        plan.note_evidence();
        Ok(plan)
    }

    /// Which jails' watchers report what they found, and not only of whom.
    pub(super) fn note_evidence(&mut self) {
        // An action may ask what an address did in other jails.
        let everywhere =
            self.jails.iter().any(|jail| jail.mentions("<ipmatches>") || jail.mentions("<ipfailures>"));
        for jail in &mut self.jails {
            let wanted = everywhere || jail.wants_evidence();
            jail.watched.iter_mut().for_each(|watched| watched.evidence = wanted);
        }
    }

    /// The errors of a tree whose patterns the watcher could not compile; `None` if it is without fault.
    pub(super) fn faults(tree: &Tree) -> Option<CommandError> {
        faults(&config::load(tree))
    }

    pub(super) fn specs(&self) -> Vec<JailSpec> {
        self.jails.iter().map(|jail| jail.spec.clone()).collect()
    }

    pub(super) fn policy(&self) -> BanPolicy {
        BanPolicy { jails: self.jails.iter().filter_map(|jail| jail.target.clone()).collect() }
    }

    /// In the order of the jails, as far as they watch something.
    pub(super) fn watched(&self) -> Vec<WatchedJail> {
        self.jails.iter().map_while(Planned::to_watch).collect()
    }

    /// Whether a position is that of a file which idle jails alone read: a watcher that knew of it would read on.
    pub(super) fn rests(&self, source: &str) -> bool {
        let Some(path) = source.strip_prefix("file:") else { return false };
        let reads = |jail: &Planned| match jail.watched.as_ref().map(|watched| &watched.source) {
            Some(Source::Files(patterns)) => {
                patterns.iter().any(|pattern| sources::matches(&pattern.glob, path))
            }
            _ => false,
        };
        let (idle, busy): (Vec<_>, Vec<_>) = self.jails.iter().partition(|jail| jail.idle);
        idle.into_iter().any(reads) && !busy.into_iter().any(reads)
    }

    /// The jails whose actions run commands.
    pub(super) fn acting(&self) -> Vec<ActingJail> {
        let acting = self.jails.iter().filter(|jail| !jail.scripts.is_empty());
        let of = |jail: &Planned| ActingJail {
            name: jail.spec.name.clone(),
            bantime: jail.bantime(),
            scripts: jail.scripts.clone(),
        };
        acting.map(of).collect()
    }

    /// Jails of the configuration.
    pub(super) fn len(&self) -> usize {
        self.jails.iter().filter(|jail| jail.watched.is_some()).count()
    }

    /// Whether bans of this jail reach the kernel.
    pub(super) fn closes(&self, jail: usize) -> bool {
        self.jails.get(jail).is_some_and(|jail| jail.target.is_some())
    }
}

/// What the loader has to say, and which patterns do not compile; `None` if there is no error.
fn faults(loaded: &Loaded) -> Option<CommandError> {
    check(loaded).map_err(|all| faulty(&all)).err()
}

fn planned(jail: Jail, permits: &mut Permits) -> Planned {
    let target = jail.bans.then(|| JailTarget {
        name: jail.spec.name.clone(),
        protocol: protocol(jail.protocol),
        ports: match jail.ports {
            config::Ports::All => Ports::All,
            config::Ports::Ranges(ranges) => Ports::Ranges(ranges),
        },
        verdict: match jail.verdict {
            config::Verdict::Reject => Verdict::Reject,
            config::Verdict::Drop => Verdict::Drop,
        },
    });
    let maxmatches = (jail.maxmatches.unwrap_or(jail.spec.maxretry) as usize).min(MATCHES);
    let told = Told {
        ignorecommand: jail.ignorecommand.clone(),
        maxmatches: jail.maxmatches.map(i64::from),
        actions: jail.actions.iter().map(told).collect(),
    };
    let scripts = permits.scripts(&jail.spec.name, jail.actions);
    let ignorecommand = permits.ignorecommand(&jail.spec.name, jail.ignorecommand);
    let ignorecache = jail.ignorecache.as_deref().and_then(|text| IgnoreCache::parse(text).ok());
    Planned {
        spec: jail.spec,
        target,
        watched: Some(WatchedJail { filter: jail.filter, source: jail.source, evidence: false }),
        scripts,
        maxmatches,
        idle: false,
        ignorecommand,
        ignorecache,
        told,
    }
}

fn told(action: &Action) -> ToldAction {
    ToldAction { name: action.actname.clone(), kind: action.kind, set: None }
}

fn protocol(protocol: config::Protocol) -> Protocol {
    match protocol {
        config::Protocol::Tcp => Protocol::Tcp,
        config::Protocol::Udp => Protocol::Udp,
        config::Protocol::Both => Protocol::Both,
        config::Protocol::All => Protocol::All,
    }
}

fn by_hand() -> Planned {
    let bantime = BanTimeSpec::fixed(Some(BY_HAND_LENGTH));
    let ignore = IgnoreSpec { ignoreself: true, ..IgnoreSpec::default() };
    let findtime = Duration::from_secs(1);
    let spec = JailSpec { name: BY_HAND.into(), maxretry: 1, findtime, bantime, ignore, ipv6prefix: 128 };
    let target = JailTarget {
        name: BY_HAND.into(),
        protocol: Protocol::All,
        ports: Ports::All,
        verdict: Verdict::Reject,
    };
    Planned {
        spec,
        target: Some(target),
        watched: None,
        scripts: Vec::new(),
        maxmatches: 0,
        idle: false,
        ignorecommand: None,
        ignorecache: None,
        told: Told::default(),
    }
}

/// A source in words.
pub(super) fn describe(source: &Source) -> Vec<String> {
    match source {
        Source::Files(patterns) => patterns.iter().map(|pattern| pattern.glob.clone()).collect(),
        Source::Journal(journal) => {
            let matches: Vec<String> = journal.matches.iter().map(|terms| terms.join(" ")).collect();
            vec![format!("the journal: {}", matches.join(" + "))]
        }
    }
}
