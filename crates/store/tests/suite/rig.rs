//! Rows to store.

use std::sync::Arc;

use ipnet::IpNet;
use store::{Ban, Batch, Change, Source};

/// `10.x.y.z` by number.
pub(crate) fn host(number: u32) -> IpNet {
    IpNet::from(std::net::IpAddr::V4((0x0a00_0000 | number).into()))
}

pub(crate) fn ban(jail: &str, number: u32, start: i64, until: Option<i64>) -> Ban {
    Ban {
        jail: Arc::from(jail),
        host: host(number),
        start,
        until,
        failures: 5,
        count: 1,
        source: Source::Log,
        reason: format!("Failed password for root from {} port 4711 ssh2", host(number)),
    }
}

/// What one step of a daemon stores: the ban of host `number`, its window gone, one more failure, the position reached.
pub(crate) fn step(number: u32) -> Batch {
    let jail: Arc<str> = Arc::from("sshd");
    let counter = store::Counter { jail: jail.clone(), failures: 1, bans: 1 };
    Batch {
        changes: vec![
            Change::Ban(ban("sshd", number, i64::from(number), None)),
            Change::Window { jail: jail.clone(), host: host(number), window: None },
            Change::Window { jail, host: host(number + 1), window: Some(number.to_le_bytes().to_vec()) },
            Change::Counted(counter),
            Change::Position { source: b"log".to_vec(), position: Some(number.to_le_bytes().to_vec()) },
        ],
    }
}

/// Asserts that exactly the steps `0..=last` are stored, whole, where `last` is the position; gives it.
pub(crate) fn assert_whole_steps(store: &store::Store) -> Option<u32> {
    let position = store.position(b"log").unwrap();
    let last = position.map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()));
    let steps = last.map_or(0, |last| last + 1);
    let mut hosts = Vec::new();
    store.live_bans(|ban| hosts.push(ban.host)).unwrap();
    assert_eq!(hosts, (0..steps).map(host).collect::<Vec<_>>());
    let counted = store.counters().unwrap().first().map_or(0, |counter| counter.bans);
    assert_eq!(counted, u64::from(steps));
    let mut windows = Vec::new();
    store.windows(|_, host, _| windows.push(host)).unwrap();
    assert_eq!(windows, last.map(|last| host(last + 1)).into_iter().collect::<Vec<_>>());
    last
}
