use proptest::prelude::*;

use super::*;

fn import(texts: &[&str]) -> Import {
    let files: Vec<File<'_>> = texts.iter().map(|text| File { name: "saved", text }).collect();
    read(&files, &Vocabulary::default())
}

/// The rules that lines of `INPUT` become, and the notes, `LINE KIND: WHY`.
fn input(policy: &str, lines: &[&str]) -> (Vec<String>, Vec<String>) {
    let rules: String = lines.iter().map(|line| format!("-A {line}\n")).collect();
    let text = format!("*filter\n:INPUT {policy} [0:0]\n:mine - [0:0]\n:log - [0:0]\n{rules}COMMIT\n");
    // IPv6 has nothing to say of its own, so that a rule is written as it would be for both.
    let found = import(&[&text, "# ip6tables-save\n*filter\n:INPUT ACCEPT [0:0]\n"]);
    let note = |note: &Note| format!("{} {}: {}", note.line.saturating_sub(4), note.kind.name(), note.why);
    let about_lines = found.notes.iter().filter(|note| note.line > 0);
    (found.rules.iter().map(ToString::to_string).collect(), about_lines.map(note).collect())
}

#[track_caller]
fn assert_rules(policy: &str, lines: &[&str], wanted: &[&str]) -> Vec<String> {
    let (rules, notes) = input(policy, lines);
    assert_eq!(rules, wanted, "{notes:#?}");
    notes
}

#[test]
fn what_a_line_asks_for_becomes_a_rule() {
    let notes = assert_rules(
        "DROP",
        &[
            "INPUT -i lo -j ACCEPT",
            "INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "INPUT -m conntrack --ctstate INVALID -j DROP",
            "INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT",
            "INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m comment --comment \"it's me\" -j ACCEPT",
            "INPUT -s 198.51.100.7/32 -j DROP",
            "INPUT -s 10.0.0.0/255.0.0.0 -i eth1 -p udp -m udp --sport 53 --dport 1024:65535 -j REJECT --reject-with icmp-port-unreachable",
            "INPUT -p tcp -m multiport --dports 80,443,8000:8100 -j ACCEPT",
            "INPUT -m iprange --src-range 192.0.2.4-192.0.2.9 -j ACCEPT",
            "INPUT ! -i lo -d 127.0.0.0/8 -j REJECT",
        ],
        &[
            "allow 22/tcp comment 'it\"s me'",
            "deny from 198.51.100.7",
            "reject in on eth1 from 10.0.0.0/8 port 53 to any port 1024:65535 proto udp",
            "allow 80,443,8000:8100/tcp",
            "allow from 192.0.2.4/30",
            "allow from 192.0.2.8/31",
        ],
    );
    assert_eq!(notes.len(), 5, "{notes:#?}");
    assert!(notes.iter().all(|note| note.contains("already")), "{notes:#?}");
}

#[test]
fn what_cannot_be_carried_over_is_named_with_its_line() {
    let notes = assert_rules(
        "ACCEPT",
        &[
            "INPUT -p tcp -m string --string x --algo bm -j DROP",
            "INPUT ! -s 10.0.0.0/8 -j DROP",
            "INPUT -p sctp -j DROP",
            "INPUT -m limit --limit 5/min -j ACCEPT",
            "INPUT -p tcp -j TARPIT",
            "INPUT -p icmp -j DROP",
            "INPUT -m connlimit --connlimit-above 9 --connlimit-mask 24 -j DROP",
            "INPUT -j",
        ],
        &[],
    );
    let wanted = [
        "1 lost: the match string has no counterpart",
        "2 lost: nothing here says `not`: ! -s",
        "3 lost: no rule can be about the protocol sctp",
        "4 lost: no limit counts all sources together",
        "5 lost: TARPIT has no counterpart",
        "6 lost: the ICMP that a host needs is always let in",
        "7 lost: networks are not counted as one source, but for an IPv6 /64",
        "8 lost: -j is not known here",
    ];
    assert_eq!(notes, wanted);
}

#[test]
fn connlimit_and_recent_limit_what_is_let_in_behind_them() {
    let guide = [
        "INPUT -p tcp -m tcp --dport 22 -m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr -j REJECT --reject-with icmp-port-unreachable",
        "INPUT -p tcp -m tcp --dport 22 -m state --state NEW -m recent --set --name SSH --mask 255.255.255.255 --rsource",
        "INPUT -p tcp -m tcp --dport 22 -m state --state NEW -m recent --update --seconds 60 --hitcount 4 --name SSH --mask 255.255.255.255 --rsource -j DROP",
    ];
    let limited = "limit 22/tcp rate 3/minute burst 3 connections 3";
    let notes = assert_rules("ACCEPT", &guide, &[limited]);
    assert_eq!(notes.len(), 1, "{notes:#?}");
    assert!(notes[0].starts_with("3 changed: it is `rate 3/minute burst 3`"), "{notes:#?}");
    assert_rules("DROP", &[&guide[..], &["INPUT -p tcp --dport 22 -j ACCEPT"]].concat(), &[limited]);
    let friends = "INPUT -s 192.0.2.0/24 -j ACCEPT";
    let wanted =
        ["limit from 192.0.2.0/24 to any port 22 proto tcp connections 3", "allow from 192.0.2.0/24"];
    assert_rules("DROP", &[guide[0], friends], &wanted);
    // Who is let in before is not limited.
    assert_rules("ACCEPT", &[friends, guide[0]], &["allow from 192.0.2.0/24", "limit 22/tcp connections 3"]);
    let notes = assert_rules("DROP", &guide, &[]);
    assert!(notes.iter().any(|note| note.contains("nothing lets in what it limits")), "{notes:#?}");
}

#[test]
fn the_limit_of_ufw_is_known_and_so_is_a_list_that_is_entered_behind() {
    let set = "INPUT -p tcp --dport 22 -m recent --set --name x --rsource";
    let check = |hits| {
        format!(
            "INPUT -p tcp --dport 22 -m recent --update --seconds 30 --hitcount {hits} --name x --rsource -j DROP"
        )
    };
    assert_eq!(assert_rules("ACCEPT", &[set, &check(6)], &["limit 22/tcp"]), Vec::<String>::new());
    let behind = format!("{set} -j ACCEPT");
    assert_eq!(assert_rules("DROP", &[&check(5), &behind], &["limit 22/tcp"]), Vec::<String>::new());
    let notes = assert_rules("ACCEPT", &[&check(6)], &[]);
    assert_eq!(notes, ["1 lost: nothing enters what it counts into its list"]);
    let other = "INPUT -p tcp --dport 23 -m recent --set --name x --rsource";
    let notes = assert_rules("ACCEPT", &[other, &check(6)], &[]);
    assert_eq!(notes, ["2 lost: it counts other connections than it refuses"]);
}

#[test]
fn hashlimit_is_a_rate() {
    let over = "INPUT -p tcp --dport 25 -m hashlimit --hashlimit-above 10/min --hashlimit-burst 7 --hashlimit-mode srcip --hashlimit-name mail -j DROP";
    assert_rules("ACCEPT", &[over], &["limit 25/tcp rate 10/minute burst 7"]);
    let within = over.replace("above", "upto").replace("DROP", "ACCEPT");
    assert_rules("DROP", &[&within], &["limit 25/tcp rate 10/minute burst 7"]);
}

#[test]
fn chains_are_followed_where_that_is_simple() {
    let notes = assert_rules(
        "DROP",
        &[
            "INPUT -i eth0 -j mine",
            "INPUT -s 203.0.113.0/24 -j log",
            "mine -p tcp --dport 80 -j ACCEPT",
            "mine -s 10.0.0.0/8 -j RETURN",
            "mine -p tcp --dport 81 -j ACCEPT",
            "log -m limit --limit 3/min -j LOG --log-prefix \"x \"",
            "log -j DROP",
        ],
        &["allow in on eth0 to any port 80 proto tcp", "deny log from 203.0.113.0/24"],
    );
    let wanted = [
        "4 lost: what returns here would be asked by the lines behind it",
        "5 lost: it stands behind a line that is not understood",
    ];
    assert_eq!(notes, wanted);
}

#[test]
fn a_last_line_about_everything_is_the_default_policy() {
    let found = |lines: &[&str]| {
        let rules: String = lines.iter().map(|line| format!("-A {line}\n")).collect();
        import(&[&format!("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n{rules}")])
    };
    let all =
        found(&["INPUT -p tcp --dport 22 -j ACCEPT", "INPUT -j LOG", "INPUT -j REJECT", "INPUT -j ACCEPT"]);
    let defaults =
        [(Way::Incoming, Stance::Reject), (Way::Outgoing, Stance::Allow), (Way::Routed, Stance::Deny)];
    assert_eq!(all.defaults, defaults);
    assert_eq!(all.rules.iter().map(ToString::to_string).collect::<Vec<_>>(), ["allow 22/tcp"]);
    assert_eq!(all.notes.iter().filter(|note| note.why == "no packet comes so far").count(), 1);
    let logged =
        found(&["INPUT -p tcp --dport 23 -j LOG", "INPUT -p tcp --dport 23 -j DROP", "INPUT -p udp -j LOG"]);
    assert_eq!(logged.rules[0].to_string(), "deny log 23/tcp");
    assert_eq!(logged.notes.iter().filter(|note| note.kind == Kind::Lost).count(), 1);
}

#[test]
fn what_other_programs_see_to_is_left_to_them() {
    let text = "*nat\n-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n:DOCKER-USER - [0:0]\n-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n-A FORWARD -j DOCKER-USER\n-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n-A f2b-sshd -s 192.0.2.1/32 -j REJECT\n-A f2b-sshd -j RETURN\nCOMMIT\n";
    let found = import(&[text]);
    assert_eq!(found.rules, []);
    let of =
        |kind| found.notes.iter().filter(|note| note.kind == kind).map(|note| note.line).collect::<Vec<_>>();
    assert_eq!(of(Kind::Others), [2, 9, 10, 11, 12]);
    assert_eq!(of(Kind::Lost), [3]);
}

#[test]
fn both_families_become_one_list() {
    let v4 = "# iptables-save\n*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n";
    let v6 = "# ip6tables-save\n*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp --dport 23 -j DROP\n";
    let rules = |texts: &[&str]| import(texts).rules.iter().map(ToString::to_string).collect::<Vec<_>>();
    let wanted = ["allow 22/tcp", "allow from 10.0.0.0/8", "deny to ::/0 port 23 proto tcp", "allow to ::/0"];
    assert_eq!(rules(&[v4, v6]), wanted);
    assert_eq!(import(&[v4, v6]).defaults[0], (Way::Incoming, Stance::Deny));
    let alone = import(&[v4]);
    assert_eq!(alone.rules[0].families, Families::Both);
    assert!(alone.notes[0].why.starts_with("IPv6 had no rules"), "{:?}", alone.notes);
}

/// Pieces of lines, put together in any way.
fn line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("-p tcp"),
        Just("-p udp"),
        Just("-s 10.0.0.0/8"),
        Just("-d 192.0.2.1"),
        Just("-i eth0"),
        Just("--dport 22"),
        Just("-m multiport --dports 1,2,3:9"),
        Just("-m connlimit --connlimit-above 2"),
        Just("-m recent --set --name a"),
        Just("-m recent --update --seconds 9 --hitcount 3 --name a"),
        Just("-m state --state NEW"),
        Just("-m iprange --src-range 10.0.0.1-10.0.0.9"),
        Just("!"),
        Just("-m comment --comment \"x y\""),
    ];
    let target = prop_oneof![
        Just("-j ACCEPT"),
        Just("-j DROP"),
        Just("-j REJECT"),
        Just("-j LOG"),
        Just("-j RETURN"),
        Just("-j a"),
        Just("-j b"),
        Just(""),
        Just("-j f2b-x")
    ];
    let chain = prop_oneof![Just("INPUT"), Just("OUTPUT"), Just("FORWARD"), Just("a"), Just("b")];
    (chain, proptest::collection::vec(piece, 0..4), target)
        .prop_map(|(chain, pieces, target)| format!("-A {chain} {} {target}\n", pieces.join(" ")))
}

proptest! {
    /// Each rule can be written and read, and each line is a rule, a note, or part of a limit.
    #[test]
    fn no_line_is_dropped_quietly(lines in proptest::collection::vec(line(), 1..12)) {
        let text = format!("*filter\n:INPUT ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n{}", lines.concat());
        let found = import(&[&text]);
        for rule in &found.rules {
            let read = Rule::read(&rule.to_string(), &Vocabulary::default());
            prop_assert_eq!(read.as_ref(), Ok(rule));
        }
        if found.rules.is_empty() {
            let silent = lines.iter().zip(5..).filter(|(line, number)| {
                // A line in the log shares the fate of the rule behind it.
                let counts = ["--set", "-j a", "-j b", "-j LOG"].iter().any(|part| line.contains(part));
                let unreached = line.starts_with("-A a") || line.starts_with("-A b");
                !counts && !unreached && !found.notes.iter().any(|note| note.line == *number)
            });
            prop_assert_eq!(silent.count(), 0, "{}\n{:#?}", text, found.notes);
        }
    }
}
