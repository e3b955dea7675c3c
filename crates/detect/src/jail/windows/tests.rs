use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn rule(maxretry: u32, findtime: u64) -> WindowRule {
    WindowRule { maxretry, findtime: Duration::from_secs(findtime), capacity: 100 }
}

fn host(last: u8) -> IpNet {
    IpNet::from(std::net::IpAddr::from([192, 0, 2, last]))
}

fn seconds(time: f64) -> Time {
    Time::from_micros((time * 1e6) as i64)
}

/// What one address's failures at `times` lead to.
fn outcomes(rule: WindowRule, times: &[f64]) -> Vec<Outcome> {
    let mut windows = Windows::new(rule);
    times.iter().map(|time| windows.record(&host(1).into(), None, seconds(*time), || None)).collect()
}

/// Each right side was printed by Fail2Ban 1.0.2's own counter.
#[test]
fn counts_as_fail2ban_does() {
    let counting = |counts: &[u32]| counts.iter().map(|count| Outcome::Counting(*count)).collect::<Vec<_>>();
    let with_ban = |counts: &[u32], failures, time| {
        let mut outcomes = counting(counts);
        outcomes.push(Outcome::Reached { failures, time: seconds(time), bans: 0 });
        outcomes
    };
    assert_eq!(outcomes(rule(5, 600), &[0.0, 600.0, 601.0]), counting(&[1, 2, 3]));
    assert_eq!(outcomes(rule(5, 600), &[0.0, 601.0]), counting(&[1, 1]));
    assert_eq!(
        outcomes(rule(6, 600), &[0.0, 0.0, 0.0, 0.0, 500.0, 700.0, 750.0]),
        with_ban(&[1, 2, 3, 4, 5, 5], 7, 750.0)
    );
    assert_eq!(
        outcomes(rule(8, 600), &[0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0]),
        counting(&[1, 2, 3, 4, 5, 6, 7, 7, 7])
    );
    assert_eq!(
        outcomes(rule(5, 600), &[0.0, 250.0, 500.0, 750.0, 1000.0, 1250.0]),
        counting(&[1, 2, 3, 3, 3, 3])
    );
    assert_eq!(outcomes(rule(3, 600), &[100.0, 50.0, 40.0]), with_ban(&[1, 2], 3, 100.0));
    assert_eq!(
        outcomes(rule(6, 600), &[0.0, 1.0, 2.0, 599.0, 1199.0, 1200.0, 1250.0]),
        counting(&[1, 2, 3, 4, 3, 4, 5])
    );
    assert_eq!(outcomes(rule(9, 600), &[0.5, 1.25, 600.75, 601.0]), counting(&[1, 2, 3, 4]));
}

#[test]
fn a_window_is_empty_after_it_led_to_a_ban() {
    let outcomes = outcomes(rule(2, 600), &[1.0, 2.0, 3.0]);
    assert_eq!(outcomes[1], Outcome::Reached { failures: 2, time: seconds(2.0), bans: 0 });
    assert_eq!(outcomes[2], Outcome::Counting(1));
}

#[test]
fn a_failure_that_comes_too_late_does_not_count() {
    assert_eq!(
        outcomes(rule(3, 600), &[1000.0, 399.0, 400.0]),
        [Outcome::Counting(1), Outcome::Counting(1), Outcome::Counting(2)]
    );
}

#[test]
fn one_failure_is_enough_when_maxretry_is_one_or_its_weight_is() {
    let mut windows = Windows::new(rule(1, 600));
    assert_eq!(
        windows.record(&host(1).into(), None, seconds(5.0), || None),
        Outcome::Reached { failures: 1, time: seconds(5.0), bans: 0 }
    );
    windows.set_rule(rule(5, 600));
    assert_eq!(
        windows.record(&host(1).into(), None, seconds(6.0), || Some(Offence { bans: 4, last: seconds(1.0) })),
        Outcome::Reached { failures: 1, time: seconds(6.0), bans: 4 }
    );
    assert_eq!(windows.len(), 0);
}

#[test]
fn the_history_is_asked_once_a_window() {
    let mut windows = Windows::new(rule(4, 600));
    let mut asked = 0;
    let mut record = |time| {
        windows.record(&host(1).into(), None, seconds(time), || {
            asked += 1;
            // As the keeper's store has it when the first window has led to a ban.
            (asked > 1).then_some(Offence { bans: 1, last: seconds(4.0) })
        })
    };
    let outcomes = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(&mut record);
    assert_eq!(
        outcomes[3..],
        [
            Outcome::Reached { failures: 4, time: seconds(4.0), bans: 0 },
            Outcome::Counting(2),
            Outcome::Reached { failures: 2, time: seconds(6.0), bans: 1 },
        ]
    );
    assert_eq!(asked, 2);
}

#[test]
fn an_address_that_reached_the_limit_is_seen_no_more_until_it_fails_again() {
    let mut windows = Windows::new(rule(2, 600));
    windows.note_changes();
    let record = |windows: &mut Windows, time| windows.record(&host(1).into(), None, seconds(time), || None);
    record(&mut windows, 10.0);
    record(&mut windows, 20.0);
    assert_eq!((windows.len(), windows.window(host(1)), windows.iter().count()), (0, None, 0));
    assert_eq!(windows.take_changes(), [(host(1), None)]);
    windows.expire(seconds(1000.0), 10);
    assert_eq!((windows.take_changes(), windows.dropped()), (vec![], 0));
    record(&mut windows, 10.0);
    record(&mut windows, 20.0);
    // Long before: no window says that it comes too late.
    assert_eq!(record(&mut windows, -5000.0), Outcome::Counting(1));
    let window = Window { first: seconds(-5000.0), last: seconds(-5000.0), count: 1, failures: 1 };
    assert_eq!((windows.len(), windows.window(host(1))), (1, Some(window)));
    assert_eq!(windows.take_changes(), [(host(1), Some(window))]);
}

#[test]
fn a_new_rule_keeps_what_was_counted() {
    let mut windows = Windows::new(rule(5, 600));
    windows.record(&host(1).into(), None, seconds(0.0), || None);
    windows.record(&host(1).into(), None, seconds(1.0), || None);
    windows.set_rule(rule(3, 60));
    assert_eq!(
        windows.record(&host(1).into(), None, seconds(2.0), || None),
        Outcome::Reached { failures: 3, time: seconds(2.0), bans: 0 }
    );
}

#[test]
fn extreme_times_do_not_overflow() {
    let mut windows = Windows::new(rule(9, 600));
    for time in [i64::MIN, 0, i64::MAX, i64::MIN, -1] {
        windows.record(&host(1).into(), None, Time::from_micros(time), || None);
    }
    assert_eq!(windows.window(host(1)).unwrap().last, Time::from_micros(i64::MAX));
}

#[test]
fn a_full_table_drops_an_address_that_is_idle_and_says_so() {
    let mut windows = Windows::new(WindowRule { capacity: 2, ..rule(9, 600) });
    for last in [1, 2, 3, 1, 4] {
        windows.record(&host(last).into(), None, seconds(1.0), || None);
    }
    assert_eq!((windows.dropped(), windows.len()), (3, 2));
    assert_eq!(windows.window(host(4)).unwrap().count, 1);
}

#[test]
fn expiry_goes_in_bounded_steps_and_keeps_what_still_counts() {
    let mut windows = Windows::new(rule(9, 600));
    for last in 1..=5 {
        windows.record(&host(last).into(), None, seconds(f64::from(last)), || None);
    }
    windows.expire(seconds(604.0), 2);
    assert_eq!(windows.len(), 3);
    windows.expire(seconds(604.0), 3);
    assert_eq!(windows.len(), 2, "exactly findtime old still counts");
}

#[test]
fn twenty_thousand_addresses_cost_under_two_megabytes() {
    let mut windows = Windows::new(WindowRule { capacity: 200_000, ..rule(9, 600) });
    for address in 0..20_000u32 {
        windows
            .record(&IpNet::from(std::net::IpAddr::V4(address.into())).into(), None, seconds(1.0), || None);
    }
    assert!(windows.memory() < 2_500_000, "{}", windows.memory());
}

#[test]
fn what_is_packed_for_the_store_comes_back() {
    let window = Window { first: seconds(-5.5), last: seconds(7e9), count: u32::MAX, failures: 3 };
    assert_eq!(Window::from_bytes(&window.to_bytes()), Some(window));
    assert_eq!(Window::from_bytes(&window.to_bytes()[1..]), None);
    assert_eq!(Window::from_bytes(&[0; 25]), None);
}

proptest! {
    /// A store that is told the changes, however they are batched, holds what the windows hold.
    #[test]
    fn changes_replayed_give_the_same_windows(
        steps in proptest::collection::vec((0u8..6, 1u8..8, 0u32..2000), 0..120),
    ) {
        let mut windows = Windows::new(WindowRule { capacity: 4, ..rule(4, 600) });
        windows.note_changes();
        let mut stored = HashMap::new();
        let mut commit = |windows: &mut Windows| {
            let mut seen = std::collections::HashSet::new();
            for (host, window) in windows.take_changes() {
                match window {
                    Some(window) => {
                        assert!(seen.insert(host), "given twice");
                        stored.insert(host, window);
                    }
                    None => drop(stored.remove(&host)),
                }
            }
            assert_eq!(windows.iter().collect::<HashMap<_, _>>(), stored);
        };
        for (what, address, time) in steps {
            let time = seconds(f64::from(time));
            match what {
                0 => windows.forget(host(address)),
                1 => windows.expire(time, 2),
                2 => commit(&mut windows),
                _ => drop(windows.record(&host(address).into(), None, time, || None)),
            }
        }
        commit(&mut windows);
    }
}
