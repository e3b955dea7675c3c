//! `set`: when a jail bans, for how long, and whom never. In force at once, for the keeper alone needs to know.

use std::net::IpAddr;
use std::time::Duration;

use detect::JailSpec;
use detect::jail::BanTimes;
use ipnet::IpNet;
use pickle::{Exception, Kind, Value};

use super::get::ignored;
use super::words::{Words, flag, integer, seconds};
use super::{Keeper, Outcome};
use crate::engine::clock::now;

impl Keeper {
    /// `None`: this is no rule.
    pub(super) fn set_rule(&mut self, at: usize, what: &str, words: Words<'_>) -> Outcome<Option<Value>> {
        let before = self.plan.jails[at].spec.clone();
        let mut spec = before.clone();
        let changed = change(&mut spec, what, words)?;
        if matches!(changed, Changed::Nothing) {
            return Ok(None);
        }
        let refuse = |error: String| Exception::new(Kind::ValueError, error);
        BanTimes::compile(&spec.bantime).map_err(|error| refuse(error.to_string()))?;
        self.plan.jails[at].spec = spec;
        if let Err(error) = self.jails.configure(self.plan.specs(), now()) {
            self.plan.jails[at].spec = before;
            return Err(refuse(error.to_string()));
        }
        Ok(Some(match changed {
            Changed::To(value) => value,
            _ => ignored(&self.plan.jails[at]),
        }))
    }
}

/// What became of a rule.
enum Changed {
    To(Value),
    /// Whom the jail ignores, and that is the reply.
    Ignored,
    /// There is no such rule.
    Nothing,
}

fn change(spec: &mut JailSpec, what: &str, words: Words<'_>) -> Outcome<Changed> {
    let text = || words.at(0);
    let ban = &mut spec.bantime;
    Ok(Changed::To(match what {
        "findtime" => {
            let number = seconds(&text()?)?;
            spec.findtime = span(number)?;
            Value::Int(number)
        }
        "bantime" => {
            let number = seconds(&text()?)?;
            ban.base = u64::try_from(number).ok().map(Duration::from_secs);
            Value::Int(number)
        }
        "maxretry" => {
            let number = integer(&text()?)?;
            spec.maxretry = u32::try_from(number.max(1)).unwrap_or(u32::MAX);
            Value::Int(number)
        }
        "ignoreself" => {
            spec.ignore.ignoreself = flag(&text()?);
            Value::Bool(spec.ignore.ignoreself)
        }
        "addignoreip" => {
            text()?;
            words.iter().for_each(|text| add_ignored(spec, text));
            return Ok(Changed::Ignored);
        }
        "delignoreip" => {
            text()?;
            words.iter().try_for_each(|text| remove_ignored(spec, &text))?;
            return Ok(Changed::Ignored);
        }
        "bantime.increment" => {
            ban.increment = flag(&text()?);
            Value::Bool(ban.increment)
        }
        "bantime.factor" => {
            ban.factor =
                Some(config::seconds(&text()?).map_err(|why| Exception::new(Kind::ValueError, why))?);
            text()?.into()
        }
        "bantime.formula" => {
            ban.formula = Some(text()?);
            text()?.into()
        }
        "bantime.multipliers" => {
            let text = text()?;
            let numbers = text.split_whitespace().map(|word| Ok(integer(word)? as f64));
            ban.multipliers = Some(numbers.collect::<Outcome<_>>()?);
            text.into()
        }
        "bantime.maxtime" => {
            let number = seconds(&text()?)?;
            ban.maxtime = Some(span(number)?);
            Value::Int(number)
        }
        "bantime.rndtime" => {
            let number = seconds(&text()?)?;
            ban.rndtime = Some(span(number)?);
            Value::Int(number)
        }
        "bantime.overalljails" => {
            ban.overalljails = flag(&text()?);
            text()?.into()
        }
        _ => return Ok(Changed::Nothing),
    }))
}

fn span(seconds: i64) -> Outcome<Duration> {
    let seconds = u64::try_from(seconds);
    seconds.map(Duration::from_secs).map_err(|_| Exception::new(Kind::ValueError, "a negative span of time"))
}

fn network(text: &str) -> Option<IpNet> {
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    address.or_else(|_| text.parse().map(|net: IpNet| net.trunc())).ok()
}

/// What is no address is a host name.
fn add_ignored(spec: &mut JailSpec, text: String) {
    let ignore = &mut spec.ignore;
    match network(&text) {
        Some(net) if !ignore.nets.contains(&net) => ignore.nets.push(net),
        None if !ignore.names.contains(&text) => ignore.names.push(text),
        _ => {}
    }
}

fn remove_ignored(spec: &mut JailSpec, text: &str) -> Outcome<()> {
    let ignore = &mut spec.ignore;
    let before = ignore.nets.len() + ignore.names.len();
    match network(text) {
        Some(net) => ignore.nets.retain(|known| *known != net),
        None => ignore.names.retain(|known| known != text),
    }
    match ignore.nets.len() + ignore.names.len() == before {
        true => Err(Exception::new(Kind::ValueError, "list.remove(x): x not in list")),
        false => Ok(()),
    }
}
