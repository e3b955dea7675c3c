//! Fail2Ban's commands, from the daemon's side: a list of words in, a value or an exception out.
//!
//! What only the keeper needs to know is answered at once. What concerns the watcher is a change of the plan: the answer
//! comes when a watcher with the new plan is at work, and later commands see it.

mod actions;
mod asked;
mod bans;
mod called;
mod get;
mod jails;
mod program;
mod rules;
mod status;
mod watched;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use pickle::{Exception, Kind, Value};
use store::Counter;
use tracing::{info, warn};

use self::called::{Calls, Question};
use self::words::Words;
use super::Keeper;
use super::change::Caller;
use super::plan::{Plan, Planned};
use crate::control::protocol::{Reply, Request};
use crate::control::server::{Call, refusal};
use crate::exit::{CommandError, Exit};
use crate::fail2ban::socket::Listener;
use crate::log;

/// What the command line says in place of `fail2ban.conf`.
#[derive(Default)]
pub(crate) struct Fail2banPlace {
    pub(crate) socket: Option<PathBuf>,
    pub(crate) pidfile: Option<PathBuf>,
    /// In capitals.
    pub(crate) loglevel: Option<String>,
}

/// What is kept for Fail2Ban's clients alone.
#[derive(Default)]
pub(super) struct Fail2ban {
    listener: Option<Listener>,
    /// By jail: failures and bans that the store had counted when the daemon started. Fail2Ban counts from its start.
    counted_before: BTreeMap<String, (u64, u64)>,
    /// Commands that wait for a change to be over.
    waiting: VecDeque<Call>,
    pidfile: Option<PidFile>,
    /// Commands that actions have the answer to.
    calls: Calls,
    /// Who wants to know when the daemon has ended.
    pub(super) farewell: Option<Call>,
}

/// Holds the daemon's process number as long as it runs.
struct PidFile(PathBuf);

impl Drop for PidFile {
    fn drop(&mut self) {
        // Somebody else may have taken it away; then it is gone as it should be.
        let _ = fs::remove_file(&self.0);
    }
}

impl Fail2ban {
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.listener.as_ref().map(Listener::fd)
    }

    pub(super) fn accept(&self) {
        if let Some(listener) = &self.listener {
            listener.accept();
        }
    }
}

/// What a command comes to.
enum Done {
    Now(Value),
    /// The daemon ends, and that is the answer.
    End,
    /// The configuration is read again.
    Reload,
    /// The answer comes when a watcher with this plan is at work.
    Change(Box<Plan>, Value),
    /// An action of the runner has the answer.
    Ask(Question),
}

impl From<Value> for Done {
    fn from(value: Value) -> Self {
        Self::Now(value)
    }
}

type Outcome<T = Value> = Result<T, Exception>;

impl Keeper {
    /// Opens the socket of Fail2Ban's clients, where the command line or a `fail2ban.conf` names one.
    pub(super) fn start_fail2ban(&mut self, place: Fail2banPlace) {
        for counter in self.store.counters().unwrap_or_default() {
            let before = self.before(&counter);
            self.fail2ban.counted_before.insert(counter.jail.to_string(), before);
        }
        let settings = &self.plan.settings;
        let Some(path) = place.socket.or_else(|| settings.socket.clone()) else { return };
        if place.loglevel.is_none() {
            log::set_level(&settings.loglevel.to_uppercase());
        }
        match Listener::open(&path, self.server.desk()) {
            Ok(listener) => {
                info!("Fail2Ban's clients are answered on {}", listener.path().display());
                self.fail2ban.listener = Some(listener);
            }
            Err(error) => {
                warn!("{}: Fail2Ban's clients are not answered: {error}", path.display());
                return;
            }
        }
        if let Some(path) = place.pidfile.or_else(|| settings.pidfile.clone()) {
            match fs::write(&path, format!("{}\n", std::process::id())) {
                Ok(()) => self.fail2ban.pidfile = Some(PidFile(path)),
                Err(error) => warn!("{}: {error}", path.display()),
            }
        }
    }

    /// Answers a command, or puts it off while the watcher changes.
    pub(super) fn fail2ban(&mut self, call: Call) {
        let Request::Fail2ban(command, session) = &call.request else { return };
        let words = Words(command);
        if self.change.is_under_way() && changes_watcher(words) {
            self.fail2ban.waiting.push_back(call);
            return;
        }
        match self.obey(words, *session) {
            Ok(Done::Now(value)) => call.answer(Reply::Fail2ban(Ok(value))),
            Ok(Done::End) => {
                self.ending = true;
                self.fail2ban.farewell = Some(call);
            }
            // The watcher need not know of it.
            Ok(Done::Change(plan, value)) if plan.watched() == self.plan.watched() => {
                let done = self.put_in_force(*plan).map(|()| value);
                let refuse = |error: CommandError| Exception::new(Kind::ValueError, error.to_string());
                call.answer(Reply::Fail2ban(done.map_err(refuse)));
            }
            Ok(Done::Change(plan, value)) => {
                let done = Some(Reply::Fail2ban(Ok(value)));
                self.prepare(Some(*plan), Some(Caller { call, done }));
            }
            Ok(Done::Ask(question)) => self.ask_action(question, call),
            Ok(Done::Reload) => {
                let done = Some(Reply::Fail2ban(Ok("OK".into())));
                self.reload(Some(Caller { call, done }));
            }
            Err(exception) => call.answer(Reply::Fail2ban(Err(exception))),
        }
    }

    /// What had to wait.
    pub(super) fn go_on_with_commands(&mut self) {
        while !self.change.is_under_way()
            && let Some(call) = self.fail2ban.waiting.pop_front()
        {
            self.fail2ban(call);
        }
        if self.ending {
            for call in self.fail2ban.waiting.drain(..) {
                call.answer(refusal(Exit::Unavailable, "the daemon is ending".into()));
            }
        }
    }

    fn obey(&mut self, words: Words<'_>, session: Option<IpAddr>) -> Outcome<Done> {
        match words.at(0)?.as_str() {
            "ping" => Ok(Value::from("pong").into()),
            "echo" => Ok(Value::List(words.0[1..].to_vec()).into()),
            "version" => Ok(Value::from(crate::fail2ban::VERSION).into()),
            "status" => self.fail2ban_status(words).map(Done::Now),
            "banned" => self.banned_anywhere(words).map(Done::Now),
            "unban" => self.unban_everywhere(words).map(Done::Now),
            "get" => self.get(words),
            "set" => self.set(words, session),
            "multi-set" => self.set_several(words),
            "flushlogs" => self.flush_logs().map(Done::Now),
            "sleep" => Ok(Value::None.into()),
            "reload" => self.reload_jails(words),
            "stop" if words.0.len() == 1 || words.at(1)? == "--all" => Ok(Done::End),
            "stop" => self.stop_jail(&words.at(1)?),
            "start" => self.start_jail(&words.at(1)?),
            "add" => self.add_jail(words),
            _ => Err(Exception::new(Kind::Exception, "Invalid command")),
        }
    }

    /// `multi-set JAIL WHAT [VALUES]`, as clients send long lists.
    fn set_several(&mut self, words: Words<'_>) -> Outcome<Done> {
        let (name, what) = (words.at(1)?, words.at(2)?);
        let at = self.fail2ban_jail(&name)?;
        if let ("action", Some(Value::List(values))) = (&*what, words.0.get(4)) {
            return self.set_properties(at, &words.at(3)?, values);
        }
        let Some(Value::List(values)) = words.0.get(3) else {
            return words.at(3).map(|_| Value::Bool(true).into());
        };
        match self.set_watched(at, &what, Words(values))? {
            Done::Change(plan, _) => Ok(Done::Change(plan, Value::Bool(true))),
            done => Ok(done),
        }
    }

    fn set(&mut self, words: Words<'_>, session: Option<IpAddr>) -> Outcome<Done> {
        if let Some(value) = self.set_program(words)? {
            return Ok(value.into());
        }
        let (name, what) = (words.at(1)?, words.at(2)?);
        let at = self.fail2ban_jail(&name)?;
        if let Some(value) = self.set_rule(at, &what, words.after(3))? {
            return Ok(value.into());
        }
        match what.as_str() {
            "banip" => self.ban_ip(at, words.after(3), session).map(Done::Now),
            "unbanip" => self.unban_ip(at, words.after(3)).map(Done::Now),
            "attempt" => self.attempt(at, words.after(3)).map(Done::Now),
            what if actions::NAMES.contains(&what) => self.set_action(at, what, words.after(3)),
            what if asked::NAMES.contains(&what) => self.set_asked(at, what, words.after(3)),
            what => self.set_watched(at, what, words.after(3)),
        }
    }

    /// `reload JAIL|--all OPTIONS CONFIGURATION`. The configuration is read here, whatever the client has read.
    fn reload_jails(&mut self, words: Words<'_>) -> Outcome<Done> {
        let name = words.at(1)?;
        let options = match words.0.get(2) {
            Some(Value::List(options)) => options.as_slice(),
            _ => &[],
        };
        let has = |option: &str| options.iter().any(|value| *value == Value::from(option));
        let jail = match name.as_str() {
            "--all" => None,
            name => Some(name),
        };
        if let Some(name) = jail
            && self.fail2ban_jail(name).is_err()
            && !config::all_jail_names(&self.tree).iter().any(|known| known == name)
        {
            return match has("--if-exists") {
                true => Ok(Value::from("OK").into()),
                false => Err(Exception::new(Kind::UnknownJail, name)),
            };
        }
        if has("--unban") {
            let lifted: Vec<_> = self.bans_of(jail);
            self.pardon(&lifted);
        }
        if has("--restart") {
            let named = |known: &String| jail.is_none_or(|name| name == known);
            let names: Vec<String> = self.names().into_iter().map(|(_, name)| name).filter(named).collect();
            names.iter().for_each(|name| self.count_anew(name));
        }
        Ok(Done::Reload)
    }

    /// As if the jail had just been made: nothing is counted but the bans in force.
    fn count_anew(&mut self, name: &str) {
        if let Some(jail) = self.jails.find(name).and_then(|at| self.jails.jail_mut(at)) {
            let hosts: Vec<_> = jail.windows().iter().map(|(host, _)| host).collect();
            hosts.into_iter().for_each(|host| jail.windows_mut().forget(host));
        }
        self.note_windows();
        let counters = self.store.counters().unwrap_or_default();
        let counter = counters.into_iter().find(|counter| &*counter.jail == name);
        let before = counter.map_or((0, 0), |counter| self.before(&counter));
        self.fail2ban.counted_before.insert(name.to_owned(), before);
    }

    /// What was counted before now. Bans in force count as of now, as they do in Fail2Ban when it restores them.
    fn before(&self, counter: &Counter) -> (u64, u64) {
        let id = self.jails.book.find_jail(&counter.jail);
        let restored = id.map_or(0, |id| self.jails.book.len_of(id) as u64);
        (counter.failures, counter.bans.saturating_sub(restored))
    }

    /// The index of a jail that Fail2Ban's clients see.
    fn fail2ban_jail(&self, name: &str) -> Outcome<usize> {
        let known = |jail: &Planned| jail.spec.name == name && jail.watched.is_some();
        let at = self.plan.jails.iter().position(known);
        at.ok_or_else(|| Exception::new(Kind::UnknownJail, name))
    }
}

/// Whether a command cannot be carried out while one watcher takes another's place.
fn changes_watcher(words: Words<'_>) -> bool {
    let word = |at| words.get(at).unwrap_or_default();
    match word(0).as_str() {
        "reload" | "multi-set" | "start" | "add" => true,
        "stop" => words.0.len() > 1,
        "set" => {
            let what = word(2);
            [&watched::NAMES[..], &actions::NAMES, &asked::NAMES].concat().contains(&&*what)
        }
        _ => false,
    }
}
