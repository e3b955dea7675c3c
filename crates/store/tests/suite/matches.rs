//! What led to bans: kept in order, bounded, forgiven, forgotten.

use std::sync::Arc;

use store::{Batch, Change, Durability, Ending, MAX_MATCHES, Matches, Prune, Store};

use crate::rig::{ban, host};

fn matches(jail: &str, start: i64) -> Matches {
    let lines = vec![format!("{jail} {start}"), "second".into()];
    Matches { jail: Arc::from(jail), host: host(1), start, failures: 2, lines }
}

fn commit(store: &mut Store, changes: Vec<Change>) {
    store.commit(&Batch { changes }, Durability::Soon).unwrap();
}

#[test]
fn they_come_back_in_order_and_the_newest_of_many() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(directory.path()).unwrap();
    let all = [("b", 3), ("a", 1), ("a", 2)].map(|(jail, start)| Change::Matches(matches(jail, start)));
    commit(&mut store, all.to_vec());
    assert_eq!(store.matches(host(1), 10).unwrap(), [matches("a", 1), matches("a", 2), matches("b", 3)]);
    assert_eq!(store.matches(host(1), 2).unwrap(), [matches("a", 2), matches("b", 3)]);
    assert_eq!(store.matches(host(2), 10).unwrap(), []);
}

#[test]
fn they_are_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(directory.path()).unwrap();
    let many = Matches { lines: vec!["x".repeat(1000); 1000], ..matches("a", 1) };
    commit(&mut store, vec![Change::Matches(many)]);
    let lines = &store.matches(host(1), 1).unwrap()[0].lines;
    assert!(lines.len() * 1001 <= MAX_MATCHES && !lines.is_empty());
}

#[test]
fn they_go_with_a_pardon_and_with_time_but_not_before_their_ban() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(directory.path()).unwrap();
    let all = [("a", 1), ("b", 1), ("c", 9)].map(|(jail, start)| Change::Matches(matches(jail, start)));
    commit(&mut store, [all.to_vec(), vec![Change::Ban(ban("b", 1, 1, None))]].concat());
    store.prune(&Prune { before: 5, keep: 10, steps: 10 }).unwrap();
    assert_eq!(store.matches(host(1), 10).unwrap(), [matches("b", 1), matches("c", 9)]);
    let over = Change::Ended { jail: Arc::from("b"), host: host(1), at: 6, ending: Ending::Expired };
    commit(&mut store, vec![over, Change::Forgiven { jail: Arc::from("c"), host: host(1) }]);
    store.prune(&Prune { before: 5, keep: 10, steps: 10 }).unwrap();
    assert_eq!(store.matches(host(1), 10).unwrap(), []);
}
