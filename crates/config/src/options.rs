//! The options of one jail, and what their values mean. Every wrong value is noted; reading goes on with another one.

use std::rc::Rc;
use std::time::Duration;

use crate::diagnostic::{Fault, keep};
use crate::filter;
use crate::interpolate::{Scope, Vars};
use crate::layers::Config;
use crate::text::Text;
use crate::value;

/// What a jail understands beside the options that make a filter.
pub(crate) const JAIL: [&str; 31] = [
    "enabled",
    "backend",
    "maxretry",
    "maxmatches",
    "findtime",
    "bantime",
    "bantime.increment",
    "bantime.factor",
    "bantime.formula",
    "bantime.multipliers",
    "bantime.maxtime",
    "bantime.rndtime",
    "bantime.overalljails",
    "ignorecommand",
    "ignoreself",
    "ignoreip",
    "ignorecache",
    "filter",
    "logtimezone",
    "logencoding",
    "logpath",
    "action",
    "skip_if_nologs",
    "systemd_if_nologs",
    "ipv6prefix",
    "block",
    "block.port",
    "block.protocol",
    "port",
    "protocol",
    "filter.name",
];

/// Those of them that Fail2Ban does not know.
const OURS: [&str; 7] =
    ["ipv6prefix", "block", "block.port", "block.protocol", "port", "protocol", "filter.name"];

/// Those of them that Fail2Ban knows, in its order.
pub(crate) fn of_fail2ban() -> impl Iterator<Item = &'static str> {
    JAIL.into_iter().filter(|name| !OURS.contains(name))
}

/// Values of options, for filters and actions, which may refer to them.
pub(crate) type Values = Rc<Vars>;

/// Those that Fail2Ban knows: what actions see.
pub(crate) fn known_to_fail2ban(values: &Vars) -> Values {
    let known = values.iter().filter(|(name, _)| !OURS.contains(&name.as_str()));
    Rc::new(known.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// A jail's options, interpolated.
pub(crate) struct Options {
    values: Values,
    /// Options that are there but could not be interpolated.
    failed: Vec<&'static str>,
    pub(crate) faults: Vec<Fault>,
}

/// What every jail is asked for, and what `[DEFAULT]` says of it.
pub(crate) struct Asked<'c>(Vec<(&'static str, Option<&'c Text>)>);

impl<'c> Asked<'c> {
    pub(crate) fn of_jails(config: &'c Config) -> Self {
        let names = JAIL.into_iter().chain(filter::OPTIONS);
        Self(names.map(|name| (name, config.defaults.get(name))).collect())
    }
}

impl Options {
    pub(crate) fn read(scope: &Scope<'_>, names: impl IntoIterator<Item = &'static str>) -> Self {
        Self::interpolated(scope, names.into_iter().map(|name| (name, scope.raw(name))))
    }

    /// All that a jail's section and `[DEFAULT]` say.
    pub(crate) fn of_jail(scope: &Scope<'_>, asked: &Asked<'_>) -> Self {
        let Asked(asked) = asked;
        Self::interpolated(scope, asked.iter().map(|(name, default)| (*name, scope.own(name).or(*default))))
    }

    fn interpolated<'a>(
        scope: &Scope<'_>,
        options: impl Iterator<Item = (&'static str, Option<&'a Text>)>,
    ) -> Self {
        let mut values = Vars::with_capacity(options.size_hint().0);
        let (mut failed, mut faults) = (Vec::new(), Vec::new());
        for (name, raw) in options {
            match raw.map(|raw| scope.interpolate(raw)).transpose() {
                Ok(Some(value)) => drop(values.push(Text::fixed(name), value)),
                Ok(None) => {}
                Err(fault) => {
                    failed.push(name);
                    faults.push(fault);
                }
            }
        }
        values.shrink_to_fit();
        Self { values: Rc::new(values), failed, faults }
    }

    pub(crate) fn failed(&self, name: &str) -> bool {
        self.failed.contains(&name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Text> {
        self.values.get(name)
    }

    /// `None` when the option is missing or empty.
    pub(crate) fn filled(&self, name: &str) -> Option<Text> {
        self.get(name).filter(|text| !text.is_empty()).cloned()
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.filled(name).map(|text| text.as_str().to_owned())
    }

    pub(crate) fn values(&self) -> Values {
        self.values.clone()
    }

    pub(crate) fn flag(&mut self, name: &str, otherwise: bool) -> bool {
        let Some(text) = self.filled(name) else { return otherwise };
        let yes = value::is_yes(text.as_str());
        if !yes && !value::is_no(text.as_str()) {
            let message = format!("{name} = {} is read as no", text.as_str());
            self.faults.push(Fault::warning(text.place(), message).help("true or false"));
        }
        yes
    }

    /// A whole number within bounds.
    pub(crate) fn integer(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let text = self.filled(name)?;
        let number = value::integer(text.as_str()).filter(|number| (least..=most).contains(number));
        let fault = || {
            let message = format!("{name} cannot be {}", text.as_str());
            Fault::error(text.place(), message).help(format!("a whole number from {least} to {most}"))
        };
        keep(number.map(Some).ok_or_else(fault), None, &mut self.faults)
    }

    pub(crate) fn duration(&mut self, name: &str) -> Option<Duration> {
        let text = self.filled(name)?;
        let duration = value::duration(text.as_str()).map(Some);
        self.time(name, &text, duration, None)
    }

    /// `None` is for ever.
    pub(crate) fn duration_or_ever(&mut self, name: &str, otherwise: Duration) -> Option<Duration> {
        let Some(text) = self.filled(name) else { return Some(otherwise) };
        let duration = value::duration_or_ever(text.as_str());
        self.time(name, &text, duration, Some(otherwise))
    }

    fn time<T>(&mut self, name: &str, text: &Text, time: Result<T, String>, instead: T) -> T {
        let fault = |why| {
            let message = format!("{name} = {} is no time: {why}", text.as_str());
            Fault::error(text.place(), message).help("write seconds, or 10m, 1h, 1d12h, 5w, 1mo, 1y")
        };
        keep(time.map_err(fault), instead, &mut self.faults)
    }

    pub(crate) fn number(&mut self, name: &str) -> Option<f64> {
        let text = self.filled(name)?;
        let fault = |why| {
            let message = format!("{name} = {} is no number: {why}", text.as_str());
            Fault::error(text.place(), message).help("a number like 2 or 1.5")
        };
        keep(value::seconds(text.as_str()).map(Some).map_err(fault), None, &mut self.faults)
    }
}
