//! From a jail's options to when it bans, for how long, and whom never.

use std::time::Duration;

use detect::{BanTimeSpec, IgnoreSpec, JailSpec};

use crate::diagnostic::{Fault, keep};
use crate::host::Host;
use crate::ignore;
use crate::options::Options;
use crate::value;

/// What Fail2Ban takes where `jail.conf` says nothing.
const MAXRETRY: u32 = 3;
const FINDTIME: Duration = Duration::from_secs(600);
const BANTIME: Duration = Duration::from_secs(600);
/// Each IPv6 address alone.
const IPV6PREFIX: u8 = 128;

pub(crate) fn jail(name: &str, options: &mut Options, host: &dyn Host) -> JailSpec {
    let maxretry =
        options.integer("maxretry", 0, i64::from(u32::MAX)).map_or(MAXRETRY, |number| number as u32);
    JailSpec {
        name: name.to_owned(),
        // With 0 as with 1, the first failure bans.
        maxretry: maxretry.max(1),
        findtime: options.duration("findtime").unwrap_or(FINDTIME),
        bantime: bantime(options),
        ignore: ignored(options, host),
        ipv6prefix: options.integer("ipv6prefix", 1, 128).map_or(IPV6PREFIX, |prefix| prefix as u8),
    }
}

fn bantime(options: &mut Options) -> BanTimeSpec {
    BanTimeSpec {
        base: options.duration_or_ever("bantime", BANTIME),
        increment: options.flag("bantime.increment", false),
        factor: options.number("bantime.factor"),
        formula: options.text("bantime.formula"),
        multipliers: multipliers(options),
        maxtime: options.duration("bantime.maxtime"),
        rndtime: options.duration("bantime.rndtime"),
        overalljails: options.flag("bantime.overalljails", false),
    }
}

fn multipliers(options: &mut Options) -> Option<Vec<f64>> {
    let text = options.filled("bantime.multipliers")?;
    let read = |word| value::integer(word).map(|number| number as f64);
    let numbers: Option<Vec<f64>> = text.as_str().split_whitespace().map(read).collect();
    let fault = || {
        Fault::error(text.place(), format!("bantime.multipliers cannot be {}", text.as_str()))
            .help("whole numbers separated by spaces, like 1 2 4 8")
    };
    keep(numbers.map(Some).ok_or_else(fault), None, &mut options.faults)
}

fn ignored(options: &mut Options, host: &dyn Host) -> IgnoreSpec {
    let mut spec = IgnoreSpec { ignoreself: options.flag("ignoreself", true), ..IgnoreSpec::default() };
    if let Some(text) = options.filled("ignoreip") {
        ignore::read(&text, host, &mut spec, &mut options.faults);
    }
    spec
}
