//! What the kernel wrote into its log for our rules, read back.
//!
//! The kernel writes names of interfaces, addresses and numbers; nothing of it is what a sender may write as they like.
//! All the same a line is taken only if it is one of these, since others can write into files where it ends up.

use std::net::IpAddr;

use crate::enforce::log::{ALLOW, AUDIT, BLOCK, INVALID, LIMIT, LIMIT_BLOCK, TAG};

/// Longer than any line of the kernel's about a packet.
const LONGEST: usize = 1024;
/// As the kernel has it, without the zero at the end.
const INTERFACE_NAME: usize = 15;
/// Those that the kernel calls by name; others by number.
const PROTOCOLS: [&str; 7] = ["TCP", "UDP", "UDPLITE", "ICMP", "ICMPv6", "AH", "ESP"];

/// What became of a packet, as far as the log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Logged {
    /// A rule or the default policy refused it.
    Blocked,
    /// It was beyond a limit.
    LimitBlocked,
    /// A rule or the default policy let it pass.
    Allowed,
    /// A rule with a limit saw it.
    Limited,
    /// It came, at the levels that say so of every packet.
    Audited,
    /// It belongs to no connection and opens none.
    Invalid,
}

impl Logged {
    const ALL: [(&str, Self); 6] = [
        (BLOCK, Self::Blocked),
        (LIMIT_BLOCK, Self::LimitBlocked),
        (ALLOW, Self::Allowed),
        (LIMIT, Self::Limited),
        (AUDIT, Self::Audited),
        (INVALID, Self::Invalid),
    ];

    /// Somebody wanted in, or out, and did not get there.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::Blocked | Self::LimitBlocked)
    }

    /// As in the log, in small letters.
    #[must_use]
    pub fn name(self) -> String {
        let word = Self::ALL.iter().find(|(_, what)| *what == self).map_or("", |(word, _)| word);
        word.to_lowercase()
    }
}

/// A packet that a rule logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedPacket {
    /// What became of it.
    pub what: Logged,
    /// The interface by which it came; empty if it is from this host.
    pub input: String,
    /// The interface by which it leaves; empty if it is for this host.
    pub output: String,
    /// Where it says that it is from.
    pub source: IpAddr,
    /// Where it goes.
    pub destination: IpAddr,
    /// In small letters; a number, if the kernel has no name.
    pub protocol: String,
    /// From which port and to which, of protocols that have them.
    pub ports: Option<(u16, u16)>,
    /// Its length, headers and all.
    pub bytes: u32,
}

impl LoggedPacket {
    /// Reads a message of the kernel's, as `[PALISADE BLOCK] IN=eth0 OUT= … SRC=… DST=… LEN=60 … PROTO=TCP SPT=… DPT=22 …`.
    /// `None`: it is no such message.
    #[must_use]
    pub fn read(message: &str) -> Option<Self> {
        let rest = message.strip_prefix(TAG).filter(|_| message.len() <= LONGEST)?;
        let (what, rest) = Logged::ALL.into_iter().find_map(|(word, what)| {
            let rest = rest.strip_prefix(word)?.strip_prefix("] ")?;
            Some((what, rest))
        })?;
        // What an ICMP error is about stands in brackets: another packet.
        let mut words = rest.split_ascii_whitespace().take_while(|word| !word.starts_with('['));
        let input = interface(words.next()?.strip_prefix("IN=")?)?;
        let output = interface(words.next()?.strip_prefix("OUT=")?)?;
        let mut fields = Fields::default();
        words.try_for_each(|word| fields.take(word))?;
        let (source, destination) = (fields.source?, fields.destination?);
        let is_one = source.is_ipv4() == destination.is_ipv4() && !(input.is_empty() && output.is_empty());
        is_one.then_some(())?;
        Some(Self {
            what,
            input,
            output,
            source,
            destination,
            protocol: fields.protocol?,
            ports: fields.from_port.zip(fields.to_port),
            bytes: fields.bytes?,
        })
    }
}

/// What may come in any order. The first of each counts: UDP has a length of its own.
#[derive(Default)]
struct Fields {
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    bytes: Option<u32>,
    protocol: Option<String>,
    from_port: Option<u16>,
    to_port: Option<u16>,
}

impl Fields {
    /// `None`: no message of the kernel's has this word.
    fn take(&mut self, word: &str) -> Option<()> {
        let Some((key, value)) = word.split_once('=') else { return Some(()) };
        match key {
            "SRC" => first(&mut self.source, value.parse().ok()?),
            "DST" => first(&mut self.destination, value.parse().ok()?),
            "LEN" => first(&mut self.bytes, number(value)?),
            "SPT" => first(&mut self.from_port, number(value)?),
            "DPT" => first(&mut self.to_port, number(value)?),
            "PROTO" => first(&mut self.protocol, protocol(value)?),
            _ => {}
        }
        Some(())
    }
}

fn first<T>(field: &mut Option<T>, value: T) {
    field.get_or_insert(value);
}

/// Digits alone, and none that says nothing.
fn number<T: std::str::FromStr>(value: &str) -> Option<T> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
    digits.then(|| value.parse().ok())?
}

fn interface(name: &str) -> Option<String> {
    (name.len() <= INTERFACE_NAME && !name.contains(['/', '\0'])).then(|| name.to_owned())
}

fn protocol(name: &str) -> Option<String> {
    let known = PROTOCOLS.contains(&name) || number::<u8>(name).is_some();
    known.then(|| name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Linux 6.18 wrote them for the rules of this crate.
    const LINES: &str = include_str!("logged/samples.txt");

    #[test]
    fn every_line_that_the_kernel_wrote_is_read() {
        let packets: Vec<LoggedPacket> =
            LINES.lines().map(|line| LoggedPacket::read(line).unwrap_or_else(|| panic!("{line}"))).collect();
        let count = |what: Logged| packets.iter().filter(|packet| packet.what == what).count();
        let all = Logged::ALL.map(|(_, what)| count(what));
        assert_eq!(all.iter().sum::<usize>(), packets.len());
        assert!(all.iter().all(|count| *count > 0), "{all:?}");
        let shown = |packet: &LoggedPacket| {
            let (from, to) = packet.ports.unzip();
            let port = |port: Option<u16>| port.map_or(String::new(), |port| format!(":{port}"));
            format!(
                "{} {}>{} {}{} > {}{} {} {}",
                packet.what.name(),
                packet.input,
                packet.output,
                packet.source,
                port(from),
                packet.destination,
                port(to),
                packet.protocol,
                packet.bytes
            )
        };
        let shown: Vec<String> = packets.iter().map(shown).collect();
        for wanted in [
            "block v> 192.0.2.2:44980 > 192.0.2.1:22 tcp 60",
            "block v> 2001:db8::2:47914 > 2001:db8::1:22 tcp 80",
            "limit block v> 192.0.2.2:37664 > 192.0.2.1:2222 tcp 60",
            "block v> 192.0.2.2:33467 > 192.0.2.1:9999 udp 3028",
            "block v> 192.0.2.2 > 192.0.2.1 47 28",
            "audit invalid v> 192.0.2.2 > 192.0.2.1 132 32",
            "audit >v 192.0.2.1 > 192.0.2.2 icmp 88",
            "audit v> 2001:db8::2 > ff02::1:ff00:1 icmpv6 72",
            "allow >v 192.0.2.1:33028 > 192.0.2.2:25 tcp 60",
        ] {
            assert!(shown.iter().any(|shown| shown == wanted), "{wanted}: {shown:#?}");
        }
    }

    #[test]
    fn what_the_kernel_does_not_write_is_not_taken() {
        let good = LINES.lines().find(|line| line.contains("BLOCK] IN=v OUT= ")).unwrap();
        assert!(LoggedPacket::read(good).is_some());
        for (part, instead) in [
            ("[PALISADE BLOCK] ", "[UFW BLOCK] "),
            ("[PALISADE BLOCK] ", "[PALISADE BLOCK]"),
            ("[PALISADE BLOCK] ", "x [PALISADE BLOCK] "),
            ("[PALISADE BLOCK] ", "[PALISADE FORGED] "),
            ("IN=v", "IN=sixteen-and-more"),
            ("IN=v", "IN="),
            ("IN=v", "IN=../v"),
            ("IN=v OUT=", "OUT= IN=v"),
            ("SRC=192.0.2.2", "SRC=192.0.2.256"),
            ("SRC=192.0.2.2", "SRC=2001:db8::2"),
            ("SRC=192.0.2.2 ", ""),
            ("SRC=192.0.2.2", "SRC=host.example"),
            ("DPT=22", "DPT=65536"),
            ("DPT=22", "DPT=+22"),
            ("DPT=22", "DPT="),
            ("DPT=22", "DPT=022"),
            ("LEN=60", "LEN=-1"),
            ("PROTO=TCP", "PROTO=<b>"),
            ("PROTO=TCP", "PROTO=256"),
            ("PROTO=TCP", "PROTO=00000006"),
            ("PROTO=TCP ", ""),
        ] {
            assert_ne!(good, good.replace(part, instead), "{part}");
            assert_eq!(LoggedPacket::read(&good.replace(part, instead)), None, "{instead}");
        }
        assert_eq!(LoggedPacket::read(&format!("{good}{}", "X".repeat(LONGEST))), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text: String, rest in "\\[PALISADE (BLOCK|LIMIT)\\] IN=v OUT= (.{0,9} )*") {
            let _ = LoggedPacket::read(&text);
            let _ = LoggedPacket::read(&rest);
        }

        #[test]
        fn a_line_with_anything_in_it_says_nothing_else_or_is_not_read(at: prop::sample::Index, with: char) {
            let good = LINES.lines().find(|line| line.contains("BLOCK] IN=v OUT= ")).unwrap();
            let packet = LoggedPacket::read(good).unwrap();
            let mut line = good.to_owned();
            line.insert(at.index(good.len()), with);
            if let Some(read) = LoggedPacket::read(&line) {
                prop_assert!(read.source.is_ipv4() && read.what == packet.what);
                prop_assert!(read.input.len() <= INTERFACE_NAME && read.protocol == "tcp");
            }
        }
    }
}
