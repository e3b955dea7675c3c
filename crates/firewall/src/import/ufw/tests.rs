use super::*;
use crate::rules::{Profiles, Services};

const PROFILES: &str = "[Mixed up]\ntitle=t\ndescription=d\nports=12/udp|34/tcp\n";

fn vocabulary() -> Vocabulary {
    let services = Services::parse("ssh 22/tcp");
    Vocabulary { profiles: Profiles::parse([("p", PROFILES)], &services), services, ..Vocabulary::default() }
}

fn import(v4: &str, v6: &str, defaults: &str, conf: &str) -> Import {
    let file = |name, text| File { name, text };
    let rules = [file("user.rules", v4), file("user6.rules", v6)];
    read(&Files { rules, defaults: file("default", defaults), conf: file("ufw.conf", conf) }, &vocabulary())
}

fn tuples(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("### tuple ### {line}\n-A something\n\n")).collect()
}

fn rules(v4: &[&str], v6: &[&str]) -> Vec<String> {
    import(&tuples(v4), &tuples(v6), "", "").rules.iter().map(ToString::to_string).collect()
}

#[test]
fn a_tuple_is_a_rule() {
    let v4 = [
        "limit tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=6d696e6520c3a9",
        "deny tcp 80,443 0.0.0.0/0 any 10.0.0.0/8 in",
        "allow_log-all udp 99 1.2.3.4 any 0.0.0.0/0 in_eth0",
        "route:allow_log any 25 0.0.0.0/0 any 0.0.0.0/0 in_eth0!out_eth1",
        "reject any any 0.0.0.0/0 any 0.0.0.0/0 out_eth1",
        "allow udp 12 0.0.0.0/0 any 0.0.0.0/0 Mixed%20up - in",
        "allow tcp 34 0.0.0.0/0 any 0.0.0.0/0 Mixed%20up - in",
        "allow igmp any 0.0.0.0/0 any 0.0.0.0/0 in",
    ];
    let v6 = ["limit tcp 22 ::/0 any ::/0 in comment=6d696e6520c3a9", "deny any 99 ::/0 any ::/0 in"];
    let wanted = [
        "limit 22/tcp comment 'mine é'",
        "deny from 10.0.0.0/8 to any port 80,443 proto tcp",
        "allow in on eth0 log-all to 1.2.3.4 port 99 proto udp",
        "route allow in on eth0 out on eth1 log to 0.0.0.0/0 port 25",
        "reject out on eth1 to 0.0.0.0/0",
        "allow to 0.0.0.0/0 app 'Mixed up'",
        "allow to any proto igmp",
        "deny to ::/0 port 99",
    ];
    assert_eq!(rules(&v4, &v6), wanted);
}

#[test]
fn a_profile_that_is_gone_leaves_its_ports() {
    let found = import(&tuples(&["allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 Gone - in"]), "", "", "");
    assert_eq!(found.rules[0].to_string(), "allow to 0.0.0.0/0 port 80,443 proto tcp");
    assert_eq!((found.notes[0].kind, found.notes[0].line), (Kind::Changed, 1));
}

#[test]
fn settings_are_taken_over_and_what_they_cannot_say_here_is_named() {
    let defaults = "IPV6=no\n#DEFAULT_INPUT_POLICY=\"DROP\"\nDEFAULT_INPUT_POLICY=\"REJECT\"\nDEFAULT_OUTPUT_POLICY=ACCEPT\nDEFAULT_APPLICATION_POLICY=\"DROP\"\nMANAGE_BUILTINS=yes\nIPT_MODULES=\"nf_conntrack_ftp\"\n";
    let v4 =
        tuples(&["allow any 53 0.0.0.0/0 any 0.0.0.0/0 in", "allow any any 0.0.0.0/0 any 10.0.0.0/8 in"]);
    let found = import(&v4, "", defaults, "ENABLED=yes\nLOGLEVEL=medium\n");
    assert_eq!(found.defaults, [(Way::Incoming, Stance::Reject), (Way::Outgoing, Stance::Allow)]);
    let rest = (found.enabled, found.logging, found.new_profiles);
    assert_eq!(rest, (Some(true), Some(Logging::Medium), Some(NewProfiles::Deny)));
    assert_eq!(
        found.rules.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["allow 53", "allow from 10.0.0.0/8"]
    );
    let lines: Vec<usize> = found.notes.iter().map(|note| note.line).collect();
    assert_eq!(lines, [6, 7, 1], "{:#?}", found.notes);
}

#[test]
fn what_is_no_rule_is_named() {
    let v4 = tuples(&[
        "allow tcp 22",
        "allow nonsense 22 0.0.0.0/0 any 0.0.0.0/0 in",
        "allow tcp 1 0.0.0.0/0 any ? in",
    ]);
    let found = import(&v4, "", "", "");
    assert_eq!(found.rules, []);
    assert_eq!(found.notes.iter().map(|note| note.line).collect::<Vec<_>>(), [1, 4, 7]);
}

#[test]
fn a_comment_that_no_rule_can_have_is_left_out_and_told() {
    let found = import(&tuples(&["allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=6127620a63"]), "", "", "");
    assert_eq!(found.rules[0].to_string(), "allow to 0.0.0.0/0 port 22 proto tcp");
    assert_eq!((found.notes[0].kind, found.notes[0].line), (Kind::Changed, 1));
}

#[test]
fn changes_of_the_frame_are_named_both_ways() {
    let file = File { name: "before.rules", text: "# mine\n*filter\n-A mine\n  COMMIT\n" };
    let notes = changes(file, "*filter\n-A theirs\n\nCOMMIT\n");
    let said: Vec<_> = notes.iter().map(|note| (note.line, note.text.as_str())).collect();
    assert_eq!(said, [(3, "-A mine"), (0, "-A theirs")]);
}
