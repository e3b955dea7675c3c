//! What a jail is.

use detect::{FilterSpec, JailSpec};

use crate::action::Action;
use crate::filter::Origins;
use crate::options::Values;
use crate::place::Place;
use crate::ports::{Ports, Protocol, Verdict};
use crate::source::Source;
use crate::text::Text;

/// A jail that can run.
#[derive(Clone, Debug)]
pub struct Jail {
    /// When it bans and whom never.
    pub spec: JailSpec,
    /// What it looks for.
    pub filter: FilterSpec,
    /// What it reads.
    pub source: Source,
    /// It is no error if nothing is there to read.
    pub skip_if_nologs: bool,
    /// Whether one of its actions bans. If not, failures are counted and nothing is closed.
    pub bans: bool,
    /// What a ban closes. Where ban actions differ (`tcp` with some ports, `udp` with others), all of it together.
    pub ports: Ports,
    /// The protocol of those ports.
    pub protocol: Protocol,
    /// How.
    pub verdict: Verdict,
    /// All actions, those that ban among them.
    pub actions: Vec<Action>,
    /// Asked about an address before it is banned.
    pub ignorecommand: Option<String>,
    /// As written: `key="...", max-count=..., max-time=...`.
    pub ignorecache: Option<String>,
    /// How many lines are kept with a ban.
    pub maxmatches: Option<u32>,
    /// Where its patterns were written.
    pub origins: Origins,
    /// Its options, interpolated; each knows where it was written.
    pub(crate) options: Values,
    /// Where its section begins.
    pub place: Option<Place>,
}

impl Jail {
    /// One of its options, interpolated; it knows where it was written.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&Text> {
        self.options.get(name)
    }
}

/// Compares what the jails do, not where that was written.
impl PartialEq for Jail {
    fn eq(&self, other: &Self) -> bool {
        let facts =
            |jail: &Self| (jail.skip_if_nologs, jail.bans, jail.protocol, jail.verdict, jail.maxmatches);
        facts(self) == facts(other)
            && self.spec == other.spec
            && self.filter == other.filter
            && self.source == other.source
            && self.ports == other.ports
            && self.actions == other.actions
            && self.ignorecommand == other.ignorecommand
            && self.ignorecache == other.ignorecache
    }
}

/// What a jail that cannot run looks for: its patterns may be wrong too.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// The jail.
    pub name: String,
    /// What it looks for.
    pub filter: FilterSpec,
    /// Where its patterns were written.
    pub origins: Origins,
    /// Where its section begins.
    pub place: Option<Place>,
}

/// A jail with `enabled = auto` that has nothing to read on this host.
#[derive(Clone, Debug)]
pub struct Idle {
    /// The jail.
    pub name: String,
    /// What is missing.
    pub why: String,
}
