//! What `fail2ban.conf` sets for the whole program, as far as it means something here.

use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostic::Fault;
use crate::interpolate::Scope;
use crate::layers::Config;
use crate::options::Options;
use crate::reader::Reader;

/// Options of `[Definition]` in `fail2ban.conf`.
pub(crate) const NAMES: [&str; 8] =
    ["loglevel", "dbpurgeage", "dbmaxmatches", "socket", "pidfile", "logtarget", "syslogsocket", "dbfile"];

/// Where Fail2Ban's clients look for the server, when its configuration does not say.
const SOCKET: &str = "/var/run/fail2ban/fail2ban.sock";

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
    /// Where Fail2Ban's own clients are answered; `None` where there is no `fail2ban.conf`.
    pub socket: Option<PathBuf>,
    /// Holds the process's number; `None` is nowhere.
    pub pidfile: Option<PathBuf>,
    /// As written: a file, `STDERR`, `SYSLOG`…
    pub logtarget: Option<String>,
    /// As written: a socket or `auto`.
    pub syslogsocket: Option<String>,
    /// As written; Palisade keeps its own store.
    pub dbfile: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            loglevel: "info".to_owned(),
            dbpurgeage: Some(Duration::from_secs(24 * 60 * 60)),
            dbmaxmatches: 10,
            socket: None,
            pidfile: None,
            logtarget: None,
            syslogsocket: None,
            dbfile: None,
        }
    }
}

const LEVELS: [&str; 10] =
    ["heavydebug", "tracedebug", "debug", "info", "notice", "warning", "error", "critical", "msg", "trace"];

/// From `fail2ban.conf`, or from `[Definition]` in `jail.conf`, where `config show` writes them.
pub(crate) fn read(reader: &mut Reader<'_>, jails: &Config) -> Settings {
    let own = jails.section(SECTION).is_some().then_some(jails);
    let file = reader.config("fail2ban");
    let Some(config) = own.or(file.as_deref()) else { return Settings::default() };
    let mut options = Options::read(&Scope::new(config, SECTION), NAMES);
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
        socket: options
            .text("socket")
            .or_else(|| own.is_none().then(|| SOCKET.to_owned()))
            .map(PathBuf::from),
        pidfile: options.text("pidfile").map(PathBuf::from),
        logtarget: options.text("logtarget"),
        syslogsocket: options.text("syslogsocket"),
        dbfile: options.text("dbfile"),
    };
    options.faults.into_iter().for_each(|fault| reader.report(fault));
    settings
}
