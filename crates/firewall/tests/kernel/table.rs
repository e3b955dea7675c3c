//! The table, as others see it and as they change it.

use std::time::Duration;

use firewall::{Applied, Ban, Event, Firewall, FirewallError, Remaining};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use crate::isolated::isolated;
use crate::network::nft;
use crate::{ban, firewall, jail, policy};

fn remaining(firewall: &mut Firewall, ban: &Ban) -> Option<Duration> {
    firewall.holds(&ban.jail, &ban.net).unwrap().map(|remaining| match remaining {
        Remaining::For(time) => time,
        Remaining::Forever => Duration::MAX,
    })
}

#[test]
fn what_was_banned_is_held_for_its_time() {
    isolated("table::what_was_banned_is_held_for_its_time", || {
        let mut firewall = firewall(&[jail("sshd", &[22])]);
        let mut bans =
            ["192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8::/64"].map(|net| ban("sshd", net, 600));
        bans[0].left = None;
        firewall.ban(&bans).unwrap();
        assert_eq!(remaining(&mut firewall, &bans[0]), Some(Duration::MAX));
        for ban in &bans[1..] {
            let left = remaining(&mut firewall, ban).unwrap();
            assert!(left <= Duration::from_secs(600) && left > Duration::from_secs(500), "{left:?}");
        }
        assert_eq!(remaining(&mut firewall, &ban("sshd", "192.0.2.2", 0)), None);
        assert_eq!(remaining(&mut firewall, &ban("sshd", "10.0.0.0/9", 0)), None);
    });
}

#[test]
fn banning_again_gives_a_new_time_and_none_left_ends_it() {
    isolated("table::banning_again_gives_a_new_time_and_none_left_ends_it", || {
        let mut firewall = firewall(&[jail("sshd", &[22])]);
        for seconds in [600, 60, 6000] {
            let again = ban("sshd", "192.0.2.1", seconds);
            firewall.ban(&[ban("sshd", "192.0.2.1", 1), again.clone()]).unwrap();
            let left = remaining(&mut firewall, &again).unwrap();
            assert!(
                left > Duration::from_secs(seconds / 2) && left <= Duration::from_secs(seconds),
                "{left:?}"
            );
        }
        firewall.ban(&[ban("sshd", "192.0.2.1", 0)]).unwrap();
        assert_eq!(remaining(&mut firewall, &ban("sshd", "192.0.2.1", 0)), None);
        firewall.unban(&[("sshd".into(), "192.0.2.1/32".parse().unwrap())]).unwrap();
    });
}

#[test]
fn more_bans_than_one_transaction_takes_are_all_held() {
    isolated("table::more_bans_than_one_transaction_takes_are_all_held", || {
        let mut firewall = firewall(&[jail("sshd", &[22])]);
        let address = |n: u32| std::net::IpAddr::from(std::net::Ipv4Addr::from(0x0a00_0000 + n));
        let bans: Vec<_> = (0..5000).map(|n| ban("sshd", &address(n).to_string(), 600)).collect();
        firewall.ban(&bans).unwrap();
        assert!(bans.iter().all(|ban| remaining(&mut firewall, ban).is_some()));
    });
}

#[test]
fn jails_that_stay_keep_their_bans_and_others_go() {
    isolated("table::jails_that_stay_keep_their_bans_and_others_go", || {
        let mut firewall = firewall(&[jail("sshd", &[22]), jail("web", &[80])]);
        let kept = [ban("sshd", "192.0.2.1", 600), ban("sshd", "10.0.0.0/8", 600)];
        firewall.ban(&kept).unwrap();
        firewall.ban(&[ban("web", "192.0.2.1", 600)]).unwrap();
        let applied = firewall.apply(&policy(&[jail("mail", &[25]), jail("sshd", &[22, 2222])])).unwrap();
        assert_eq!(applied, Applied { emptied: vec!["mail".into()] });
        assert!(kept.iter().all(|ban| remaining(&mut firewall, ban).is_some()));
        assert!(matches!(firewall.ban(&[ban("web", "192.0.2.1", 600)]), Err(FirewallError::UnknownJail(_))));
        let listing = nft("list ruleset");
        assert!(!listing.contains("web"), "{listing}");
        // A new process finds the same.
        drop(firewall);
        let mut firewall = Firewall::open().unwrap();
        let applied = firewall.apply(&policy(&[jail("mail", &[25]), jail("sshd", &[22, 2222])])).unwrap();
        assert_eq!(applied, Applied::default());
        assert!(kept.iter().all(|ban| remaining(&mut firewall, ban).is_some()));
    });
}

#[test]
fn people_can_read_it() {
    isolated("table::people_can_read_it", || {
        let jails = [jail("sshd", &[22]), jail("my odd/jail", &[])];
        let mut firewall = firewall(&jails);
        firewall.ban(&[ban("sshd", "2001:db8::/64", 600), ban("my odd/jail", "192.0.2.0/24", 600)]).unwrap();
        let listing = nft("list ruleset");
        for line in [
            "table inet palisade {",
            "type filter hook prerouting priority raw; policy accept;",
            "tcp dport 22 jump jail_sshd",
            "ip saddr @sshd_ip4 counter name \"sshd\" goto refuse",
            "ip6 saddr & ffff:ffff:ffff:ffff:: == @sshd_ip6_64 counter name \"sshd\" goto refuse",
            "reject with tcp reset",
            "comment \"jail my odd/jail\"",
        ] {
            assert!(listing.contains(line), "{line}\n{listing}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &listing).unwrap();
        nft("flush ruleset");
        nft(&format!("include \"{}\"", file.path().display()));
        assert_eq!(
            firewall.apply(&policy(&jails)).unwrap(),
            Applied::default(),
            "nft reads its listing back"
        );
    });
}

#[test]
fn other_tables_are_left_alone() {
    isolated("table::other_tables_are_left_alone", || {
        nft(
            "table inet other { set sshd_ip4 { type ipv4_addr; elements = { 192.0.2.9 }; }; chain c { type filter hook input priority 0; }; }",
        );
        nft("table ip palisade { chain c { }; }");
        let before = nft("list ruleset");
        let mut firewall = firewall(&[jail("sshd", &[22])]);
        firewall.ban(&[ban("sshd", "192.0.2.1", 600)]).unwrap();
        firewall.remove().unwrap();
        firewall.remove().unwrap();
        assert_eq!(nft("list ruleset"), before);
    });
}

#[test]
fn what_others_put_into_the_table_goes_and_bans_stay() {
    isolated("table::what_others_put_into_the_table_goes_and_bans_stay", || {
        let mut firewall = firewall(&[jail("sshd", &[22])]);
        let kept = ban("sshd", "192.0.2.1", 600);
        firewall.ban(std::slice::from_ref(&kept)).unwrap();
        let before = nft("list chain inet palisade jail_sshd");
        for damage in [
            "insert rule inet palisade jail_sshd accept",
            "flush chain inet palisade prerouting",
            "add chain inet palisade mine { type filter hook input priority 0; policy drop; }",
            "add set inet palisade mine { type inet_service; flags interval; }",
            "add table inet palisade { flags dormant; }",
            "add counter inet palisade mine",
        ] {
            nft(damage);
            let applied = firewall.apply(&policy(&[jail("sshd", &[22])])).unwrap();
            assert_eq!(applied, Applied::default(), "{damage}");
            assert!(remaining(&mut firewall, &kept).is_some(), "{damage}");
            assert_eq!(nft("list chain inet palisade jail_sshd"), before, "{damage}");
            let listing = nft("list ruleset");
            assert!(!listing.contains("mine") && !listing.contains("dormant"), "{damage}\n{listing}");
        }
    });
}

#[test]
fn a_table_in_the_way_is_built_anew() {
    isolated("table::a_table_in_the_way_is_built_anew", || {
        // The map's element holds on to the chain, so that this cannot be taken apart piece by piece.
        nft(
            "table inet palisade { chain mine { }; map mine { type ipv4_addr : verdict; elements = { 192.0.2.1 : jump mine }; }; \
             set sshd_ip4 { type inet_service; }; chain prerouting { type filter hook input priority 0; }; }",
        );
        let mut firewall = Firewall::open().unwrap();
        let applied = firewall.apply(&policy(&[jail("sshd", &[22])])).unwrap();
        assert_eq!(applied, Applied { emptied: vec!["sshd".into()] });
        firewall.ban(&[ban("sshd", "192.0.2.1", 600)]).unwrap();
        assert!(nft("list ruleset").contains("192.0.2.1"));
    });
}

#[test]
fn the_monitor_tells_what_others_did_and_only_that() {
    isolated("table::the_monitor_tells_what_others_did_and_only_that", || {
        let jails = [jail("sshd", &[22])];
        let mut firewall = firewall(&jails);
        let mut monitor = firewall.monitor().unwrap();
        let bans = [ban("sshd", "192.0.2.1", 600), ban("sshd", "2001:db8::/64", 600)];
        firewall.ban(&bans).unwrap();
        firewall.unban(&[("sshd".into(), "192.0.2.1/32".parse().unwrap())]).unwrap();
        firewall.ban(&bans).unwrap();
        nft("add table inet other");
        assert_eq!(monitor.read(&firewall).unwrap(), []);

        nft("delete element inet palisade sshd_ip4 { 192.0.2.1 }");
        nft("flush set inet palisade sshd_ip6_64");
        assert!(poll(&mut [PollFd::new(&monitor, PollFlags::IN)], Some(&Timespec::default())).unwrap() == 1);
        let deleted = bans.clone().map(|ban| Event::ElementDeleted { jail: ban.jail, net: ban.net });
        assert_eq!(monitor.read(&firewall).unwrap(), deleted);

        nft("flush chain inet palisade jail_sshd");
        assert_eq!(monitor.read(&firewall).unwrap(), [Event::RulesChanged]);
        assert_eq!(firewall.apply(&policy(&jails)).unwrap(), Applied::default());

        nft("flush chain inet palisade jail_sshd; delete set inet palisade sshd_ip6_64");
        assert_eq!(monitor.read(&firewall).unwrap(), [Event::RulesChanged]);
        assert_eq!(firewall.apply(&policy(&jails)).unwrap().emptied, ["sshd"]);
        firewall.ban(&bans).unwrap();

        nft("delete table inet palisade");
        assert_eq!(monitor.read(&firewall).unwrap(), [Event::TableDeleted]);
        assert!(matches!(firewall.ban(&bans), Err(FirewallError::Gone { .. })));
        assert_eq!(firewall.apply(&policy(&jails)).unwrap().emptied, ["sshd"]);
        firewall.ban(&bans).unwrap();
        assert_eq!(monitor.read(&firewall).unwrap(), []);
    });
}

#[test]
fn without_the_capability_that_is_said() {
    isolated("table::without_the_capability_that_is_said", || {
        let mut sets = capabilities(None).unwrap();
        sets.effective -= CapabilitySet::NET_ADMIN;
        set_capabilities(None, sets).unwrap();
        assert!(matches!(Firewall::open(), Err(FirewallError::MissingCapability)));
    });
}

#[test]
fn a_policy_that_makes_no_sense_is_refused_and_changes_nothing() {
    isolated("table::a_policy_that_makes_no_sense_is_refused_and_changes_nothing", || {
        let mut firewall = firewall(&[jail("sshd", &[22])]);
        let before = nft("list ruleset");
        let mut empty = jail("web", &[]);
        empty.ports = firewall::Ports::Ranges(vec![]);
        assert!(matches!(firewall.apply(&policy(&[empty])), Err(FirewallError::NoPorts(_))));
        let twice = policy(&[jail("web", &[80]), jail("web", &[81])]);
        assert!(matches!(firewall.apply(&twice), Err(FirewallError::DuplicateJail(_))));
        assert!(matches!(firewall.ban(&[ban("web", "192.0.2.1", 1)]), Err(FirewallError::UnknownJail(_))));
        assert_eq!(nft("list ruleset"), before);
    });
}
