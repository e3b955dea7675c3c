//! The effective configuration as one `jail.conf`: nothing in it refers to anything else, and reading it back gives the
//! same jails.

use std::fmt::Write as _;
use std::time::Duration;

use detect::{BanTimeSpec, IgnoreSpec, Usedns};

use crate::action::{Action, ActionKind, COMMANDS, is_stock};
use crate::jail::{Idle, Jail};
use crate::journalmatch;
use crate::load::Loaded;
use crate::settings::{self, Settings};
use crate::source::{Journal, LogPattern, Source};

/// An empty value to refer to: keeps white space at the ends of lines, and comment signs, from being what they look
/// like.
const NOTHING: &str = "%(nothing)s";

/// Writes what was loaded, in the grammar that it was read from.
#[must_use]
pub fn show(loaded: &Loaded) -> String {
    // What all jails of Fail2Ban take.
    let mut out = Writer { text: String::with_capacity(1 << 17) };
    out.comment("The effective configuration: everything resolved, one section a jail.");
    out.section("DEFAULT");
    out.option("nothing", "");
    out.section(settings::SECTION);
    write_settings(&mut out, &loaded.settings);
    for jail in &loaded.jails {
        out.text.push('\n');
        if let Some(place) = jail.place {
            out.comment(&loaded.files.name(place));
        }
        write_jail(&mut out, jail);
    }
    if !loaded.idle.is_empty() {
        out.text.push('\n');
        out.comment("Switched off by \"enabled = auto\":");
    }
    for Idle { name, why } in &loaded.idle {
        out.comment(&format!("[{name}]: {why}"));
    }
    out.text
}

fn write_settings(out: &mut Writer, settings: &Settings) {
    out.option("loglevel", &settings.loglevel);
    out.option("dbpurgeage", &or_ever(settings.dbpurgeage));
    out.option("dbmaxmatches", &settings.dbmaxmatches.to_string());
    out.optional("socket", settings.socket.as_ref().and_then(|path| path.to_str()));
    out.optional("pidfile", settings.pidfile.as_ref().and_then(|path| path.to_str()));
    out.optional("logtarget", settings.logtarget.as_deref());
    out.optional("syslogsocket", settings.syslogsocket.as_deref());
    out.optional("dbfile", settings.dbfile.as_deref());
}

fn write_jail(out: &mut Writer, jail: &Jail) {
    out.section(&jail.spec.name);
    out.option("enabled", "true");
    write_source(out, &jail.source);
    out.option("skip_if_nologs", yes_or_no(jail.skip_if_nologs));
    write_filter(out, jail);
    out.option("maxretry", &jail.spec.maxretry.to_string());
    out.option("findtime", &seconds(jail.spec.findtime));
    write_bantime(out, &jail.spec.bantime);
    write_ignore(out, &jail.spec.ignore);
    out.optional("ignorecommand", jail.ignorecommand.as_deref());
    out.optional("ignorecache", jail.ignorecache.as_deref());
    out.option("ipv6prefix", &jail.spec.ipv6prefix.to_string());
    out.optional("maxmatches", jail.maxmatches.map(|number| number.to_string()).as_deref());
    write_actions(out, jail);
}

fn write_source(out: &mut Writer, source: &Source) {
    match source {
        Source::Files(patterns) => {
            out.option("backend", "auto");
            let line = |LogPattern { glob, tail }: &LogPattern| match tail {
                true => format!("{glob} tail"),
                false => format!("{glob} head"),
            };
            out.option("logpath", &patterns.iter().map(line).collect::<Vec<_>>().join("\n"));
        }
        Source::Journal(Journal { matches, path, files }) => {
            let mut options = Vec::new();
            options.extend(path.as_ref().map(|path| format!("journalpath=\"{}\"", path.display())));
            options.extend((!files.is_empty()).then(|| format!("journalfiles=\"{}\"", files.join(","))));
            let options =
                if options.is_empty() { String::new() } else { format!("[{}]", options.join(", ")) };
            out.option("backend", &format!("systemd{options}"));
            out.option("journalmatch", &journalmatch::show(matches));
        }
    }
}

fn write_filter(out: &mut Writer, jail: &Jail) {
    let filter = &jail.filter;
    out.option("filter", "");
    out.option("filter.name", &filter.name);
    out.optional("prefregex", filter.prefregex.as_deref());
    out.option("failregex", &filter.failregex.join("\n"));
    out.option("ignoreregex", &filter.ignoreregex.join("\n"));
    out.optional("datepattern", filter.datepattern.as_deref());
    out.option("maxlines", &filter.maxlines.to_string());
    out.option("usedns", usedns(filter.usedns));
    out.optional("logtimezone", filter.logtimezone.as_deref());
    out.optional("logencoding", filter.logencoding.as_deref());
}

fn write_bantime(out: &mut Writer, bantime: &BanTimeSpec) {
    out.option("bantime", &or_ever(bantime.base));
    out.option("bantime.increment", yes_or_no(bantime.increment));
    out.optional("bantime.factor", bantime.factor.map(|factor| factor.to_string()).as_deref());
    out.optional("bantime.formula", bantime.formula.as_deref());
    let multipliers = |numbers: &Vec<f64>| numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
    out.optional("bantime.multipliers", bantime.multipliers.as_ref().map(multipliers).as_deref());
    out.optional("bantime.maxtime", bantime.maxtime.map(seconds).as_deref());
    out.optional("bantime.rndtime", bantime.rndtime.map(seconds).as_deref());
    out.option("bantime.overalljails", yes_or_no(bantime.overalljails));
}

fn write_ignore(out: &mut Writer, ignore: &IgnoreSpec) {
    out.option("ignoreself", yes_or_no(ignore.ignoreself));
    let nets = ignore.nets.iter().map(ToString::to_string);
    out.option("ignoreip", &nets.chain(ignore.names.iter().cloned()).collect::<Vec<_>>().join("\n"));
}

fn write_actions(out: &mut Writer, jail: &Jail) {
    if jail.bans {
        out.option("block", jail.verdict.name());
        out.option("block.port", &jail.ports.to_string());
        out.option("block.protocol", jail.protocol.name());
    }
    for action in &jail.actions {
        match action.kind {
            ActionKind::Ban => out.comment(&format!("{}: done by the table inet palisade", action.name)),
            ActionKind::Command if is_stock(&action.name) => {
                out.comment(&format!(
                    "{}: changed, or told to do something else: runs its commands",
                    action.name
                ));
            }
            ActionKind::Command => out.comment(&format!("{}: runs its commands", action.name)),
            ActionKind::Python => out.comment(&format!("{}: runs, written in Python", action.name)),
        }
    }
    out.option("action", &jail.actions.iter().map(call).collect::<Vec<_>>().join("\n"));
}

/// As written; where it stands alone, a stock ban action that runs its commands must say so.
fn call(action: &Action) -> String {
    let commands = action.kind == ActionKind::Command && is_stock(&action.name);
    let switch = if commands && !action.text.as_str().contains(COMMANDS) { COMMANDS } else { "" };
    format!("{}{switch}", action.text.as_str())
}

struct Writer {
    text: String,
}

impl Writer {
    fn section(&mut self, name: &str) {
        let _ = writeln!(self.text, "[{name}]");
    }

    fn comment(&mut self, text: &str) {
        let _ = writeln!(self.text, "# {}", text.replace('\n', " "));
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.option(name, value);
        }
    }

    fn option(&mut self, name: &str, value: &str) {
        self.text.extend([name, " = "]);
        let mut lines = value.split('\n').filter(|_| !value.is_empty());
        lines.next().into_iter().for_each(|first| self.line(first));
        for more in lines {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', name.len() + " = ".len()));
            self.line(more);
        }
        self.text.truncate(self.text.trim_end().len());
        self.text.push('\n');
    }

    /// One line of a value, so that reading it gives it back.
    fn line(&mut self, line: &str) {
        let edge = |c: Option<char>| c.is_none_or(char::is_whitespace);
        if line.starts_with(|c: char| c == '#' || c.is_whitespace()) {
            self.text.push_str(NOTHING);
        }
        let mut done = 0;
        for (at, sign) in line.match_indices(['%', ';']) {
            self.text.push_str(&line[done..at]);
            match sign {
                "%" => self.text.push('%'),
                _ if edge(line[..at].chars().next_back()) => self.text.push_str(NOTHING),
                _ => {}
            }
            done = at;
        }
        self.text.push_str(&line[done..]);
        if edge(line.chars().next_back()) {
            self.text.push_str(NOTHING);
        }
    }
}

const fn yes_or_no(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn or_ever(time: Option<Duration>) -> String {
    time.map_or("-1".to_owned(), seconds)
}

fn seconds(time: Duration) -> String {
    match time.subsec_nanos() {
        0 => time.as_secs().to_string(),
        nanos => format!("{}.{nanos:09}", time.as_secs()),
    }
}

const fn usedns(usedns: Usedns) -> &'static str {
    match usedns {
        Usedns::Yes => "yes",
        Usedns::Warn => "warn",
        Usedns::No => "no",
        Usedns::Raw => "raw",
    }
}
