//! What tags stand for.

use std::net::IpAddr;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use config::Family;
use detect::Time;
use ipnet::IpNet;
use serde_json::json;

use super::protocol::Ticket;
use super::shell;
use crate::output::address;

/// A name server that takes longer has none.
const NAME_TIMEOUT: Duration = Duration::from_secs(5);

/// The value of a tag in a command about a ban.
pub(super) fn of_ban(tag: &str, ticket: &Ticket) -> Option<String> {
    let [all, own] = &ticket.past;
    let lines = |past: &[String]| [past, &ticket.evidence.lines].concat().join("\n");
    let failures = |past: u64| (past + u64::from(ticket.failures)).to_string();
    Some(match tag {
        "ip" | "fid" => address(ticket.host),
        "family" => family(ticket.host).name().into(),
        "ip-rev" => reversed(ticket.host),
        "ip-host" => name_of(&address(ticket.host)).unwrap_or_else(|| "None".into()),
        "time" => seconds(ticket.time),
        "bantime" => ticket.bantime.to_string(),
        "failures" => ticket.failures.to_string(),
        "bancount" => ticket.count.to_string(),
        "restored" => u8::from(ticket.restored).to_string(),
        "matches" => ticket.evidence.lines.join("\n"),
        "ipmatches" => lines(&all.lines),
        "ipjailmatches" => lines(&own.lines),
        "ipfailures" => failures(all.failures),
        "ipjailfailures" => failures(own.failures),
        "jail.banned" => ticket.jail[0].to_string(),
        "jail.banned_total" => ticket.jail[1].to_string(),
        "jail.found" => ticket.jail[2].to_string(),
        "jail.found_total" => ticket.jail[3].to_string(),
        _ => return field(tag, &ticket.evidence.fields).or_else(|| of_host(tag)),
    })
}

/// A ban as an action that is written in Python is told of it. The name of the host is asked for there, if at all.
pub(super) fn for_python(ticket: &Ticket) -> serde_json::Value {
    let [all, own] = &ticket.past;
    let lines = |past: &[String]| [past, &ticket.evidence.lines].concat();
    let failures = |past: u64| past + u64::from(ticket.failures);
    // How often the line stands in the log is our own note.
    let fields = ticket.evidence.fields.iter().filter(|(name, _)| name != "attempts");
    let fields = fields.map(|(name, value)| (name.clone(), json!(value)));
    let mut fields: serde_json::Map<_, _> = fields.collect();
    fields.insert("matches".into(), json!(ticket.evidence.lines));
    fields.insert("failures".into(), json!(ticket.failures));
    json!({
        "ip": address(ticket.host),
        "family": family(ticket.host).name(),
        "ip-rev": reversed(ticket.host),
        "failures": ticket.failures,
        "time": ticket.time.as_micros() as f64 / 1e6,
        "bantime": ticket.bantime,
        "bancount": ticket.count,
        "restored": u8::from(ticket.restored),
        "F-*": fields,
        "matches": ticket.evidence.lines.join("\n"),
        "ipmatches": lines(&all.lines).join("\n"),
        "ipjailmatches": lines(&own.lines).join("\n"),
        "ipfailures": failures(all.failures),
        "ipjailfailures": failures(own.failures),
        "jail.banned": ticket.jail[0],
        "jail.banned_total": ticket.jail[1],
        "jail.found": ticket.jail[2],
        "jail.found_total": ticket.jail[3],
    })
}

/// The value of a tag in a command that is about no ban in particular, for a jail with this ban time.
pub(super) fn of_none(tag: &str, family: Family, bantime: i64, now: Time) -> Option<String> {
    Some(match tag {
        "family" => family.name().into(),
        "ip" | "fid" | "ip-rev" | "matches" | "ipmatches" | "ipjailmatches" => String::new(),
        "ip-host" => "None".into(),
        "time" => seconds(now),
        "bantime" => bantime.to_string(),
        "failures" | "bancount" | "restored" | "ipfailures" | "ipjailfailures" | "jail.banned"
        | "jail.banned_total" | "jail.found" | "jail.found_total" => "0".into(),
        _ => return field(tag, &[]).or_else(|| of_host(tag)),
    })
}

/// The value of a tag in `actioncheck` and `actionrepair`, which know no ban.
pub(super) fn of_check(tag: &str, family: Family) -> Option<String> {
    match tag {
        "family" if family != Family::Any => Some(family.name().into()),
        _ => of_host(tag),
    }
}

/// The family of addresses that a ban belongs to.
pub(super) fn family(net: IpNet) -> Family {
    match net {
        IpNet::V4(_) => Family::Inet4,
        IpNet::V6(_) => Family::Inet6,
    }
}

/// `<F-USER>`: what the filter took from the line; nothing if it took nothing.
fn field(tag: &str, fields: &[(String, String)]) -> Option<String> {
    let name = tag.strip_prefix("F-")?;
    let is_field = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(is_field) {
        return None;
    }
    // As filters name them: `<F-ID>` and `<F-PORT>` are not what `ip` and `port` mean elsewhere.
    let name = match name {
        "ID" | "PORT" => format!("f{}", name.to_lowercase()),
        _ => name.to_lowercase(),
    };
    Some(fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default())
}

/// As a name server's reverse zone has it, with a dot at the end.
fn reversed(net: IpNet) -> String {
    match net.addr() {
        IpAddr::V4(_) => address(net).rsplit('.').fold(String::new(), |name, part| name + part + "."),
        IpAddr::V6(ip) => {
            let digits = format!("{:032x}", ip.to_bits());
            digits.chars().rev().flat_map(|digit| [digit, '.']).collect()
        }
    }
}

fn seconds(time: Time) -> String {
    format!("{:?}", time.as_micros() as f64 / 1e6)
}

fn of_host(tag: &str) -> Option<String> {
    static FULL: OnceLock<String> = OnceLock::new();
    let short = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    match tag {
        "sh-hostname" => Some(short()),
        "fq-hostname" => {
            let full = || name_of(&short()).filter(|name| name.contains('.')).unwrap_or_else(short);
            Some(FULL.get_or_init(full).clone())
        }
        _ => None,
    }
}

/// The name that the system's resolver gives to an address or a name.
fn name_of(what: &str) -> Option<String> {
    let mut resolver = Command::new("getent");
    resolver.args(["hosts", what]);
    let ended = shell::run(resolver, NAME_TIMEOUT).ok()?;
    ended.output.split_whitespace().nth(1).map(str::to_owned).filter(|_| ended.how == shell::How::Well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_backwards_as_fail2ban_does() {
        let reversed = |net: &str| reversed(net.parse().unwrap());
        assert_eq!(reversed("192.0.2.1/32"), "1.2.0.192.");
        assert_eq!(reversed("192.0.2.0/24"), "0/24.2.0.192.");
        assert_eq!(
            reversed("2001:db8::7/128"),
            "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
        );
    }

    #[test]
    fn times_are_written_as_python_writes_them() {
        assert_eq!(seconds(Time::from_micros(1_795_774_361_000_000)), "1795774361.0");
        assert_eq!(seconds(Time::from_micros(1_795_774_365_366_672)), "1795774365.366672");
    }

    #[test]
    fn a_field_that_nobody_took_is_empty_and_an_odd_tag_is_none() {
        let fields = [("x_y".to_owned(), "v".to_owned())];
        assert_eq!(field("F-X_Y", &fields).as_deref(), Some("v"));
        let port = [("fport".to_owned(), "22".to_owned())];
        assert_eq!(field("F-PORT", &port).as_deref(), Some("22"));
        assert_eq!(field("F-USER", &fields).as_deref(), Some(""));
        assert_eq!(field("F-user", &fields), None);
    }
}
