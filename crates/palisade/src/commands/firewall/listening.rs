//! `show listening` and `show raw`: what is there, beside what is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use firewall::rules::list::lines;
use firewall::rules::{Direction, Families, Policy, Protocol, Rule};

use crate::exit::{CommandError, Exit};

/// The tables of sockets: what they are called, the state that means listening, their protocol and family.
const TABLES: [(&str, &str, Protocol, Families); 4] = [
    ("tcp", "0A", Protocol::Tcp, Families::V4),
    ("tcp6", "0A", Protocol::Tcp, Families::V6),
    ("udp", "07", Protocol::Udp, Families::V4),
    ("udp6", "07", Protocol::Udp, Families::V6),
];

/// A port that something listens on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Listener {
    port: u16,
    /// In hexadecimal, as the kernel writes it.
    address: String,
    inode: String,
}

/// What can be reached from other hosts, each with the rules that may be about it.
pub(super) fn report(policy: &Policy) -> String {
    let programs = programs(None);
    let mut text = String::new();
    for (table, state, protocol, family) in TABLES {
        let content = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        let listeners: BTreeSet<Listener> =
            content.lines().filter_map(|line| listener(line, state)).collect();
        let outside = listeners.into_iter().filter(|listener| !listener.is_loopback());
        let mut shown: BTreeMap<String, u16> = BTreeMap::new();
        for listener in outside {
            let program = programs.get(&listener.inode).map_or("-", String::as_str);
            shown.insert(format!("  {} {} ({program})\n", listener.port, listener.shown()), listener.port);
        }
        if shown.is_empty() {
            continue;
        }
        // Writing to a string does not fail.
        let _ = writeln!(text, "{table}:");
        let mut shown: Vec<_> = shown.into_iter().collect();
        shown.sort_by_key(|(_, port)| *port);
        for (line, port) in shown {
            text += &line;
            text += &about(policy, port, protocol, family);
        }
    }
    text + "\n"
}

/// The TCP ports on which a program of this name can be reached from other hosts.
pub(super) fn ports_of(program: &str) -> BTreeSet<u16> {
    let programs = programs(Some(program));
    let mut ports = BTreeSet::new();
    for (table, state, ..) in TABLES.into_iter().filter(|(_, _, protocol, _)| *protocol == Protocol::Tcp) {
        let content = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        let listeners = content.lines().filter_map(|line| listener(line, state));
        let its = |listener: &Listener| programs.get(&listener.inode).is_some_and(|name| name == program);
        ports.extend(listeners.filter(|it| !it.is_loopback() && its(it)).map(|it| it.port));
    }
    ports
}

/// The rules that may decide about connections to this port, with their numbers.
fn about(policy: &Policy, port: u16, protocol: Protocol, family: Families) -> String {
    let lines = lines(&policy.rules).into_iter().enumerate();
    let fits = lines.filter(|(_, line)| {
        line.family == family && policy.enabled && may_decide(&policy.rules[line.at], port, protocol)
    });
    let shown: String =
        fits.map(|(at, line)| format!("   [{:>2}] {}\n", at + 1, policy.rules[line.at].as_added())).collect();
    if shown.is_empty() { shown } else { shown + "\n" }
}

fn may_decide(rule: &Rule, port: u16, protocol: Protocol) -> bool {
    let has = |traffic: &firewall::rules::Traffic<'_>| {
        matches!(traffic.protocol, Protocol::Any) || traffic.protocol == protocol
    };
    let here = |traffic: &firewall::rules::Traffic<'_>| {
        !traffic.to.is_empty() && traffic.to.iter().any(|range| range.contains(&port))
    };
    rule.direction == Direction::In && rule.traffic().iter().any(|traffic| has(traffic) && here(traffic))
}

/// A line of `/proc/net/tcp` and its like.
fn listener(line: &str, state: &str) -> Option<Listener> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let (local, found, inode) = (words.get(1)?, words.get(3)?, words.get(9)?);
    let (address, port) = local.split_once(':')?;
    (*found == state).then_some(())?;
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(Listener { port, address: address.to_owned(), inode: (*inode).to_owned() })
}

impl Listener {
    fn bytes(&self) -> Vec<u8> {
        let digits = self.address.as_bytes().chunks(2);
        let mut bytes: Vec<u8> =
            digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
        // Words in the order of this machine.
        if cfg!(target_endian = "little") {
            bytes.chunks_mut(4).for_each(<[u8]>::reverse);
        }
        bytes
    }

    fn is_loopback(&self) -> bool {
        self.ip().is_some_and(|ip| ip.to_canonical().is_loopback())
    }

    fn ip(&self) -> Option<std::net::IpAddr> {
        let bytes = self.bytes();
        let four = <[u8; 4]>::try_from(bytes.as_slice()).map(std::net::IpAddr::from);
        four.or_else(|_| <[u8; 16]>::try_from(bytes.as_slice()).map(std::net::IpAddr::from)).ok()
    }

    /// The address, or `*` for all of them.
    fn shown(&self) -> String {
        match self.ip() {
            Some(ip) if !ip.is_unspecified() => ip.to_string(),
            _ => "*".to_owned(),
        }
    }
}

/// The program that has each socket, by the socket's number; of one program, or of all.
fn programs(named: Option<&str>) -> HashMap<String, String> {
    let mut programs = HashMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let Ok(program) = fs::read_link(process.path().join("exe")) else { continue };
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if named.is_some_and(|named| named != name) {
            continue;
        }
        let files = fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        let sockets = files.filter_map(|file| {
            let target = fs::read_link(file.path()).ok()?;
            Some(target.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_owned())
        });
        programs.extend(sockets.map(|socket| (socket, name.clone())));
    }
    programs
}

/// What the kernel holds of ours.
pub(super) fn table() -> Result<String, CommandError> {
    let listed = Command::new("nft").args(["list", "table", "inet", "palisade"]).output();
    match listed {
        Ok(listed) if listed.status.success() => Ok(String::from_utf8_lossy(&listed.stdout).into_owned()),
        Ok(listed) => {
            let why = String::from_utf8_lossy(&listed.stderr).lines().next().unwrap_or_default().to_owned();
            Err(CommandError::new(Exit::Unavailable, format!("nft list table inet palisade: {why}")))
        }
        Err(error) => Err(CommandError::new(Exit::Unavailable, format!("nft cannot be run: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firewall::rules::Vocabulary;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 111 1\n\
        1: 0500000A:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 222 1\n\
        2: 0500000A:0050 0900000A:1234 01 00000000:00000000 00:00000000 00000000 0 0 333 1\n";

    #[test]
    fn only_what_others_can_reach_is_listening() {
        let found: Vec<Listener> = TCP.lines().filter_map(|line| listener(line, "0A")).collect();
        let seen: Vec<_> =
            found.iter().map(|found| (found.port, found.shown(), found.is_loopback())).collect();
        assert_eq!(seen, [(8080, "127.0.0.1".to_owned(), true), (80, "10.0.0.5".to_owned(), false)]);
        let six = "0: 00000000000000000000000001000000:0016 0:0 0A 0 0 0 0 0 7 1";
        assert!(listener(six, "0A").unwrap().is_loopback());
    }

    #[test]
    fn the_rules_about_a_port_are_shown_with_their_numbers() {
        let rules = ["deny from 10.9.9.9", "allow 80/tcp", "allow 80/udp", "allow 70:90/tcp", "allow out 80"];
        let vocabulary = Vocabulary::default();
        let rules = rules.map(|rule| Rule::read(rule, &vocabulary).unwrap()).to_vec();
        let policy = Policy { enabled: true, rules, ..Policy::default() };
        let wanted = "   [ 2] allow 80/tcp\n   [ 4] allow 70:90/tcp\n\n";
        assert_eq!(about(&policy, 80, Protocol::Tcp, Families::V4), wanted);
    }
}
