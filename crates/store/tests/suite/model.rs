//! Whatever is committed, in whatever order and batches, reads back as a plain model of it does.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rig;
use ipnet::IpNet;
use proptest::prelude::*;
use store::{Ban, Batch, Change, Counter, Durability, Ending, Offence, PastBan, Prune, Store};

type Key = (Arc<str>, IpNet);

#[derive(Default)]
struct Model {
    live: BTreeMap<Key, Ban>,
    history: Vec<PastBan>,
    offences: BTreeMap<Key, Offence>,
    windows: BTreeMap<Key, Vec<u8>>,
    counters: BTreeMap<Arc<str>, (u64, u64)>,
    positions: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Model {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Ban(ban) => self.ban(ban),
            Change::Prolonged { jail, host, until } => self.prolong(&(jail, host), until),
            Change::Ended { jail, host, at, ending } => self.end(&(jail, host), at, ending),
            Change::Matches(_) => {}
            Change::Forgiven { jail, host } => drop(self.offences.remove(&(jail, host))),
            Change::Window { jail, host, window: Some(window) } => {
                self.windows.insert((jail, host), window);
            }
            Change::Window { jail, host, window: None } => drop(self.windows.remove(&(jail, host))),
            Change::Counted(Counter { jail, failures, bans }) => {
                let counted = self.counters.entry(jail).or_default();
                *counted = (counted.0 + failures, counted.1 + bans);
            }
            Change::Position { source, position: Some(position) } => {
                self.positions.insert(source, position);
            }
            Change::Position { source, position: None } => drop(self.positions.remove(&source)),
        }
    }

    fn ban(&mut self, ban: Ban) {
        let key = (ban.jail.clone(), ban.host);
        self.offences.insert(key.clone(), Offence { bans: ban.count, last: ban.start });
        match self.live.get(&key).map(|live| live.until) {
            Some(Some(until)) if until <= ban.start => self.end(&key, until, Ending::Expired),
            Some(_) => return self.prolong(&key, ban.until),
            None => {}
        }
        self.live.insert(key, ban);
    }

    fn prolong(&mut self, key: &Key, until: Option<i64>) {
        let forever = |until: Option<i64>| until.unwrap_or(i64::MAX);
        if let Some(live) = self.live.get_mut(key).filter(|live| forever(live.until) < forever(until)) {
            live.until = until;
        }
    }

    fn end(&mut self, key: &Key, ended: i64, ending: Ending) {
        if let Some(ban) = self.live.remove(key) {
            self.history.insert(0, PastBan { ban, ended, ending });
        }
    }
}

fn assert_same(store: &Store, model: &Model) {
    let mut live = Vec::new();
    store.live_bans(|ban| live.push(ban)).unwrap();
    live.sort_by_key(|ban| (ban.jail.clone(), ban.host));
    assert_eq!(live, model.live.values().cloned().collect::<Vec<_>>());
    assert_eq!(store.history(1000).unwrap(), model.history);

    let mut windows = BTreeMap::new();
    store
        .windows(|jail, host, window| drop(windows.insert((Arc::from(jail), host), window.to_vec())))
        .unwrap();
    assert_eq!(windows, model.windows);
    let counters = store.counters().unwrap().into_iter();
    assert_eq!(
        counters.map(|counter| (counter.jail, (counter.failures, counter.bans))).collect::<BTreeMap<_, _>>(),
        model.counters
    );
    let mut positions = BTreeMap::new();
    store.positions(|source, position| drop(positions.insert(source.to_vec(), position.to_vec()))).unwrap();
    assert_eq!(positions, model.positions);
    for number in 0..4 {
        assert_offences(store, model, rig::host(number));
    }
}

fn assert_offences(store: &Store, model: &Model, host: IpNet) {
    for jail in ["a", "b"] {
        let expected = model.offences.get(&(Arc::from(jail), host)).copied();
        assert_eq!(store.offence(Some(jail), host).unwrap(), expected);
    }
    let all = model.offences.iter().filter(|((_, of), _)| *of == host).map(|(_, offence)| *offence);
    let sum = all.reduce(|a, b| Offence { bans: a.bans + b.bans, last: a.last.max(b.last) });
    assert_eq!(store.offence(None, host).unwrap(), sum);
}

prop_compose! {
    fn a_ban()(jail in "[ab]", number in 0u32..4, start in 0i64..100, length in proptest::option::of(0i64..50), count in 1u32..9) -> Ban {
        Ban { count, ..rig::ban(&jail, number, start, length.map(|length| start + length)) }
    }
}

fn a_change() -> impl Strategy<Value = Change> {
    let key = || ("[ab]".prop_map(|jail| Arc::<str>::from(jail.as_str())), (0u32..4).prop_map(rig::host));
    let ending = prop_oneof![Just(Ending::Expired), Just(Ending::Command), Just(Ending::Displaced)];
    let bytes = || proptest::option::of(proptest::collection::vec(any::<u8>(), 0..30));
    prop_oneof![
        4 => a_ban().prop_map(Change::Ban),
        1 => (key(), proptest::option::of(0i64..200))
            .prop_map(|((jail, host), until)| Change::Prolonged { jail, host, until }),
        2 => (key(), 0i64..100, ending)
            .prop_map(|((jail, host), at, ending)| Change::Ended { jail, host, at, ending }),
        1 => key().prop_map(|(jail, host)| Change::Forgiven { jail, host }),
        2 => (key(), bytes()).prop_map(|((jail, host), window)| Change::Window { jail, host, window }),
        1 => (key(), 0u64..9, 0u64..9)
            .prop_map(|((jail, _), failures, bans)| Change::Counted(Counter { jail, failures, bans })),
        1 => (proptest::collection::vec(any::<u8>(), 0..2), bytes())
            .prop_map(|(source, position)| Change::Position { source, position }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_batches_read_back_as_the_model_says(
        batches in proptest::collection::vec(
            (proptest::collection::vec(a_change(), 0..12), any::<bool>(), 0u8..4), 1..8),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let mut model = Model::default();
        for (changes, now, reopen) in batches {
            let durability = if now { Durability::Now } else { Durability::Soon };
            store.commit(&Batch { changes: changes.clone() }, durability).unwrap();
            changes.into_iter().for_each(|change| model.apply(change));
            if reopen == 0 {
                drop(store);
                store = Store::open(dir.path()).unwrap();
            }
            assert_same(&store, &model);
        }
    }
}

#[test]
fn a_batch_that_fails_in_its_middle_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.commit(&rig::step(0), Durability::Soon).unwrap();
    // The sum is past what SQLite counts exactly, so the third change is refused.
    let overflow = Counter { jail: "sshd".into(), failures: u64::MAX, bans: 0 };
    let changes = vec![
        Change::Ban(rig::ban("sshd", 7, 7, None)),
        Change::Position { source: b"log".to_vec(), position: Some(vec![7, 0, 0, 0]) },
        Change::Counted(overflow),
    ];
    store.commit(&Batch { changes }, Durability::Now).unwrap_err();
    assert_eq!(rig::assert_whole_steps(&store), Some(0));
    store.commit(&rig::step(1), Durability::Soon).unwrap();
    assert_eq!(rig::assert_whole_steps(&store), Some(1));
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let reason = format!("x{}", "é".repeat(10_000));
    let changes = vec![Change::Ban(Ban { reason, ..rig::ban("sshd", 1, 1, None) })];
    store.commit(&Batch { changes }, Durability::Soon).unwrap();
    store.live_bans(|ban| assert_eq!(ban.reason.len(), store::MAX_REASON - 1)).unwrap();
}

#[test]
fn the_history_of_an_address_has_the_networks_around_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let nets = ["192.0.2.1/32", "192.0.2.0/24", "192.0.2.2/32", "2001:db8::/64"];
    let changes = (1..).zip(nets).flat_map(|(at, net)| {
        let host: IpNet = net.parse().unwrap();
        let jail: Arc<str> = "sshd".into();
        let ended = Change::Ended { jail, host, at, ending: Ending::Command };
        [Change::Ban(Ban { host, ..rig::ban("sshd", 0, 0, None) }), ended]
    });
    store.commit(&Batch { changes: changes.collect() }, Durability::Soon).unwrap();
    let history = |ip: &str, limit| {
        let found = store.history_of(ip.parse().unwrap(), limit).unwrap().into_iter();
        found.map(|past| past.ban.host.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(history("192.0.2.1", 9), ["192.0.2.0/24", "192.0.2.1/32"]);
    assert_eq!(history("::ffff:192.0.2.1", 1), ["192.0.2.0/24"]);
    assert_eq!(history("2001:db8::9", 9), ["2001:db8::/64"]);
}

#[test]
fn pruning_forgets_what_is_old_in_bounded_steps() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    // Host n is banned at 10 n for 5, which is over at once.
    let changes = (0..20u32).flat_map(|number| {
        let start = i64::from(number) * 10;
        let ended = Change::Ended {
            jail: "a".into(),
            host: rig::host(number),
            at: start + 5,
            ending: Ending::Expired,
        };
        [Change::Ban(rig::ban("a", number, start, Some(start + 5))), ended]
    });
    store.commit(&Batch { changes: changes.collect() }, Durability::Soon).unwrap();
    let forever = vec![Change::Ban(rig::ban("a", 99, 0, None))];
    store.commit(&Batch { changes: forever }, Durability::Soon).unwrap();

    let prune = Prune { before: 100, keep: 1000, steps: 4 };
    let mut steps = 1;
    while store.prune(&prune).unwrap() {
        steps += 1;
    }
    assert!((3..=6).contains(&steps), "{steps}");
    let left = store.history(100).unwrap();
    assert_eq!(left.len(), 10, "those that ended from 100 on");
    assert!(left.iter().all(|past| past.ended >= 100));
    // 0, 10 .. 80 are forgotten; 90 with three times its five seconds is not.
    let known = |number| store.offence(Some("a"), rig::host(number)).unwrap().is_some();
    assert_eq!((0..20).filter(|number| known(*number)).collect::<Vec<_>>(), (9..20).collect::<Vec<_>>());
    assert!(known(99), "a ban for ever is remembered");

    while store.prune(&Prune { keep: 3, ..prune }).unwrap() {}
    assert_eq!(store.history(100).unwrap().len(), 3);
}
