//! `show listening` and `show raw`: what is there, beside what is written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use firewall::rules::list::lines;
use firewall::rules::{Direction, Families, Policy, Protocol, Rule};

use crate::control::sockets::{BOUND, LISTENING, Socket, programs, sockets};
use crate::exit::{CommandError, Exit};

/// The tables of sockets: what they are called, the state that means listening, their protocol and family.
const TABLES: [(&str, &str, Protocol, Families); 4] = [
    ("tcp", LISTENING, Protocol::Tcp, Families::V4),
    ("tcp6", LISTENING, Protocol::Tcp, Families::V6),
    ("udp", BOUND, Protocol::Udp, Families::V4),
    ("udp6", BOUND, Protocol::Udp, Families::V6),
];

/// What can be reached from other hosts, each with the rules that may be about it.
pub(super) fn report(policy: &Policy) -> String {
    let programs = programs(|_| true);
    let mut text = String::new();
    for (table, state, protocol, family) in TABLES {
        let mut lines: BTreeMap<String, u16> = BTreeMap::new();
        for socket in sockets(table, state).iter().filter(|socket| !socket.is_loopback()) {
            let program = programs.get(&socket.inode).map_or("-", String::as_str);
            lines.insert(format!("  {} {} ({program})\n", socket.port, shown(socket)), socket.port);
        }
        if lines.is_empty() {
            continue;
        }
        // Writing to a string does not fail.
        let _ = writeln!(text, "{table}:");
        let mut lines: Vec<_> = lines.into_iter().collect();
        lines.sort_by_key(|(_, port)| *port);
        for (line, port) in lines {
            text += &line;
            text += &about(policy, port, protocol, family);
        }
    }
    text + "\n"
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

/// The address, or `*` for all of them.
fn shown(socket: &Socket) -> String {
    match socket.address {
        Some(address) if !address.is_unspecified() => address.to_string(),
        _ => "*".to_owned(),
    }
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
