//! Packets counted by whose they are and where they go, and tables of it in 80 columns.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::IpAddr;

use detect::Time;
use firewall::Logged;

use super::line::Knock;
use super::port;
use crate::cli::beyond::By;
use crate::output::{Align, Table, ago, count, cut};

/// Kinds that are told apart; whoever makes up more sources cannot fill the memory.
const KINDS: usize = 1 << 16;
/// Lines of a table.
const LINES: usize = 40;
/// Columns for a source and its ports, in a line of 80.
const SOURCE_AND_PORTS: usize = 57;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Summary {
    kinds: BTreeMap<Kind, Count>,
    /// Packets of kinds that found no room.
    others: u64,
}

/// Packets that look the same to people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    peer: IpAddr,
    port: String,
    what: Logged,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    times: u64,
    last: Time,
}

impl Count {
    const NONE: Self = Self { times: 0, last: Time::from_micros(i64::MIN) };

    fn add(&mut self, other: Self) {
        self.times += other.times;
        self.last = self.last.max(other.last);
    }
}

impl Summary {
    pub(super) fn take(&mut self, knock: &Knock) {
        let packet = &knock.packet;
        // Of what this host sends, the other end is of interest.
        let (peer, port) = match packet.input.is_empty() {
            true => (packet.destination, format!("to {}", port(packet))),
            false => (packet.source, port(packet)),
        };
        let kind = Kind { peer, port, what: packet.what };
        if self.kinds.len() >= KINDS && !self.kinds.contains_key(&kind) {
            self.others += 1;
            return;
        }
        self.kinds.entry(kind).or_insert(Count::NONE).add(Count { times: 1, last: knock.time });
    }

    pub(super) fn write(&self, mut out: impl Write, by: Option<By>, now: Time) -> io::Result<()> {
        if self.kinds.is_empty() {
            return writeln!(out, "Nobody was refused, as far as the log goes.");
        }
        let (columns, lines) = match by {
            None => self.by_kind(),
            Some(By::Source) => self.by_source(),
            Some(By::Port) => self.by_port(),
        };
        let mut table = Table::new(&columns);
        let mut lines: Vec<(Vec<String>, Count)> = lines;
        lines.sort_by_key(|(_, count)| Reverse((count.last, count.times)));
        for (mut cells, count) in lines.iter().take(LINES).cloned() {
            cells.extend([count.times.to_string(), ago(count.last.as_secs(), now.as_secs())]);
            table.row(cells);
        }
        table.write(&mut out)?;
        if lines.len() > LINES {
            writeln!(out, "… and {} older ones", lines.len() - LINES)?;
        }
        let total: u64 = self.kinds.values().map(|count| count.times).sum();
        let sources: BTreeSet<IpAddr> = self.kinds.keys().map(|kind| kind.peer).collect();
        let others =
            if self.others > 0 { format!(", and {} that found no room", self.others) } else { String::new() };
        let (lines, addresses) = (count(total, "line"), count(sources.len(), "address"));
        writeln!(out, "\n{lines} in the log, of {addresses}{others}")
    }

    fn by_kind(&self) -> Lines {
        let cells = |kind: &Kind| vec![kind.peer.to_string(), kind.port.clone(), kind.what.name()];
        let lines = self.kinds.iter().map(|(kind, count)| (cells(kind), *count));
        (
            with_counts(&[("SOURCE", Align::Left), ("PORT", Align::Left), ("WHAT", Align::Left)]),
            lines.collect(),
        )
    }

    fn by_source(&self) -> Lines {
        let mut sources: BTreeMap<IpAddr, (BTreeMap<&str, u64>, Count)> = BTreeMap::new();
        for (kind, count) in &self.kinds {
            let (ports, sum) = sources.entry(kind.peer).or_insert((BTreeMap::new(), Count::NONE));
            *ports.entry(&kind.port).or_default() += count.times;
            sum.add(*count);
        }
        let widest = sources.keys().map(|source| source.to_string().len()).max().unwrap_or(0);
        let lines = sources.into_iter().map(|(source, (ports, count))| {
            let mut ports: Vec<(&str, u64)> = ports.into_iter().collect();
            ports.sort_by_key(|(_, times)| Reverse(*times));
            let ports: Vec<&str> = ports.into_iter().map(|(port, _)| port).collect();
            (vec![source.to_string(), cut(&ports.join(" "), SOURCE_AND_PORTS - widest)], count)
        });
        (with_counts(&[("SOURCE", Align::Left), ("PORTS", Align::Left)]), lines.collect())
    }

    fn by_port(&self) -> Lines {
        let mut ports: BTreeMap<&str, (BTreeSet<IpAddr>, Count)> = BTreeMap::new();
        for (kind, count) in &self.kinds {
            let (sources, sum) = ports.entry(&kind.port).or_insert((BTreeSet::new(), Count::NONE));
            sources.insert(kind.peer);
            sum.add(*count);
        }
        let cells = |port: &str, sources: usize| vec![port.to_owned(), sources.to_string()];
        let lines = ports.into_iter().map(|(port, (sources, count))| (cells(port, sources.len()), count));
        (with_counts(&[("PORT", Align::Left), ("SOURCES", Align::Right)]), lines.collect())
    }
}

/// The columns, and each line without its last two cells.
type Lines = (Vec<(&'static str, Align)>, Vec<(Vec<String>, Count)>);

fn with_counts(columns: &[(&'static str, Align)]) -> Vec<(&'static str, Align)> {
    [columns, &[("TIMES", Align::Right), ("LAST", Align::Left)]].concat()
}

#[cfg(test)]
mod tests {
    use firewall::LoggedPacket;

    use super::*;

    const NOW: Time = Time::from_secs(1_800_000_000);

    fn knock(source: &str, port: u16, seconds_ago: u64) -> Knock {
        let destination = if source.contains(':') { "2001:db8::1" } else { "192.0.2.1" };
        let message = format!(
            "[PALISADE BLOCK] IN=eth0 OUT= SRC={source} DST={destination} LEN=60 TTL=64 PROTO=TCP SPT=4711 DPT={port} SYN"
        );
        let packet = LoggedPacket::read(&message).unwrap();
        Knock { time: NOW - std::time::Duration::from_secs(seconds_ago), packet }
    }

    fn shown(knocks: &[Knock], by: Option<By>) -> String {
        let mut summary = Summary::default();
        knocks.iter().for_each(|knock| summary.take(knock));
        let mut out = Vec::new();
        summary.write(&mut out, by, NOW).unwrap();
        String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap()
    }

    #[test]
    fn what_looks_the_same_is_counted_and_the_latest_stands_first() {
        let knocks = [
            knock("192.0.2.7", 22, 3700),
            knock("2001:db8::7", 8080, 60),
            knock("192.0.2.7", 22, 7200),
            knock("192.0.2.7", 23, 86_000),
        ];
        let wanted = "\
SOURCE       PORT      WHAT   TIMES  LAST
2001:db8::7  8080/tcp  block      1  1m ago
192.0.2.7    22/tcp    block      2  1h 1m ago
192.0.2.7    23/tcp    block      1  23h 53m ago

4 lines in the log, of 2 addresses
";
        assert_eq!(shown(&knocks, None), wanted);
        let wanted = "\
SOURCE       PORTS          TIMES  LAST
2001:db8::7  8080/tcp           1  1m ago
192.0.2.7    22/tcp 23/tcp      3  1h 1m ago

4 lines in the log, of 2 addresses
";
        assert_eq!(shown(&knocks, Some(By::Source)), wanted);
        let wanted = "\
PORT      SOURCES  TIMES  LAST
8080/tcp        1      1  1m ago
22/tcp          1      2  1h 1m ago
23/tcp          1      1  23h 53m ago

4 lines in the log, of 2 addresses
";
        assert_eq!(shown(&knocks, Some(By::Port)), wanted);
        assert_eq!(shown(&[], None), "Nobody was refused, as far as the log goes.\n");
    }

    #[test]
    fn tables_fit_80_columns_and_a_screen_whoever_comes() {
        let address = |n: u16| format!("2001:db8:1111:2222:3333:4444:5555:{:x}", 0x1000 + n);
        let mut knocks: Vec<Knock> = (0..60).map(|n| knock(&address(n), 65_000 + n, 86_399)).collect();
        knocks.extend((0..60).map(|port| knock(&address(0), 60_000 + port, 86_399)));
        for by in [None, Some(By::Source), Some(By::Port)] {
            let text = shown(&knocks, by);
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            assert!(text.lines().count() <= LINES + 4 && text.contains("… and "), "{text}");
        }
    }

    #[test]
    fn made_up_sources_do_not_fill_the_memory() {
        let mut summary = Summary::default();
        let one = knock("192.0.2.7", 22, 1);
        for number in 0..=KINDS as u32 {
            let mut knock = one.clone();
            knock.packet.source = std::net::Ipv4Addr::from(0x0a00_0000 + number).into();
            summary.take(&knock);
        }
        assert_eq!((summary.kinds.len(), summary.others), (KINDS, 1));
    }
}
