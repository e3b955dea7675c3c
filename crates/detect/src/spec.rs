//! What detection is given: resolved text, no interpolation left in it. The `config` crate writes these from jail.conf
//! and filter.d; they cross from the keeper to the watcher, so they serialise.

use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// One filter with its options applied, as `filter.d/NAME.conf` means it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FilterSpec {
    /// As in `filter = NAME[...]`, for messages.
    pub name: String,
    /// Cuts the part that `failregex` reads out of the line, in `<F-CONTENT>`.
    pub prefregex: Option<String>,
    /// Patterns in Python's dialect with `<HOST>` and `<F-...>` tags; tried in order.
    pub failregex: Vec<String>,
    /// Lines that match one of these are no failures.
    pub ignoreregex: Vec<String>,
    /// Where and how the line carries its date, one pattern a line; `None` is the built-in list.
    pub datepattern: Option<String>,
    /// How many lines one pattern may span.
    pub maxlines: usize,
    /// What to do with host names in place of addresses.
    pub usedns: Usedns,
    /// IANA name or `UTC+0200` for dates that carry no zone; `None` is the host's own zone.
    pub logtimezone: Option<String>,
    /// As Python names it (`utf-8`, `latin-1`, `ascii`); `None` is UTF-8.
    pub logencoding: Option<String>,
}

/// What to do with a host name where an address should stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Usedns {
    /// Ask for its addresses.
    Yes,
    /// Ask, and warn.
    #[default]
    Warn,
    /// Take no notice of the name.
    No,
    /// Take the text as it is, without asking.
    Raw,
}

/// When a jail bans, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JailSpec {
    /// The section's name in jail.conf.
    pub name: String,
    /// So many failures ban; at least 1.
    pub maxretry: u32,
    /// The window in which failures count together.
    pub findtime: Duration,
    /// For how long.
    pub bantime: BanTimeSpec,
    /// Whom the jail never bans.
    pub ignore: IgnoreSpec,
    /// IPv6 addresses are counted and banned by this prefix length; 128 takes each alone.
    pub ipv6prefix: u8,
}

/// `bantime` and its `bantime.*` options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BanTimeSpec {
    /// The first ban's length; `None` is for ever.
    pub base: Option<Duration>,
    /// Longer each time an address comes back.
    pub increment: bool,
    /// `bantime.factor`.
    pub factor: Option<f64>,
    /// `bantime.formula`, a Python expression of `ban.Time`, `ban.Count` and `banFactor`.
    pub formula: Option<String>,
    /// `bantime.multipliers`; takes the place of the formula.
    pub multipliers: Option<Vec<f64>>,
    /// No ban is longer than this.
    pub maxtime: Option<Duration>,
    /// Up to so much is added at random.
    pub rndtime: Option<Duration>,
    /// Earlier bans by any jail count, not by this one alone.
    pub overalljails: bool,
}

impl BanTimeSpec {
    /// Every ban is as long as the first; `None` is for ever.
    pub const fn fixed(base: Option<Duration>) -> Self {
        Self {
            base,
            increment: false,
            factor: None,
            formula: None,
            multipliers: None,
            maxtime: None,
            rndtime: None,
            overalljails: false,
        }
    }
}

/// `ignoreip` and its relatives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoreSpec {
    /// Addresses and networks.
    pub nets: Vec<IpNet>,
    /// Host names, looked up when the configuration is loaded, never when a line is read.
    pub names: Vec<String>,
    /// The host's own addresses too.
    pub ignoreself: bool,
}
