use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;
use sys::netlink::{Encoder, Messages};

use super::*;
use crate::name::Prefix;
use crate::policy::Remaining;
use crate::ruleset::{Bound, Chain, Expr, Hook, Rate, Rule, Set, Share};

/// Passes one message through the wire.
fn through<T>(write: impl FnOnce(&mut Encoder), read: impl FnOnce(&sys::netlink::Message<'_>) -> T) -> T {
    let mut encoder = Encoder::new();
    encoder.message(message_type(0), 0, 1, |message| {
        message.raw(&INET_HEADER);
        write(message);
    });
    let bytes = encoder.finish().unwrap();
    read(&Messages::new(&bytes).next().unwrap().unwrap())
}

fn net() -> impl Strategy<Value = IpNet> {
    let v4 = (any::<u32>(), 0..=32_u8)
        .prop_map(|(address, length)| IpNet::V4(Ipv4Net::new(address.into(), length).unwrap().trunc()));
    let v6 = (any::<u128>(), 0..=128_u8)
        .prop_map(|(address, length)| IpNet::V6(Ipv6Net::new(address.into(), length).unwrap().trunc()));
    v4.boxed().prop_union(v6.boxed())
}

fn rate() -> impl Strategy<Value = Rate> {
    any::<(u64, u64, u32)>().prop_map(|(count, seconds, burst)| Rate { count, seconds, burst })
}

fn expr() -> impl Strategy<Value = Expr> {
    let name = "[a-z_0-9]{1,20}";
    let bytes = || proptest::collection::vec(any::<u8>(), 1..=16);
    prop_oneof![
        any::<u32>().prop_map(Expr::LoadMeta),
        any::<(u32, u32, u32, u32)>().prop_map(|(base, offset, length, register)| Expr::LoadPayload {
            base,
            offset,
            length,
            register
        }),
        any::<(u32, bool, u32)>().prop_map(|(key, directed, register)| Expr::LoadCt {
            key,
            directed,
            register
        }),
        rate().prop_map(Expr::Within),
        (name, rate()).prop_map(|(set, rate)| Expr::Exceeds { set, share: Share::Rate(rate) }),
        (name, any::<u32>()).prop_map(|(set, count)| Expr::Exceeds { set, share: Share::Connections(count) }),
        "[A-Z \\[\\]]{1,20}".prop_map(Expr::Log),
        Just(Expr::Accept),
        bytes().prop_map(Expr::Mask),
        (any::<u32>(), bytes()).prop_map(|(operation, value)| Expr::Compare { operation, value }),
        name.prop_map(Expr::InSet),
        name.prop_map(Expr::NotInSet),
        (name, any::<bool>()).prop_map(|(set, refresh)| Expr::Put { set, refresh }),
        name.prop_map(Expr::Count),
        Just(Expr::Drop),
        name.prop_map(Expr::Jump),
        name.prop_map(Expr::Goto),
        Just(Expr::RejectTcpReset),
        Just(Expr::RejectPortUnreachable),
    ]
}

proptest! {
    #[test]
    fn rules_read_back_as_they_were_written(chain in "[a-z_]{1,20}", rule in proptest::collection::vec(expr(), 0..8)) {
        let read: Option<(String, Rule)> = through(|m| new_rule(m, &chain, &rule, None), read_rule);
        prop_assert_eq!(read, Some((chain, rule)));
    }

    #[test]
    fn elements_read_back_as_they_were_written(net in net(), timeout in proptest::option::of(1..u64::MAX)) {
        let timeout_on_wire = timeout.map_or(Timeout::Never, Timeout::In);
        let element = [(Key::of(&net), timeout_on_wire)];
        let read = through(|m| put_elements(m, "s", element.iter()), |m| {
            let (set, keys) = elements_of(m).unwrap();
            (set.to_owned(), keys.map(|key| key.net(Prefix::of(&net))).collect::<Vec<_>>())
        });
        prop_assert_eq!(read, ("s".to_owned(), vec![Some(net)]));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let message = sys::netlink::Message { kind: 0, flags: 0, sequence: 0, port: 0, body: &bytes };
        let _ = (read_rule(&message), read_chain(&message), read_set(&message), read_counter(&message));
        let _ = (read_remaining(&message), elements_of(&message).map(|(_, keys)| keys.count()));
    }
}

#[test]
fn chains_and_sets_read_back_as_they_were_written() {
    let hook = Some(Hook { number: 0, priority: -300, policy: 1 });
    let chain = Chain { hook, rules: Vec::new() };
    let read = through(|m| new_chain(m, "c", &chain, "what it is for"), read_chain);
    assert_eq!(read, Some(("c".to_owned(), chain)));
    let addresses = Set::of(Prefix::V6(64));
    for set in [addresses, Set { size: 100, timeout: 30_000, ..addresses }] {
        assert_eq!(through(|m| new_set(m, "s", &set, 1), read_set), Some(("s".to_owned(), set)));
    }
}

#[test]
fn the_end_of_an_interval_is_marked() {
    let bound = |key: &[u8], ends| Bound { key: key.to_vec(), ends };
    let bounds = [bound(&[0, 80], false), bound(&[0, 81], true)];
    let flags = through(
        |m| put_bounds(m, "s", &bounds),
        |m| {
            let list = m.attributes(FAMILY_HEADER).nested(ELEMENT_LIST_ELEMENTS);
            list.map(|(_, element)| sys::netlink::Attributes::new(element).be32(ELEMENT_FLAGS))
                .collect::<Vec<_>>()
        },
    );
    assert_eq!(flags, [None, Some(ELEMENT_ENDS_INTERVAL)]);
}

#[test]
fn an_element_without_expiration_stays_for_ever() {
    let element = |expiration: Option<u64>| {
        through(
            |m| {
                m.nest(ELEMENT_LIST_ELEMENTS, |list| {
                    list.nest(LIST_ELEM, |e| {
                        e.nest(ELEMENT_KEY, |key| key.bytes(DATA_VALUE, &[1, 2, 3, 4]));
                        expiration.iter().for_each(|time| e.be64(ELEMENT_EXPIRATION, *time));
                    });
                });
            },
            read_remaining,
        )
    };
    assert_eq!(element(None), Some(Remaining::Forever));
    assert_eq!(element(Some(1500)), Some(Remaining::For(Duration::from_millis(1500))));
}
