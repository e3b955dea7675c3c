//! Lines of addresses that are not banned yet, for the actions of jails that ask for them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use detect::Time;
use detect::jail::JailId;
use ipnet::IpNet;

use crate::daemon::runner::protocol::Evidence;

/// In one jail, one address or network.
pub(super) type Key = (JailId, IpNet);

/// So much is kept of all, in bytes; who was seen longest ago makes room.
const BYTES: usize = 8 << 20;

/// Lines of one ban are so long together at most, in bytes: a command takes them as one argument, which Linux cuts at
/// 128 KiB.
const ARGUMENT: usize = 96 << 10;

/// How many of these lines, from the first on, are too many: the newest `count` count, and those that fit an argument.
pub(super) fn surplus(lines: &[String], count: usize) -> usize {
    let mut bytes = 0;
    let fitting = lines.iter().rev().take(count).take_while(|line| {
        bytes += line.len() + 1;
        bytes <= ARGUMENT
    });
    lines.len() - fitting.count()
}

/// How much is kept of one address.
#[derive(Clone, Copy)]
pub(super) struct Keep {
    /// So many lines, the newest.
    pub(super) lines: usize,
    /// None older than this.
    pub(super) age: Duration,
}

/// By jail and host, bounded.
#[derive(Default)]
pub(super) struct EvidenceTable {
    entries: HashMap<Key, Entry>,
    /// By their last line: who makes room first.
    order: BTreeMap<u64, Key>,
    bytes: usize,
    next: u64,
}

struct Entry {
    order: u64,
    times: Vec<Time>,
    evidence: Evidence,
}

impl Entry {
    fn size(&self) -> usize {
        let lines: usize =
            self.evidence.lines.iter().map(|line| line.len() + size_of::<(String, Time)>()).sum();
        let fields: usize =
            self.evidence.fields.iter().map(|(name, value)| name.len() + value.len() + 48).sum();
        size_of::<Self>() + 2 * size_of::<Key>() + lines + fields
    }
}

impl EvidenceTable {
    /// What a failure more shows; of the fields, those of the first count.
    pub(super) fn add(&mut self, key: Key, found: Evidence, time: Time, keep: Keep) {
        let mut entry =
            self.remove(key).unwrap_or(Entry { order: 0, times: Vec::new(), evidence: Evidence::default() });
        let old = entry.times.iter().take_while(|seen| time.since(**seen) > keep.age).count();
        entry.times.drain(..old);
        entry.evidence.lines.drain(..old);
        if entry.times.is_empty() {
            entry.evidence.fields = found.fields;
        }
        entry.times.extend(found.lines.iter().map(|_| time));
        entry.evidence.lines.extend(found.lines);
        let surplus = surplus(&entry.evidence.lines, keep.lines);
        entry.times.drain(..surplus);
        entry.evidence.lines.drain(..surplus);
        entry.order = self.next;
        self.next += 1;
        self.bytes += entry.size();
        self.order.insert(entry.order, key);
        self.entries.insert(key, entry);
        while self.bytes > BYTES
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.remove(oldest);
        }
    }

    /// What there is, which is forgotten here.
    pub(super) fn take(&mut self, key: Key) -> Evidence {
        self.remove(key).map(|entry| entry.evidence).unwrap_or_default()
    }

    fn remove(&mut self, key: Key) -> Option<Entry> {
        let entry = self.entries.remove(&key)?;
        self.order.remove(&entry.order);
        self.bytes -= entry.size();
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use detect::jail::Book;

    use super::*;

    const KEEP: Keep = Keep { lines: 3, age: Duration::from_secs(10) };

    fn found(line: &str) -> Evidence {
        Evidence { lines: vec![line.into()], fields: vec![("user".into(), line.into())] }
    }

    fn key(host: &str) -> Key {
        (Book::new(1).jail("a"), host.parse().unwrap())
    }

    #[test]
    fn the_newest_lines_and_the_first_fields_are_kept() {
        let mut table = EvidenceTable::default();
        let at = |second: i64| Time::from_micros(second * 1_000_000);
        for second in 0..5 {
            table.add(key("192.0.2.1/32"), found(&second.to_string()), at(second), KEEP);
        }
        let taken = table.take(key("192.0.2.1/32"));
        assert_eq!(taken.lines, ["2", "3", "4"]);
        assert_eq!(taken.fields[0].1, "0");
        assert_eq!(table.take(key("192.0.2.1/32")), Evidence::default());
        assert_eq!(table.bytes, 0);
        table.add(key("192.0.2.1/32"), found("old"), at(0), KEEP);
        table.add(key("192.0.2.1/32"), found("new"), at(20), KEEP);
        assert_eq!(table.take(key("192.0.2.1/32")), found("new"));
    }

    #[test]
    fn what_is_kept_of_one_fits_an_argument() {
        let mut table = EvidenceTable::default();
        for second in 0..200 {
            let time = Time::from_micros(second * 1000);
            let keep = Keep { lines: 200, ..KEEP };
            table.add(key("192.0.2.1/32"), found(&format!("{second:2000}")), time, keep);
        }
        let lines = table.take(key("192.0.2.1/32")).lines;
        assert!(lines.iter().map(|line| line.len() + 1).sum::<usize>() <= ARGUMENT);
        assert!(lines.len() > 40 && lines.last().is_some_and(|line| line.trim() == "199"));
    }

    #[test]
    fn memory_has_a_bound() {
        let mut table = EvidenceTable::default();
        let line = "x".repeat(2000);
        for host in 0..10_000u32 {
            table.add(
                key(&format!("{}/32", std::net::Ipv4Addr::from(host))),
                found(&line),
                Time::default(),
                KEEP,
            );
        }
        assert!(table.bytes <= BYTES);
        assert_eq!(table.entries.len(), table.order.len());
        assert!(!table.take(key("0.0.39.15/32")).lines.is_empty(), "the last is there");
    }
}
