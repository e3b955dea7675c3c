//! Whole filters on whole lines.

use std::sync::Arc;

use proptest::prelude::*;

use super::hit::{Hit, User};
use super::plain::{self, Outcome, Scratch};
use super::text::Text;
use super::*;
use crate::{FilterSpec, Time, Usedns, Zone};

/// What a line was found to say: filter, host, seconds.
type Seen = (usize, String, i64);

fn spec(failregex: &[&str]) -> FilterSpec {
    FilterSpec {
        name: "test".to_owned(),
        failregex: failregex.iter().map(|&text| text.to_owned()).collect(),
        maxlines: 1,
        ..FilterSpec::default()
    }
}

/// In the manner of sshd: sessions, users, a conditional, look-ahead, several ways to the same words.
fn daemon() -> FilterSpec {
    FilterSpec {
        prefregex: Some(
            r"^<F-MLFID>\s*(?:\S+\s+)?srvd(?:\[\d+\])?:\s+</F-MLFID>(?:(?:error|fatal): (?:PAM: )?)?<F-CONTENT>.+</F-CONTENT>$"
                .to_owned(),
        ),
        ..spec(&[
            r"^[aA]uth (?:failure|error) for <F-USER>.*</F-USER> from <HOST>( via \S+)?(?: (?:port \d+|on \S+)){0,3}\s*$",
            r"^Failed (?:<F-NOFAIL>key</F-NOFAIL>|\S+) for (?P<inv>invalid user )?<F-USER>(?P<word>\S+)|(?(inv)(?:(?! from ).)*?|[^:]+)</F-USER> from <HOST>(?: (?:port \d+|on \S+)){0,2}(?: ssh\d*)?(?(word): |(?:(?:(?! from ).)*)$)",
            r"^[iI](?:llegal|nvalid) user <F-USER>.*?</F-USER> from <HOST>(?: (?:port \d+|on \S+|\[preauth\])){0,3}\s*$",
            r"^User <F-USER>\S+|.*?</F-USER> from <HOST> not allowed(?: \[preauth\])?\s*$",
            r"^refused \S+ \(<HOST>\)",
            r"^<F-NOFAIL>Received <F-MLFFORGET>disconnect</F-MLFFORGET></F-NOFAIL> from <HOST>(?: port \d+)?:\s*11:",
            r"^<F-NOFAIL>pam: failure;</F-NOFAIL>(?:\s+(?:uid|tty)=\S*){0,2}\s+ruser=<F-ALT_USER>\S*</F-ALT_USER>\s+rhost=<HOST>(?:\s+user=<F-USER>\S*</F-USER>)?\s*$",
            r"^<F-MLFFORGET><F-MLFGAINED>Accepted \w+</F-MLFGAINED></F-MLFFORGET> for <F-USER>\S+</F-USER> from <HOST>(?:\s|$)",
            r"^Too many failures(?: for <F-USER>\S+|.*?</F-USER>)?\s*$",
            r"^peer <HOST>(?::\d{1,5})?\]: bad",
            r"^ROOT REFUSED FROM <HOST>",
            r"^at <HOST>:\d+ end$",
            r"^gone <ADDR> port \d+$",
            r"^Denied (?:(?!bob).)*? from <HOST>$",
            r"^Maybe .*?(?:<F-NOFAIL>x </F-NOFAIL>)?.* from <HOST>$",
            r"^Wrong (?:pass(?:word|phrase)|key) for (?:invalid user )?<F-USER>.*</F-USER> from <ADDR> port \d+ ssh2$",
            r"^Wrong name of <F-USER>.*</F-USER> at <HOST> port \d+$",
            r"^Unknown user <F-USER>.*</F-USER> from \S+(?: port \d+)?$",
            r"^<F-NOFAIL><F-MLFFORGET>(?:Closed|Left) by</F-MLFFORGET></F-NOFAIL> (?:user <F-USER>.*</F-USER> )?<ADDR> port \d+(?:: enough)? \[preauth\]$",
        ])
    }
}

fn compile(spec: &FilterSpec) -> Arc<Filter> {
    let zone = Zone::parse(Some("UTC")).unwrap();
    Arc::new(Filter::compile(spec, &zone).unwrap())
}

fn now() -> Time {
    Time::from_secs(1_718_000_000)
}

fn name(host: Host<'_>) -> String {
    match host {
        Host::Address(address) => address.to_string(),
        Host::Net(net) => net.to_string(),
        Host::Name(name) => name.to_owned(),
    }
}

fn read(set: &mut FilterSet, line: &[u8]) -> Vec<Seen> {
    let mut seen = Vec::new();
    set.read(Line { text: line, time: None, ascii: false }, now(), &mut |index, failure| {
        seen.push((index, name(failure.host), failure.time.as_secs()));
    });
    seen
}

/// Who is accused by each line of a log.
fn accused(spec: &FilterSpec, lines: &[&str]) -> Vec<Option<String>> {
    let mut set = FilterSet::new(vec![compile(spec)]);
    let mut of = |line: &&str| read(&mut set, line.as_bytes()).pop().map(|(_, host, _)| host);
    lines.iter().map(&mut of).collect()
}

fn accused_by(failregex: &str, line: &str) -> Option<String> {
    accused(&spec(&[failregex]), &[line]).remove(0)
}

const AT: &str = "2024-06-10T06:00:00Z host srvd[7]: ";

fn said(messages: &[&str]) -> Vec<Option<String>> {
    let lines: Vec<String> = messages.iter().map(|message| format!("{AT}{message}")).collect();
    accused(&daemon(), &lines.iter().map(String::as_str).collect::<Vec<_>>())
}

fn some(host: &str) -> Option<String> {
    Some(host.to_owned())
}

#[test]
fn a_forged_address_in_a_user_name_accuses_nobody_else() {
    let forged = [
        "Failed password for invalid user x from 8.8.8.8 port 22 ssh2 from 203.0.113.7 port 4 ssh2",
        "Invalid user x from 8.8.8.8 port 22 from 203.0.113.7 port 4",
        "User x from 8.8.8.8 not allowed from 203.0.113.7 not allowed",
        "auth failure for x from 8.8.8.8 via y from 203.0.113.7 port 4",
    ];
    for line in forged {
        assert_eq!(said(&[line]), [some("203.0.113.7")], "{line}");
    }
}

#[test]
fn the_date_is_cut_out_of_the_line_and_is_the_failures_time() {
    let mut set = FilterSet::new(vec![compile(&spec(&[r"^\[\] bad <HOST>$"]))]);
    let seen = read(&mut set, b"[2024-06-10T06:00:01Z] bad 192.0.2.1");
    assert_eq!(seen, [(0, "192.0.2.1".to_owned(), 1_717_999_201)]);
}

#[test]
fn a_line_without_a_date_has_the_last_one_if_that_is_fresh() {
    let mut set = FilterSet::new(vec![compile(&spec(&["bad <HOST>$"]))]);
    let time = |seen: Vec<Seen>| seen[0].2;
    assert_eq!(time(read(&mut set, b"bad 192.0.2.1")), now().as_secs());
    assert_eq!(time(read(&mut set, b"2024-06-10 06:13:00 bad 192.0.2.1")), now().as_secs() - 20);
    assert_eq!(time(read(&mut set, b"bad 192.0.2.1")), now().as_secs() - 20);
    assert_eq!(time(read(&mut set, b"2024-06-10 06:00:00 bad 192.0.2.1")), now().as_secs() - 800);
    assert_eq!(time(read(&mut set, b"bad 192.0.2.1")), now().as_secs());
}

#[test]
fn the_first_pattern_that_matches_decides() {
    let both = spec(&["^x <HOST> .* y", r"^x \S+ <HOST> y"]);
    assert_eq!(accused(&both, &["x 192.0.2.1 192.0.2.2 y"]), [some("192.0.2.1")]);
}

#[test]
fn ignored_lines_are_no_failures() {
    let ignoring = FilterSpec { ignoreregex: vec!["good$".to_owned()], ..spec(&["^x <HOST>"]) };
    assert_eq!(accused(&ignoring, &["x 192.0.2.1 good", "x 192.0.2.1"]), [None, some("192.0.2.1")]);
}

#[test]
fn networks_and_ids_are_hosts_too() {
    assert_eq!(accused_by("^x <SUBNET>$", "x 192.0.2.7/24"), some("192.0.2.0/24"));
    assert_eq!(accused_by("^x <ADDR>/<CIDR>$", "x 2001:db8::1/32"), some("2001:db8::/32"));
    assert_eq!(accused_by("^x <F-ID>.*</F-ID>$", "x a b"), some("a b"));
    assert_eq!(accused_by("^x <F-ID>.*</F-ID>$", "x [192.0.2.1]"), some("192.0.2.1"));
    assert_eq!(accused_by("^x <HOST>$", "x ::ffff:192.0.2.1"), some("192.0.2.1"));
    assert_eq!(accused_by("^x <HOST>$", "x a.example"), some("a.example"));
    assert_eq!(accused_by("^x <ADDR>$", "x a.example"), None);
}

#[test]
fn a_name_is_no_host_where_names_are_not_wanted() {
    let strict = FilterSpec { usedns: Usedns::No, ..spec(&["^x <HOST>$"]) };
    assert_eq!(accused(&strict, &["x a.example", "x 192.0.2.1"]), [None, some("192.0.2.1")]);
}

#[test]
fn a_line_without_an_address_accuses_that_of_its_session() {
    let seen = said(&["Received disconnect from 192.0.2.1 port 1:11: bye", "Too many failures for x"]);
    assert_eq!(seen, [None, None], "the session was forgotten");
    let seen =
        said(&["pam: failure; uid=0 ruser= rhost=192.0.2.1", "Too many failures for x", "Too many failures"]);
    assert_eq!(seen, [None, some("192.0.2.1"), some("192.0.2.1")]);
    let seen = said(&["Too many failures", "pam: failure; uid=0 ruser= rhost=192.0.2.1"]);
    assert_eq!(seen, [None, some("192.0.2.1")], "what was pending is no longer excused");
}

#[test]
fn a_second_user_in_a_session_is_a_failure_whatever_the_line_says() {
    let first = "pam: failure; uid=0 ruser= rhost=192.0.2.1 user=a";
    assert_eq!(said(&[first, first]), [None, None]);
    assert_eq!(said(&[first, "pam: failure; uid=0 ruser=b rhost=192.0.2.1"]), [None, some("192.0.2.1")]);
    assert_eq!(said(&[first, "Accepted password for a from 192.0.2.1"]), [None, None]);
    assert_eq!(said(&[first, "Accepted password for b from 192.0.2.1"]), [None, some("192.0.2.1")]);
}

#[test]
fn sessions_are_told_apart_by_their_text_and_end_after_five_minutes() {
    let line =
        |time: &str, pid: u32, message: &str| format!("2024-06-10T06:{time}Z host srvd[{pid}]: {message}");
    let lines = [
        line("00:00", 1, "pam: failure; uid=0 ruser= rhost=192.0.2.1"),
        line("00:01", 2, "Too many failures"),
        line("05:00", 1, "Too many failures"),
        line("05:01", 1, "Too many failures"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(accused(&daemon(), &lines), [None, None, some("192.0.2.1"), None]);
}

#[test]
fn the_oldest_session_is_dropped_when_there_are_too_many() {
    let mut set = FilterSet::new(vec![compile(&daemon())]);
    let mut say = |pid: usize, message: &str| {
        read(&mut set, format!("2024-06-10T06:00:00Z host srvd[{pid}]: {message}").as_bytes()).len()
    };
    for pid in 0..=256 {
        say(pid, "pam: failure; uid=0 ruser= rhost=192.0.2.1");
    }
    assert_eq!(say(0, "Too many failures"), 0);
    assert_eq!(say(256, "Too many failures"), 1);
    assert_eq!(say(2, "Too many failures"), 1);
}

#[test]
fn fields_are_those_of_all_lines_of_a_session() {
    let mut set = FilterSet::new(vec![compile(&daemon())]);
    let mut last = Fields::default();
    for message in
        ["pam: failure; uid=0 ruser= rhost=192.0.2.1 user=a", "Invalid user b from 192.0.2.1 port 2"]
    {
        let line = format!("{AT}{message}");
        set.read(Line { text: line.as_bytes(), time: None, ascii: false }, now(), &mut |_, failure| {
            last = failure.fields()
        });
    }
    assert_eq!(last.get("user"), Some(&FieldValue::Text("b".to_owned())));
    assert_eq!(last.get("users"), Some(&FieldValue::List(vec!["a".to_owned(), "b".to_owned()])));
    assert_eq!(last.get("attempts"), Some(&FieldValue::Number(2)));
    assert_eq!(last.get("ip4"), Some(&FieldValue::Text("192.0.2.1".to_owned())));
}

#[test]
fn patterns_may_span_lines() {
    let several = FilterSpec { maxlines: 3, ..spec(&[r"^begin (\d+)<SKIPLINES>end \1 <HOST>$"]) };
    let seen =
        accused(&several, &["begin 1", "begin 2", "end 1 192.0.2.1", "end 2 192.0.2.2", "end 1 192.0.2.3"]);
    assert_eq!(seen, [None, None, some("192.0.2.1"), some("192.0.2.2"), None]);
}

#[test]
fn a_line_may_complete_a_match_that_holds_nothing_a_pattern_requires() {
    let several =
        FilterSpec { maxlines: 3, ..spec(&[r"^begin of something (\d+)<SKIPLINES>end \1 <HOST>$"]) };
    let mut set = FilterSet::new(vec![compile(&spec(&["^another <HOST>$"])), compile(&several)]);
    let mut seen = Vec::new();
    let lines = ["begin of something 1", "other", "end 1 192.0.2.1", "end 1 192.0.2.2", "another 192.0.2.3"];
    for text in lines.iter().chain(&lines[..2]).chain(&["other", "end 1 192.0.2.4"]) {
        let line = Line { text: text.as_bytes(), time: None, ascii: false };
        set.read(line, now(), &mut |filter, failure| seen.push((filter, name(failure.host))));
    }
    assert_eq!(seen, [(1, "192.0.2.1".to_owned()), (0, "192.0.2.3".to_owned())]);
}

/// The lines of each failure of a log, for somebody who asks for them.
fn told(spec: &FilterSpec, lines: &[String]) -> Vec<Vec<String>> {
    let mut set = FilterSet::new(vec![compile(spec)]);
    set.keep_lines(0);
    let mut told = Vec::new();
    for line in lines {
        let line = Line { text: line.as_bytes(), time: None, ascii: false };
        set.read(line, now(), &mut |_, failure| told.push(failure.lines().to_vec()));
    }
    told
}

#[test]
fn a_failure_tells_all_lines_of_its_session_with_their_dates() {
    let lines = [
        "pam: failure; uid=0 ruser= rhost=192.0.2.1 user=a",
        "something else",
        "Invalid user b from 192.0.2.1 port 2",
        "Invalid user c from 192.0.2.1 port 2",
    ]
    .map(|message| format!("{AT}{message}"));
    let told = told(&daemon(), &lines);
    assert_eq!(told, [vec![lines[0].clone(), lines[2].clone()], vec![lines[3].clone()]]);
}

#[test]
fn a_failure_tells_all_lines_of_its_match_but_those_it_skipped() {
    let several = FilterSpec { maxlines: 3, ..spec(&[r"^ begin (\d+)<SKIPLINES>^ end \1 <HOST>$"]) };
    let lines = ["begin 1", "other", "end 1 192.0.2.1", "begin 2", "end 2 192.0.2.2"]
        .map(|message| format!("2024-06-10T06:00:00Z {message}"));
    let told = told(&several, &lines);
    assert_eq!(told, [[0, 2], [3, 4]].map(|pair| pair.map(|at| lines[at].clone()).to_vec()));
}

#[test]
fn what_a_pattern_leaves_open_the_prefix_may_have_said() {
    let both = FilterSpec {
        prefregex: Some(
            r"^ *door(?:\(<F-USER>\w*</F-USER>,<ADDR>\))?: <F-CONTENT>.+</F-CONTENT>$".to_owned(),
        ),
        ..spec(&[r"^(?:<F-USER>\w+</F-USER>@<ADDR> )?shut$", "^locked$"])
    };
    let lines = ["door(ann,192.0.2.1): shut", "door(ann,192.0.2.1): bob@192.0.2.2 shut", "door: shut"];
    assert_eq!(accused(&both, &lines), [some("192.0.2.1"), some("192.0.2.2"), None]);
    assert_eq!(accused(&both, &["door(,2001:db8::1): locked"]), [some("2001:db8::1")]);
    let mut users = Vec::new();
    let mut set = FilterSet::new(vec![compile(&both)]);
    for line in lines {
        set.read(Line { text: line.as_bytes(), time: None, ascii: false }, now(), &mut |_, failure| {
            users.push(failure.fields().get("user").cloned());
        });
    }
    let user = |name: &str| Some(FieldValue::Text(name.to_owned()));
    assert_eq!(users, [user("ann"), user("bob")]);
}

#[test]
fn an_id_that_is_no_address_counts_for_the_address_beside_it() {
    let ids = spec(&[r"^ *session <F-ID>\S+</F-ID> (?:from <ADDR> )?refused$"]);
    let mut set = FilterSet::new(vec![compile(&ids)]);
    let mut seen = Vec::new();
    for line in ["session ab-1 from 192.0.2.1 refused", "session ab-1 refused", "session ::1 refused"] {
        set.read(Line { text: line.as_bytes(), time: None, ascii: false }, now(), &mut |_, failure| {
            seen.push((name(failure.host), failure.address().map(|address| address.to_string())));
        });
    }
    let all = [("ab-1", Some("192.0.2.1")), ("ab-1", None), ("::1", Some("::1"))];
    assert_eq!(seen, all.map(|(host, address)| (host.to_owned(), address.map(str::to_owned))));
}

#[test]
fn a_line_that_is_too_long_is_counted_and_not_matched() {
    let mut set = FilterSet::new(vec![compile(&spec(&["<HOST>$"]))]);
    let line = [b"x".repeat(1 << 20), b" 192.0.2.1".to_vec()].concat();
    assert!(read(&mut set, &line).is_empty());
    assert_eq!(set.counters()[0].overruns, 1);
}

#[test]
fn bytes_that_are_no_text_are_read_around() {
    let mut set = FilterSet::new(vec![compile(&spec(&["^\u{fffd}+ \0 <HOST>$"]))]);
    assert_eq!(read(&mut set, b"\xff\xfe \0 192.0.2.1\r").len(), 1);
}

#[test]
fn all_errors_of_a_filter_come_at_once_each_with_its_place() {
    let broken = FilterSpec {
        prefregex: Some("^(<F-CONTENT>.+</F-CONTENT>$".to_owned()),
        ignoreregex: vec!["x".to_owned(), "[".to_owned()],
        logencoding: Some("klingon".to_owned()),
        logtimezone: Some("Nowhere/Land".to_owned()),
        ..spec(&["<HOST>", "<HOST> (", " "])
    };
    let zone = Zone::parse(Some("UTC")).unwrap();
    let errors = Filter::compile(&broken, &zone).unwrap_err();
    let places: Vec<_> = errors.iter().map(|error| (error.option, error.index, error.offset)).collect();
    let all = [
        ("prefregex", 0, 1),
        ("failregex", 1, 7),
        ("failregex", 2, 0),
        ("ignoreregex", 1, 0),
        ("logtimezone", 0, 0),
        ("logencoding", 0, 0),
    ];
    assert_eq!(places, all);
}

#[test]
fn a_pattern_that_accuses_nobody_is_an_error() {
    let zone = Zone::parse(Some("UTC")).unwrap();
    assert_eq!(Filter::compile(&spec(&["x"]), &zone).unwrap_err()[0].option, "failregex");
}

/// The fast route's answer, and the user.
fn by_fast(filter: &Filter, subject: &str, caches: &mut fast::Caches) -> (Outcome, User) {
    let mut scratch = Scratch::default();
    if !subject.is_ascii() {
        return by_plain(filter, subject);
    }
    let outcome = filter
        .fast
        .as_ref()
        .unwrap()
        .find(filter, Text::Simple(subject.as_bytes()), caches, &mut scratch)
        .unwrap();
    if let Outcome::Hit(hit @ Hit { has_address: true, .. }) = &outcome {
        assert!(caches.address().is_some());
        assert_eq!(hit.host(caches.address(), Text::Other(subject)), hit.ids(subject).host());
    }
    with_user(filter, subject, outcome)
}

fn by_plain(filter: &Filter, subject: &str) -> (Outcome, User) {
    with_user(filter, subject, plain::find(filter, subject, &mut Scratch::default()).unwrap())
}

/// An answer without what routes may say or leave open, and the user.
fn with_user(filter: &Filter, subject: &str, outcome: Outcome) -> (Outcome, User) {
    let Outcome::Hit(hit) = outcome else { return (outcome, User::Nobody) };
    let user = match hit.names_user {
        true => filter.user(hit.rule, hit.way, hit.content, subject, &mut Scratch::default()),
        false => User::Nobody,
    };
    let names_user = user != User::Nobody;
    (Outcome::Hit(Hit { way: None, has_address: false, names_user, ..hit }), user)
}

/// Lines near those that match: pieces of real ones, put together anyhow.
fn line() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "host",
        " ",
        "srvd",
        "[12]",
        ":",
        ": ",
        "error: ",
        "PAM: ",
        "fatal: ",
        "Failed",
        " key",
        " password",
        " for ",
        "invalid user ",
        "bob",
        " from ",
        "192.0.2.1",
        "2001:db8::1",
        "::ffff:192.0.2.1",
        "a.example",
        " port 22",
        " ssh2",
        " on x",
        "Invalid user ",
        "illegal user ",
        "User ",
        " not allowed",
        "refused x (",
        ")",
        "Received disconnect from ",
        ":11: bye",
        ": 11:",
        "pam: failure;",
        " uid=0",
        " ruser=",
        " rhost=",
        " user=",
        "Accepted password for ",
        "Too many failures",
        "peer ",
        "]: bad",
        "auth failure for ",
        " via y",
        "\t",
        "é",
        "999.1.1.1",
        "x",
        "ROOT REFUSED FROM ",
        "[192.0.2.1]",
        "-",
        "1",
        "\0",
        "  ",
    ];
    let loose = prop::collection::vec(prop::sample::select(PIECES), 0..14).prop_map(|pieces| pieces.concat());
    let content =
        prop::collection::vec(prop::sample::select(PIECES), 0..10).prop_map(|pieces| pieces.concat());
    let framed = content.prop_map(|content| format!(" host srvd[7]: {content}"));
    prop_oneof![1 => loose, 3 => framed]
}

/// Lines that match, with whatever an attacker may choose in them.
fn near_hit() -> impl Strategy<Value = String> {
    const FORMS: &[&str] = &[
        "Failed password for invalid user U from H port 22 ssh2",
        "Failed key for U from H port 22 ssh2: x",
        "Failed password for U from H port 22 ssh2",
        "Failed password for U from H: y",
        "Invalid user U from H port 22",
        "User U from H not allowed",
        "auth error for U from H via x port 1",
        "error: auth error for U from H",
        "refused U (H) x",
        "Received disconnect from H port 22:11: U",
        "Received disconnect from H:11:",
        "pam: failure; uid=0 tty=U ruser=U rhost=H user=U",
        "pam: failure; ruser=U rhost=H",
        "Accepted password for U from H port",
        "Too many failures for U",
        "peer H:80]: bad U",
        "peer H]: bad U",
        "ROOT REFUSED FROM HU",
        "Denied U from H",
        "Maybe x U from H",
        "Maybe U x y from H",
        "at H:22 end",
        "gone H port 22",
        "gone H port 22 U",
        "Closed by user U H port 22 [preauth]",
        "Wrong passphrase for U from H port 22 ssh2",
        "Wrong key for invalid user U from H port 22 ssh2 U",
        "Wrong name of U at H port 22",
        "Unknown user U from H port 22",
        "Unknown user U from H",
        "Unknown user from H port 1U",
        "Left by H port 22: enough [preauth]",
    ];
    const HOSTS: &[&str] = &[
        "192.0.2.1",
        "2001:db8::1",
        "::ffff:192.0.2.1",
        "a.example",
        "a_b",
        "999.1.1.1",
        "1.2.3.4.5",
        "::1",
        "1::",
        "::",
        "-",
        "[::1]",
        "2001:db8::11",
        "fe80::1:11",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:9",
        "",
        "a.",
        "192.0.2.1:22",
        "12345::",
    ];
    const USERS: &[&str] = &[
        "bob",
        "",
        " ",
        "a b",
        "x from 8.8.8.8 port 1 ssh2",
        "8.8.8.8 port 1 [preauth]",
        "x 8.8.8.8",
        "x from 8.8.8.8",
        ": ",
        "é",
        "ruser=y",
        "rhost=8.8.8.8",
        "u: from ",
        "x from 8.8.8.8 port 1 ssh2 from port 2 ssh2",
        "x at 8.8.8.8 port 1",
        "1",
    ];
    let parts = (prop::sample::select(FORMS), prop::sample::select(HOSTS), prop::sample::select(USERS));
    parts.prop_map(|(form, host, user)| {
        format!(" host srvd[7]: {}", form.replace('H', host).replace('U', user))
    })
}

#[test]
fn a_literal_that_stands_again_behind_an_address_moves_the_host_as_in_python() {
    let host_of = |pattern: &str, line: &str| {
        let filter = compile(&spec(&[pattern]));
        let mut caches = filter.fast.as_ref().unwrap().caches();
        let subject = format!("{line}\n");
        // Once more, from what was remembered of the end.
        let fast = [(); 2].map(|()| by_fast(&filter, &subject, &mut caches));
        let plain = by_plain(&filter, &subject);
        assert_eq!(fast, [plain.clone(), plain.clone()], "{pattern}: {line}");
        let Outcome::Hit(hit) = plain.0 else { return None };
        hit.host(None, Text::Other(&subject)).map(name)
    };
    let rest = "(?: [a-z0-9.]+){0,3}$";
    let (greedy, lazy) = (format!("^Failed .* from <HOST>{rest}"), format!("^Failed .*? from <HOST>{rest}"));
    let line = "Failed x from 192.0.2.1 a from 192.0.2.7";
    assert_eq!(host_of(&greedy, line).as_deref(), Some("192.0.2.7"));
    assert_eq!(host_of(&lazy, line).as_deref(), Some("192.0.2.1"));
    let line = "Failed x from 192.0.2.1 a b c from 192.0.2.7";
    assert_eq!(host_of(&lazy, line).as_deref(), Some("192.0.2.7"));
    let line = "Failed x from 192.0.2.1 a from";
    assert_eq!(host_of(&greedy, line).as_deref(), Some("192.0.2.1"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_route_finds_what_the_plain_route_finds(lines in prop::collection::vec(prop_oneof![line(), near_hit()], 1..8)) {
        thread_local!(static FILTER: Arc<Filter> = compile(&daemon()));
        FILTER.with(|filter| {
            let mut caches = filter.fast.as_ref().unwrap().caches();
            for line in lines {
                let subject = format!("{line}\n");
                prop_assert_eq!(by_fast(filter, &subject, &mut caches), by_plain(filter, &subject), "{}", line);
            }
            Ok(())
        })?;
    }

    #[test]
    fn filters_find_together_what_each_finds_alone(lines in prop::collection::vec(prop_oneof![line(), near_hit()], 1..8)) {
        thread_local!(static FILTERS: Vec<Arc<Filter>> = [
            daemon(),
            spec(&[r"^\s*host srvd\[7\]: Invalid user .* from <HOST>"]),
            spec(&["(?i)RECEIVED disconnect from <HOST>", "(?i)k<HOST>k"]),
            spec(&["<HOST>"]),
            FilterSpec { maxlines: 3, ..spec(&[r"Invalid user .*\n(?:.*\n)?.*Accepted password for .* from <HOST>"]) },
        ].iter().map(compile).collect());
        FILTERS.with(|filters| {
            let mut together = FilterSet::new(filters.clone());
            let mut alone: Vec<_> = filters.iter().map(|filter| FilterSet::new(vec![filter.clone()])).collect();
            for (second, line) in lines.iter().enumerate() {
                let line = format!("2024-06-10T06:13:{second:02}Z{line}");
                let each = alone.iter_mut().enumerate().flat_map(|(index, set)| {
                    read(set, line.as_bytes()).into_iter().map(move |(_, host, time)| (index, host, time))
                });
                let each: Vec<Seen> = each.collect();
                let mut all = read(&mut together, line.as_bytes());
                all.sort();
                prop_assert_eq!(all, each);
            }
            Ok(())
        })?;
    }

    #[test]
    fn no_bytes_break_a_filter(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..4)) {
        thread_local!(static FILTER: Arc<Filter> = compile(&daemon()));
        let mut set = FilterSet::new(vec![FILTER.with(Arc::clone)]);
        for line in lines {
            read(&mut set, &line);
        }
        prop_assert_eq!(set.counters()[0].overruns, 0);
    }
}

const DATES: &[&str] = &[
    "2024-06-10T06:13:01Z ",
    "2024-06-10T06:13:02Z ",
    "2024-06-10 06:13:03 ",
    "Jun 10 06:13:04 ",
    "10/Jun/2024:06:13:05 +0000 ",
    "[2024-06-10T06:13:06Z] ",
    "[[2024-06-10 06:13:07] ",
    "2024-02-30 06:13:08 ",
    "",
];

const MESSAGES: &[&str] = &[
    "host srvd: refused from 192.0.2.1",
    "host srvd: accepted",
    "é refused from 192.0.2.1",
    "x 10/Jun/2024 refused from 192.0.2.1",
    "refused Jun 10 06:12:01 from 192.0.2.1",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn lines_are_dated_together_as_for_each_alone(
        lines in prop::collection::vec((prop::sample::select(DATES), prop::sample::select(MESSAGES), 1usize..4), 1..12),
    ) {
        thread_local!(static FILTERS: Vec<Arc<Filter>> = {
            let patterns = [None, Some("{^LN-BEG}"), Some("{^LN-BEG}TAI64N\n{^LN-BEG}"), Some("%d/%b/%Y\n{^LN-BEG}"), Some("^{DATE}")];
            let zones = [None, Some("Asia/Tokyo".to_owned())];
            let all = patterns.iter().flat_map(|pattern| zones.iter().map(|zone| (pattern.map(str::to_owned), zone.clone())));
            all.map(|(datepattern, logtimezone)| {
                compile(&FilterSpec { datepattern, logtimezone, ..spec(&["refused .*from <HOST>"]) })
            }).collect()
        });
        FILTERS.with(|filters| {
            let mut together = FilterSet::new(filters.clone());
            let mut alone: Vec<_> = filters.iter().map(|filter| FilterSet::new(vec![filter.clone()])).collect();
            for (date, message, times) in lines {
                let line = format!("{date}{message}");
                for _ in 0..times {
                    let each = alone.iter_mut().enumerate().flat_map(|(index, set)| {
                        read(set, line.as_bytes()).into_iter().map(move |(_, host, time)| (index, host, time))
                    });
                    let each: Vec<Seen> = each.collect();
                    prop_assert_eq!(read(&mut together, line.as_bytes()), each, "{}", line);
                }
            }
            Ok(())
        })?;
    }
}
