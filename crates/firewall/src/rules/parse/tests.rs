use proptest::prelude::*;

use super::*;
use crate::rules::{Address, Log, Port, PortRange, Profiles, Protocol, Rate, Services, Unit};

const SERVICES: &str = "ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\ntftp 69/udp\nhttp 80/tcp\nrtmp 1/ddp\n";
const PROFILES: &str = "[Web]\ntitle=t\ndescription=d\nports=80,443/tcp\n
[Two Words]\ntitle=t\ndescription=d\nports=12/udp|34\n";

fn vocabulary() -> Vocabulary {
    let services = Services::parse(SERVICES);
    Vocabulary {
        profiles: Profiles::parse([("profiles", PROFILES)], &services),
        services,
        lists: ["cloudflare".to_owned()].into(),
    }
}

fn read(line: &str) -> Rule {
    Rule::read(line, &vocabulary()).unwrap_or_else(|(wrong, _)| panic!("{line}: {wrong}"))
}

/// The message, and what of the line it is about.
fn wrong(line: &str) -> (String, String) {
    let (wrong, place) = Rule::read(line, &vocabulary()).expect_err(line);
    (wrong.to_string(), line[place].to_owned())
}

#[test]
fn what_is_read_is_written_in_its_canonical_words() {
    let same = [
        "allow 22",
        "deny 80,443,8000:8080/tcp",
        "limit 22/tcp comment 'no guessing'",
        "allow log Web",
        "reject out log-all 'Two Words'",
        "allow in on eth0",
        "allow in on eth0 proto tcp",
        "route allow in on eth0 out on eth1 log from 10.0.0.0/8 port 53 to 10.9.0.1 port 53 proto udp",
        "allow from cloudflare to any port 80,443 proto tcp",
        "allow from 10.0.0.0/255.0.255.0",
        "allow from 2001:db8::5/32 to any app Web",
        "deny to 0.0.0.0/0 port 22 proto tcp",
        "deny from cloudflare to ::/0",
        "allow to any proto igmp",
        "limit 22/tcp rate 10/minute burst 5 connections 2 comment 'x'",
    ];
    for line in same {
        assert_eq!(read(line).to_string(), line);
    }
    let other = [
        ("allow ssh", "allow 22/tcp"),
        ("allow from any to any port domain", "allow 53"),
        ("deny in \"Two Words\"", "deny 'Two Words'"),
        ("allow web", "allow Web"),
        ("allow comment x 443,80/tcp", "allow 80,443/tcp comment 'x'"),
        ("allow proto tcp to any port 22 from 10.1.2.3/8", "allow from 10.0.0.0/8 to any port 22 proto tcp"),
        ("allow from 10.1.2.3/255.255.0.0", "allow from 10.1.0.0/16"),
        ("allow to any proto any", "allow to any"),
        ("allow to any port tftp", "allow 69/udp"),
        ("limit 22/tcp connections 2 rate 10/minute", "limit 22/tcp rate 10/minute connections 2"),
    ];
    for (line, canonical) in other {
        assert_eq!(read(line).to_string(), canonical, "{line}");
    }
}

#[test]
fn families_follow_from_addresses_and_protocols() {
    let families = |line| read(line).families;
    assert_eq!(families("allow 22"), Families::Both);
    assert_eq!(families("allow from cloudflare"), Families::Both);
    assert_eq!(families("allow from 10.0.0.1"), Families::V4);
    assert_eq!(families("allow to any port 22 from ::1"), Families::V6);
    assert_eq!(families("allow from 0.0.0.0/0"), Families::V4);
    assert_eq!(families("allow to any proto igmp"), Families::V4);
}

#[test]
fn a_limit_can_say_how_much() {
    let rate = Rate { count: 10, unit: Unit::Minute, burst: Some(5) };
    let limit = super::super::Limit { rate: Some(rate), connections: Some(2) };
    assert_eq!(read("limit 22/tcp rate 10/minute burst 5 connections 2").action, Action::Limit(limit));
    let place = |line| wrong(line).1;
    assert_eq!(place("limit 22 rate 10/minutes"), "10/minutes");
    assert_eq!(place("limit 22 rate 0/minute"), "0/minute");
    assert_eq!(place("limit 22 burst 5"), "burst");
    assert_eq!(place("limit 22 connections 0"), "0");
    assert_eq!(place("limit 22 connections 1 connections 2"), "connections");
    assert_eq!(wrong("allow 22 rate 10/minute").0, "Wrong number of arguments");
}

#[test]
fn each_mistake_has_the_message_of_ufw_and_its_place() {
    let cases = [
        ("allow 99999", "Bad port", "99999"),
        ("allow 80,443", "Must specify 'tcp' or 'udp' with multiple ports", "80,443"),
        ("allow nothing", "Could not find a profile matching 'nothing'", "nothing"),
        ("allow tftp/tcp", "Protocol mismatch with specified protocol tcp", "tftp/tcp"),
        ("allow 5/esp", "Invalid port with protocol 'esp'", "5/esp"),
        ("allow from 10.0.0.1/33", "Bad source address", "10.0.0.1/33"),
        ("route allow in on eth0 to nowhere", "Bad destination address", "nowhere"),
        ("allow from 10.0.0.1 to ::1", "Mixed IP versions for 'from' and 'to'", "to"),
        ("allow from any port x", "Bad port 'x'", "x"),
        ("allow from any port 1-2", "Bad port '1-2'", "1-2"),
        ("allow from any port http,ssh", "Port ranges must be numeric", "http,ssh"),
        ("allow from any port tftp to any port ssh", "Protocol mismatch (from/to)", "ssh"),
        ("allow in on eth0:1", "Bad interface name: can't use interface aliases", "eth0:1"),
        ("allow 22 in", "Invalid interface clause", "in"),
        ("allow port 22", "Need 'to' or 'from' clause", "port"),
        ("allow from any what ever", "Invalid token 'what'", "what"),
        ("allow from any log", "Option 'log' not allowed here", "log"),
        ("allow 22 comment", "Option 'comment' missing required argument", "comment"),
        ("allow to any app Web proto tcp", "Improper rule syntax", "app"),
        ("allow to any port 80 proto icmp", "Unsupported protocol 'icmp'", "icmp"),
        ("allow from cloudflare to cloudflare", "Only one of 'from' and 'to' can be a named list", "to"),
        ("permit 22", "Invalid syntax", "permit"),
        ("allow 'Two", "A quotation mark has no partner", "allow 'Two"),
        ("", "Invalid syntax", ""),
    ];
    for (line, message, place) in cases {
        let (found, found_place) = wrong(line);
        assert_eq!(found, message, "{line}");
        assert!(
            found_place == place || place == "to" && line.contains(&found_place),
            "{line}: {found_place}"
        );
    }
}

fn address() -> impl Strategy<Value = Address> {
    use std::net::{Ipv4Addr, Ipv6Addr};
    prop_oneof![
        Just(Address::Any),
        Just(Address::List("cloudflare".into())),
        (any::<u32>(), 1..=32u8).prop_map(|(address, length)| {
            Address::Net(ipnet::Ipv4Net::new(Ipv4Addr::from(address), length).unwrap().trunc().into())
        }),
        (any::<u128>(), 1..=128u8).prop_map(|(address, length)| {
            Address::Net(ipnet::Ipv6Net::new(Ipv6Addr::from(address), length).unwrap().into())
        }),
    ]
}

fn ports() -> impl Strategy<Value = Vec<PortRange>> {
    let range = (1..=60_000u16, 0..=5_000u16).prop_map(|(from, more)| from..=from + more);
    proptest::collection::vec(range, 1..=7).prop_map(|mut ports| {
        ports.sort_by_key(|range| (*range.start(), *range.end()));
        ports
    })
}

fn port() -> impl Strategy<Value = Port> {
    let profile = prop_oneof![Just("Web"), Just("Two Words")];
    prop_oneof![
        2 => Just(Port::Any),
        2 => ports().prop_map(Port::Ranges),
        1 => profile.prop_map(|name| Port::Profile(vocabulary().profiles.find(name).unwrap())),
    ]
}

fn limit() -> impl Strategy<Value = super::super::Limit> {
    let unit = proptest::sample::select(&Unit::ALL[..]);
    let rate = (1..=1_000_000u32, unit, proptest::option::of(1..=1_000_000u32))
        .prop_map(|(count, unit, burst)| Rate { count, unit, burst });
    (proptest::option::of(rate), proptest::option::of(1..=1_000_000u32))
        .prop_map(|(rate, connections)| super::super::Limit { rate, connections })
}

/// Any rule that the grammar can say.
fn rule() -> impl Strategy<Value = Rule> {
    let action = prop_oneof![
        Just(Action::Allow),
        Just(Action::Deny),
        Just(Action::Reject),
        limit().prop_map(Action::Limit)
    ];
    let direction = prop_oneof![Just(Direction::In), Just(Direction::Out), Just(Direction::Route)];
    let families = prop_oneof![Just(Families::Both), Just(Families::V4), Just(Families::V6)];
    let log = prop_oneof![Just(None), Just(Some(Log::New)), Just(Some(Log::All))];
    let interface = || proptest::option::of("[a-z]{2}[0-9]{1,3}");
    let protocol = proptest::sample::select(&Protocol::ALL[..]);
    let ends = (address(), port(), address(), port());
    (action, direction, families, log, (interface(), interface()), protocol, ends, "(#[a-zA-Z#\" é]{0,12})?")
        .prop_filter_map(
            "not to be said",
            |(action, direction, families, log, (input, output), protocol, ends, comment)| {
                let mut rule = Rule {
                    action,
                    direction,
                    families,
                    log,
                    input: input.filter(|_| direction != Direction::Out),
                    output: output.filter(|_| direction != Direction::In),
                    protocol,
                    from: super::super::Endpoint { address: ends.0, port: ends.1 },
                    to: super::super::Endpoint { address: ends.2, port: ends.3 },
                    comment,
                };
                let profile =
                    matches!(rule.from.port, Port::Profile(_)) || matches!(rule.to.port, Port::Profile(_));
                if profile {
                    rule.protocol = Protocol::Any;
                }
                let lists =
                    matches!((&rule.from.address, &rule.to.address), (Address::List(_), Address::List(_)));
                let told = rule.from.address.families().and(rule.to.address.families())?;
                rule.families = told.and(rule.families)?;
                if rule.protocol.is_ipv4_only() {
                    rule.families = rule.families.and(Families::V4)?;
                }
                let portless =
                    !rule.protocol.has_ports() && (rule.from.port != Port::Any || rule.to.port != Port::Any);
                let unclear = rule.traffic().iter().any(|traffic| {
                    traffic.protocol == Protocol::Any
                        && [traffic.from, traffic.to].into_iter().any(ports::are_several)
                });
                (!lists && !portless && !unclear).then_some(rule)
            },
        )
}

proptest! {
    #[test]
    fn every_rule_is_read_back_from_its_words(rule in rule()) {
        let line = rule.to_string();
        let read = Rule::read(&line, &vocabulary());
        prop_assert_eq!(read.as_ref(), Ok(&rule), "{}", line);
    }

    #[test]
    fn any_line_is_a_rule_or_a_mistake_with_a_place_in_it(line in "(route )?(allow|limit|deny) ([ -~é]|in on |from |to |port |app |proto |any|log |comment ){0,12}") {
        match Rule::read(&line, &vocabulary()) {
            Ok(rule) => prop_assert_eq!(Rule::read(&rule.to_string(), &vocabulary()), Ok(rule)),
            Err((_, place)) => prop_assert!(line.get(place).is_some()),
        }
    }
}
