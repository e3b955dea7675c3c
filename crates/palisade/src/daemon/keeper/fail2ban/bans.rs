//! Who is banned, and bans by command.

use std::net::IpAddr;

use detect::Time;
use detect::jail::Ban;
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pickle::{Exception, Kind, Value};
use store::{Durability, Ending};

use super::words::Words;
use super::{Keeper, Outcome};
use crate::daemon::protocol::FoundFailure;
use crate::engine::clock::now;
use crate::output::address;

impl Keeper {
    /// The bans of one jail, or of all.
    pub(super) fn bans_of(&self, jail: Option<&str>) -> Vec<Ban> {
        let id = jail.map(|name| self.jails.book.find_jail(name));
        self.jails.book.iter().filter(|ban| id.is_none_or(|id| id == Some(ban.jail))).collect()
    }

    fn first_banned_first(&self, jail: &str) -> Vec<Ban> {
        let mut bans = self.bans_of(Some(jail));
        bans.sort_by_key(|ban| (ban.start, ban.host));
        bans
    }

    /// `banned`: every jail with its addresses; `banned IP...`: the jails of each.
    pub(super) fn banned_anywhere(&self, words: Words<'_>) -> Outcome {
        if words.0.len() == 1 {
            let jail =
                |name: &str| Value::Dict(vec![(name.into(), addresses(&self.first_banned_first(name)))]);
            return Ok(Value::List(self.visible().map(|(_, planned)| jail(&planned.spec.name)).collect()));
        }
        let jails_of = |text: String| {
            let jails = self.visible().map(|(_, planned)| &planned.spec.name);
            Value::texts(jails.filter(|name| self.is_banned(name, &text)))
        };
        Ok(Value::List(words.after(1).iter().map(jails_of).collect()))
    }

    /// `get JAIL banned [IP...]`.
    pub(super) fn banned_in(&self, name: &str, words: Words<'_>) -> Value {
        let is_banned = |text: String| Value::Int(self.is_banned(name, &text).into());
        match words.0.len() {
            0 => addresses(&self.first_banned_first(name)),
            1 => words.iter().map(is_banned).next().unwrap_or(Value::None),
            _ => Value::List(words.iter().map(is_banned).collect()),
        }
    }

    /// `get JAIL banip [--with-time]`: those whose ban ends first come first.
    pub(super) fn ban_list(&self, name: &str, with_time: bool) -> Value {
        let mut bans = self.bans_of(Some(name));
        bans.sort_by_key(|ban| (ban.until.map_or(i64::MAX, Time::as_micros), ban.start, ban.host));
        match with_time {
            true => Value::texts(bans.iter().map(timed)),
            false => addresses(&bans),
        }
    }

    fn is_banned(&self, jail: &str, text: &str) -> bool {
        let (Ok(host), Some(id)) = (network(text), self.jails.book.find_jail(jail)) else { return false };
        self.jails.book.get(id, host).is_some()
    }

    /// `set JAIL banip IP...`: how many bans began.
    ///
    /// `session` is where who gives the command is logged in.
    pub(super) fn ban_ip(&mut self, at: usize, words: Words<'_>, session: Option<IpAddr>) -> Outcome {
        let (mut begun, mut decided) = (0, Vec::new());
        for text in words.iter() {
            match self.decide_one(at, &text, None, session, now()) {
                Ok((_, ban)) => {
                    begun += i64::from(ban.as_ref().is_some_and(|ban| !ban.prolonged));
                    decided.extend(ban);
                }
                Err(why) if words.0.len() == 1 => {
                    return Err(Exception::new(Kind::ValueError, format!("{text}: {why}")));
                }
                Err(_) => {}
            }
        }
        let stored = self.enforce_command(decided, now());
        durable(stored).map(|()| Value::Int(begun))
    }

    /// `set JAIL unbanip [--report-absent] IP...`: how many bans were lifted.
    pub(super) fn unban_ip(&mut self, at: usize, words: Words<'_>) -> Outcome {
        let mut words = words;
        let report = words.at(0)? == "--report-absent";
        if report {
            words = words.after(1);
        }
        let jail = self.plan.jails[at].spec.name.clone();
        let (mut lifted, mut absent) = (Vec::new(), Vec::new());
        for text in words.iter() {
            let id = self.jails.book.find_jail(&jail);
            let ban = network(&text).ok().and_then(|host| self.jails.book.get(id?, host));
            match ban {
                Some(ban) => lifted.push(ban),
                None => absent.push(text),
            }
        }
        self.pardon(&lifted);
        let stored = self.commit(Durability::Now);
        durable(stored)?;
        if report && !absent.is_empty() {
            let absent = Value::texts(absent).repr();
            return Err(Exception::new(Kind::ValueError, format!("not banned: {absent}")));
        }
        Ok(Value::count(lifted.len()))
    }

    /// `unban --all` and `unban IP...`: how many addresses were set free.
    pub(super) fn unban_everywhere(&mut self, words: Words<'_>) -> Outcome {
        let words = words.after(1);
        let mut lifted: Vec<Ban> = Vec::new();
        match words.get(0).as_deref() {
            None => return Err(Exception::new(Kind::Exception, "Invalid command")),
            Some("--all") => lifted = self.bans_of(None),
            Some(_) => {
                let hosts: Vec<IpNet> = words.iter().filter_map(|text| network(&text).ok()).collect();
                lifted.extend(self.jails.book.iter().filter(|ban| hosts.contains(&ban.host)));
            }
        }
        self.pardon(&lifted);
        let stored = self.commit(Durability::Now);
        durable(stored).map(|()| Value::count(lifted.len()))
    }

    /// `set JAIL attempt IP [LINE...]`: a failure that somebody else has seen.
    pub(super) fn attempt(&mut self, at: usize, words: Words<'_>) -> Outcome {
        let missing = "Filter.addAttempt() missing 1 required positional argument: 'ip'";
        let text = words.at(0).map_err(|_| Exception::new(Kind::TypeError, missing))?;
        let host = text.parse::<IpAddr>().map_err(|_| {
            Exception::new(Kind::ValueError, format!("{} is no address", Value::from(&*text).repr()))
        })?;
        let line = words.get(1).unwrap_or_else(|| "reported by command".into());
        let (jail, host) = (at as u16, host.to_canonical());
        let failures = vec![FoundFailure { jail, host, time: now(), line, evidence: None }];
        self.count(failures);
        Ok(Value::Int(1))
    }

    /// Lifts bans as a person does: whom they concern begins anew.
    pub(super) fn pardon(&mut self, bans: &[Ban]) {
        for ban in bans {
            self.jails.book.remove(ban.jail, ban.host);
        }
        self.lift(bans, Ending::Command, now());
        self.act_on_ends(bans);
        bans.iter().for_each(|ban| self.forgive(ban));
        self.note_windows();
    }
}

fn durable(stored: bool) -> Outcome<()> {
    let why = "the store cannot be written: see `palisade status`";
    if stored { Ok(()) } else { Err(Exception::new(Kind::RuntimeError, why)) }
}

fn addresses(bans: &[Ban]) -> Value {
    Value::texts(bans.iter().map(|ban| address(ban.host)))
}

fn network(text: &str) -> Result<IpNet, String> {
    crate::daemon::keeper::command::network(text)
}

/// `ADDRESS \tSINCE + SECONDS = UNTIL`, in local time.
fn timed(ban: &Ban) -> String {
    let (host, start) = (address(ban.host), ban.start.as_secs());
    match ban.until {
        Some(until) => {
            let length = until.since(ban.start).as_secs_f64().round() as i64;
            format!("{host} \t{} + {length} = {}", local(start), local(start + length))
        }
        None => format!("{host} \t{} + -1 = 9999-12-31 23:59:59", local(start)),
    }
}

fn local(seconds: i64) -> String {
    let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let zoned = moment.to_zoned_datetime(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
