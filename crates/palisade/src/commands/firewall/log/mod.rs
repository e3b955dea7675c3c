//! `palisade firewall log`: who knocks where, from what the kernel logged of the rules.
//!
//! `origin` is where lines are, `line` makes packets of them, `summary` counts and shows them.

mod kmsg;
mod line;
mod origin;
mod summary;

use std::io::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use detect::Time;
use firewall::LoggedPacket;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use self::line::Knock;
use self::origin::Origin;
use self::summary::Summary;
use crate::cli::beyond::Log;
use crate::commands::bans::printed;
use crate::engine::clock::now;
use crate::exit::{CommandError, Exit, Outcome};
use crate::output::{json, plain};

/// Without --since, from where lines stay for long.
const A_DAY: Duration = Duration::from_secs(86_400);

/// Does what the words behind `log` say.
pub(super) fn log(args: &Log) -> Outcome {
    let since = match (&args.since, &args.file) {
        (Some(text), _) => Some(now() - length(text)?),
        (None, None) => Some(now() - A_DAY),
        (None, Some(_)) => None,
    };
    let mut origin = Origin::open(args.file.as_deref(), args.follow, since)?;
    let mut out = anstream::stdout().lock();
    let wanted = |knock: &Knock| {
        (args.all || knock.packet.what.is_refusal()) && since.is_none_or(|since| knock.time >= since)
    };
    if args.follow || args.json {
        let mut written = Ok(());
        let mut show = |knock: Knock| {
            if wanted(&knock) {
                written = match args.json {
                    true => json(&mut out, &Shown::of(&knock)),
                    false => writeln!(out, "{}", one(&knock)),
                };
            }
            // A reader that has gone ends it.
            written.is_ok()
        };
        origin.each(&mut show)?;
        return printed(written);
    }
    let mut summary = Summary::default();
    origin.each(&mut |knock| {
        if wanted(&knock) {
            summary.take(&knock);
        }
        true
    })?;
    printed(summary.write(&mut out, args.by, now()))
}

fn length(text: &str) -> Result<Duration, CommandError> {
    let wrong =
        |why: String| CommandError::new(Exit::Usage, format!("--since {text}: {why}; say 90s, 1h30m or 2d"));
    config::duration_or_ever(text).map_err(wrong)?.ok_or_else(|| wrong("it is negative".into()))
}

/// A packet in a line for people.
fn one(knock: &Knock) -> String {
    let LoggedPacket { what, source, destination, .. } = &knock.packet;
    let time = local(knock.time);
    plain(&format!("{time}  {source} → {destination}  {}  {}", port(&knock.packet), what.name()))
}

fn local(time: Time) -> String {
    let time = Timestamp::from_microsecond(time.as_micros()).unwrap_or_default();
    time.to_zoned_datetime(TimeZone::system()).strftime("%b %d %H:%M:%S").to_string()
}

/// Where it goes, as `22/tcp`.
fn port(packet: &LoggedPacket) -> String {
    match packet.ports {
        Some((_, port)) => format!("{port}/{}", packet.protocol),
        None if packet.protocol.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("protocol {}", packet.protocol)
        }
        None => packet.protocol.clone(),
    }
}

/// A packet for programs.
#[derive(Serialize)]
struct Shown<'a> {
    /// Seconds since 1970.
    time: f64,
    what: String,
    #[serde(rename = "in")]
    input: &'a str,
    out: &'a str,
    from: IpAddr,
    from_port: Option<u16>,
    to: IpAddr,
    port: Option<u16>,
    protocol: &'a str,
    bytes: u32,
}

impl<'a> Shown<'a> {
    fn of(knock: &'a Knock) -> Self {
        let packet = &knock.packet;
        let (from_port, port) = packet.ports.unzip();
        Self {
            time: knock.time.as_secs_f64(),
            what: packet.what.name(),
            input: &packet.input,
            out: &packet.output,
            from: packet.source,
            from_port,
            to: packet.destination,
            port,
            protocol: &packet.protocol,
            bytes: packet.bytes,
        }
    }
}
