use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Time {
    Time::from_secs(seconds)
}

fn host(text: &str) -> IpNet {
    text.parse().unwrap()
}

/// For ten minutes, at `time`, which is also now.
fn attempt(jail: JailId, net: &str, time: i64) -> Attempt {
    Attempt { jail, host: host(net), time: at(time), now: at(time), failures: 5, earlier: 0 }
}

fn minutes(minutes: u64) -> Length {
    Some(Duration::from_secs(minutes * 60)).into()
}

#[test]
fn a_name_keeps_its_number() {
    let mut book = Book::new(10);
    let (sshd, nginx) = (book.jail("sshd"), book.jail("nginx"));
    assert_eq!(book.jail("sshd"), sshd);
    assert_eq!(book.find_jail("nginx"), Some(nginx));
    assert_eq!(book.find_jail("other"), None);
    assert_eq!(book.name(nginx), "nginx");
}

#[test]
fn a_second_ban_starts_only_when_the_first_is_over() {
    let mut book = Book::new(10);
    let jail = book.jail("sshd");
    let first = book.decide(&attempt(jail, "192.0.2.1/32", 100), minutes(10));
    assert!(matches!(first, Decision::Ban { ban, .. } if ban.until == Some(at(700)) && ban.count == 1));

    let earlier = book.decide(&attempt(jail, "192.0.2.1/32", 50), minutes(10));
    assert!(
        matches!(earlier, Decision::AlreadyBanned { ban, prolonged: false } if ban.until == Some(at(700)))
    );
    let later = book.decide(&attempt(jail, "192.0.2.1/32", 400), minutes(10));
    assert!(matches!(later, Decision::AlreadyBanned { ban, prolonged: true } if ban.until == Some(at(1000))));
    assert_eq!(book.next_end(), Some(at(1000)));

    let ended = book.decide(&attempt(jail, "192.0.2.1/32", 1000), minutes(10));
    assert!(matches!(ended, Decision::Ban { ban, .. } if ban.start == at(1000)));
    assert_eq!(book.len(), 1);
}

#[test]
fn a_ban_in_force_is_prolonged_by_the_length_for_that() {
    let mut book = Book::new(10);
    let jail = book.jail("sshd");
    let length = Length { new: Some(Duration::from_secs(4800)), again: Some(Duration::from_secs(600)) };
    book.decide(&attempt(jail, "192.0.2.1/32", 0), length);
    let again = book.decide(&attempt(jail, "192.0.2.1/32", 4000), length);
    assert!(matches!(again, Decision::AlreadyBanned { prolonged: false, .. }));
    let again = book.decide(&attempt(jail, "192.0.2.1/32", 4300), length);
    assert!(matches!(again, Decision::AlreadyBanned { ban, prolonged: true } if ban.until == Some(at(4900))));
}

#[test]
fn for_ever_never_ends_and_prolongs_what_would() {
    let mut book = Book::new(10);
    let jail = book.jail("sshd");
    book.decide(&attempt(jail, "192.0.2.1/32", 0), minutes(10));
    let again = book.decide(&attempt(jail, "192.0.2.1/32", 1), None.into());
    assert!(matches!(again, Decision::AlreadyBanned { ban, prolonged: true } if ban.until.is_none()));
    assert_eq!(book.next_end(), None);
    assert_eq!(book.expire(Time::from_micros(i64::MAX)).count(), 0);
}

#[test]
fn what_would_be_over_by_now_is_no_ban() {
    let mut book = Book::new(10);
    let jail = book.jail("sshd");
    let late = Attempt { now: at(700), ..attempt(jail, "192.0.2.1/32", 100) };
    assert_eq!(book.decide(&late, minutes(10)), Decision::Over);
    assert!(book.is_empty());
}

#[test]
fn bans_end_in_order_and_at_their_time() {
    let mut book = Book::new(10);
    let jail = book.jail("sshd");
    for (net, time) in [("192.0.2.3/32", 30), ("192.0.2.1/32", 10), ("2001:db8::/64", 20)] {
        book.decide(&attempt(jail, net, time), minutes(1));
    }
    assert_eq!(book.expire(at(69)).count(), 0);
    let ended: Vec<_> = book.expire(at(80)).map(|ban| ban.host.to_string()).collect();
    assert_eq!(ended, ["192.0.2.1/32", "2001:db8::/64"]);
    assert_eq!((book.len(), book.len_of(jail)), (1, 1));
}

#[test]
fn a_full_book_gives_up_the_ban_that_ends_first() {
    let mut book = Book::new(2);
    let jail = book.jail("sshd");
    book.decide(&attempt(jail, "192.0.2.1/32", 10), minutes(9));
    book.decide(&attempt(jail, "192.0.2.2/32", 10), minutes(5));
    let third = book.decide(&attempt(jail, "192.0.2.3/32", 10), minutes(1));
    assert!(
        matches!(third, Decision::Ban { displaced: Some(ban), .. } if ban.host == host("192.0.2.2/32")),
        "{third:?}"
    );
    assert_eq!(book.len(), 2);
}

#[test]
fn an_address_is_found_in_every_jail_and_every_network_around_it() {
    let mut book = Book::new(10);
    let (sshd, nginx) = (book.jail("sshd"), book.jail("nginx"));
    for (jail, net) in
        [(sshd, "192.0.2.1/32"), (nginx, "192.0.2.1/32"), (sshd, "192.0.2.0/24"), (sshd, "::/0")]
    {
        book.decide(&attempt(jail, net, 0), minutes(1));
    }
    let covering = |book: &Book, ip: &str| {
        let mut found: Vec<_> =
            book.covering(ip.parse().unwrap()).map(|ban| (ban.jail, ban.host.to_string())).collect();
        found.sort();
        found
    };
    let (single, net) = ("192.0.2.1/32".to_owned(), "192.0.2.0/24".to_owned());
    let all = [(sshd, net.clone()), (sshd, single.clone()), (nginx, single)];
    assert_eq!(covering(&book, "192.0.2.1"), all);
    assert_eq!(covering(&book, "::ffff:192.0.2.1"), all);
    assert_eq!(covering(&book, "192.0.2.9"), [(sshd, net)]);
    book.remove(sshd, host("192.0.2.0/24")).unwrap();
    assert_eq!(covering(&book, "192.0.2.9"), []);
    assert_eq!(covering(&book, "2001:db8::1").len(), 1);
}

#[test]
fn a_restored_ban_stands_as_it_was() {
    let mut book = Book::new(10);
    let jail = book.jail("sshd");
    let ban =
        Ban { jail, host: host("192.0.2.1/32"), start: at(1), until: Some(at(9)), failures: 7, count: 3 };
    book.reserve(1);
    assert_eq!(book.restore(ban), None);
    assert_eq!(book.restore(Ban { until: None, ..ban }), None);
    assert_eq!(book.get(jail, ban.host), Some(Ban { until: None, ..ban }));
    assert_eq!(book.len(), 1);
}

proptest! {
    #[test]
    fn agrees_with_a_list(steps in proptest::collection::vec((0u8..5, 0u16..3, 0u8..5, 0i64..50), 0..150)) {
        let mut book = Book::new(6);
        let jails = ["a", "b", "c"].map(|name| book.jail(name));
        let mut list: Vec<Ban> = Vec::new();
        for (what, jail, last, time) in steps {
            let jail = jails[usize::from(jail)];
            let net = format!("192.0.2.{last}/32");
            match what {
                0 => {
                    let taken = book.remove(jail, host(&net));
                    let at = list.iter().position(|ban| ban.jail == jail && ban.host == host(&net));
                    prop_assert_eq!(taken, at.map(|at| list.remove(at)));
                }
                1 => {
                    let ended: Vec<_> = book.expire(at(time)).collect();
                    prop_assert!(ended.is_sorted_by_key(|ban| ban.until));
                    let before = list.len();
                    list.retain(|ban| ban.until > Some(at(time)));
                    prop_assert_eq!(ended.len(), before - list.len());
                }
                _ => match book.decide(&attempt(jail, &net, time), Some(Duration::from_secs(20)).into()) {
                    Decision::Ban { ban, displaced } => {
                        let first = list.iter().filter_map(|ban| ban.until).min();
                        prop_assert!(displaced.is_none_or(|ban| ban.until == first));
                        list.retain(|old| (old.jail, old.host) != (jail, ban.host) && Some(*old) != displaced);
                        list.push(ban);
                    }
                    Decision::AlreadyBanned { ban, .. } => {
                        let old = list.iter_mut().find(|old| old.jail == jail && old.host == ban.host).unwrap();
                        *old = ban;
                    }
                    Decision::Over => prop_assert!(false, "now is the time of the failure"),
                },
            }
            let key = |ban: &Ban| (ban.jail, ban.host);
            let mut have: Vec<_> = book.iter().collect();
            have.sort_by_key(key);
            list.sort_by_key(key);
            prop_assert_eq!(&have, &list);
            prop_assert_eq!(book.next_end(), list.iter().filter_map(|ban| ban.until).min());
            for jail in jails {
                prop_assert_eq!(book.len_of(jail), list.iter().filter(|ban| ban.jail == jail).count());
            }
        }
    }
}
