//! What `fail2ban.conf` sets for the whole program, as far as it means something here.

use std::time::Duration;

use crate::diagnostic::Fault;
use crate::interpolate::{Scope, Vars};
use crate::layers::{Config, Reader};
use crate::options::Options;

/// Options of `[Definition]` in `fail2ban.conf`.
pub(crate) const NAMES: [&str; 3] = ["loglevel", "dbpurgeage", "dbmaxmatches"];

/// The section that holds them.
pub(crate) const SECTION: &str = "Definition";

/// Settings of the whole program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// As written, in lower case: `info`, `debug`…
    pub loglevel: String,
    /// How long after its end a ban is remembered; `None` is for ever.
    pub dbpurgeage: Option<Duration>,
    /// How many lines are kept with a ban in the store.
    pub dbmaxmatches: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            loglevel: "info".to_owned(),
            dbpurgeage: Some(Duration::from_secs(24 * 60 * 60)),
            dbmaxmatches: 10,
        }
    }
}

const LEVELS: [&str; 10] =
    ["heavydebug", "tracedebug", "debug", "info", "notice", "warning", "error", "critical", "msg", "trace"];

/// From `fail2ban.conf`, or from `[Definition]` in `jail.conf`, where `config show` writes them.
pub(crate) fn read(reader: &mut Reader<'_>, jails: &Config) -> Settings {
    let own = jails.section(SECTION).is_some().then_some(jails);
    let file = reader.config("fail2ban");
    let none = Vars::new();
    let Some(config) = own.or(file.as_deref()) else { return Settings::default() };
    let mut options = Options::read(&Scope::new(config, SECTION, &none), NAMES);
    let default = Settings::default();
    let loglevel = options.text("loglevel").map_or(default.loglevel, |level| level.to_lowercase());
    if !LEVELS.contains(&&*loglevel) && loglevel.parse::<u8>().is_err() {
        let place = options.get("loglevel").and_then(|text| text.place());
        let fault = Fault::error(place, format!("loglevel cannot be {loglevel}"));
        options.faults.push(fault.help("critical, error, warning, notice, info or debug"));
    }
    let settings = Settings {
        loglevel,
        dbpurgeage: options.duration_or_ever("dbpurgeage", default.dbpurgeage.unwrap_or_default()),
        dbmaxmatches: options
            .integer("dbmaxmatches", 0, i64::from(u32::MAX))
            .map_or(default.dbmaxmatches, |number| number as u32),
    };
    options.faults.into_iter().for_each(|fault| reader.report(fault));
    settings
}
