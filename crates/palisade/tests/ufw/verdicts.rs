//! The same rules in ufw and in ours judge the same packets alike: real ones of both families, to the host, from it and
//! through it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::commands::{self, Block};
use crate::{Pair, isolated, reference, said, words_of};

/// Protocol, from, to, port.
type Door = (&'static str, &'static str, &'static str, u16);

const PORTS: [u16; 6] = [22, 25, 53, 80, 443, 1500];
const FROM_OUTSIDE: [(&str, &str); 4] = [
    ("10.0.0.1", "10.9.9.9"),
    ("1.2.9.9", "10.9.9.9"),
    ("2001:db8::1", "2001:db8::99"),
    ("2001:db9::2", "2001:db8::99"),
];
const THROUGH: [(&str, &str); 2] = [("10.0.0.1", "172.16.0.2"), ("2001:db8::1", "fd00::2")];
const OUT: [(&str, &str); 2] = [("10.9.9.9", "10.0.0.1"), ("2001:db8::99", "2001:db8::1")];

/// `$1` is a process on the host's network, `$2` on that of the outside, `$3` on that behind the host.
const CABLES: &str = r#"
set -e
on() { nsenter -t "$1" -n sh -ec "$2"; }
on $1 "ip link add eth0 type veth peer name eth0 netns $2; ip link add eth1 type veth peer name eth0 netns $3"
on $1 'ip link set lo up; ip link set eth0 up; ip link set eth1 up
    ip addr add 10.9.9.9/8 dev eth0; ip addr add 2001:db8::99/32 dev eth0 nodad
    ip addr add 172.16.0.1/24 dev eth1; ip addr add fd00::1/64 dev eth1 nodad
    ip route add 1.2.9.9 dev eth0; ip route add 2001:db9::2 dev eth0
    cd /proc/sys/net; echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding
    echo 0 >ipv4/icmp_ratelimit; echo 0 >ipv6/icmp/ratelimit'
on $2 'ip link set lo up; ip link set eth0 up
    ip addr add 10.0.0.1/8 dev eth0; ip addr add 1.2.9.9/32 dev eth0
    ip addr add 2001:db8::1/32 dev eth0 nodad; ip addr add 2001:db9::2/128 dev eth0 nodad
    ip route add default via 10.9.9.9; ip route add default via 2001:db8::99'
on $3 'ip link set lo up; ip link set eth0 up
    ip addr add 172.16.0.2/24 dev eth0; ip addr add fd00::2/64 dev eth0 nodad
    ip route add default via 172.16.0.1; ip route add default via fd00::1'
"#;

/// A host that answers and knocks.
struct Neighbour {
    process: Child,
    doors: ChildStdin,
    outcomes: BufReader<ChildStdout>,
}

impl Neighbour {
    fn start(network: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ufw/neighbour.py");
        let mut command = Command::new(network[0]);
        command.args(&network[1..]).arg("/usr/bin/python3").arg(script).arg("0.4");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (doors, outcomes) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, doors, outcomes: BufReader::new(outcomes) }
    }

    fn ask(&mut self, doors: &impl serde::Serialize) {
        writeln!(self.doors, "{}", serde_json::to_string(doors).unwrap()).unwrap();
    }

    fn outcomes(&mut self) -> Vec<String> {
        let mut line = String::new();
        self.outcomes.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The host of a process, with one outside and one behind it.
struct Street {
    host: Neighbour,
    outside: Neighbour,
    behind: Neighbour,
}

impl Street {
    fn around(process: u32) -> Self {
        let process = process.to_string();
        let host = Neighbour::start(&["nsenter", "-t", &process, "-n"]);
        let mut street = Self {
            host,
            outside: Neighbour::start(&["unshare", "-n"]),
            behind: Neighbour::start(&["unshare", "-n"]),
        };
        let others = [&street.outside, &street.behind].map(|other| other.process.id().to_string());
        // A neighbour has its network as soon as it answers.
        for other in [&mut street.host, &mut street.outside, &mut street.behind] {
            other.ask(&PORTS);
            other.ask(&Vec::<Door>::new());
            other.outcomes();
        }
        let laid = Command::new("sh").args(["-c", CABLES, "sh", &process]).args(others).status().unwrap();
        assert!(laid.success());
        street
    }

    /// What becomes of each knock.
    fn knock(&mut self) -> Vec<(Door, String)> {
        let from_outside = doors(&[&FROM_OUTSIDE[..], &THROUGH].concat());
        let out = doors(&OUT);
        self.outside.ask(&from_outside);
        self.host.ask(&out);
        let outcomes = [self.outside.outcomes(), self.host.outcomes()].concat();
        from_outside.into_iter().chain(out).zip(outcomes).collect()
    }
}

fn doors(ways: &[(&'static str, &'static str)]) -> Vec<Door> {
    let ports = |(from, to)| PORTS.iter().map(move |port| (from, to, *port));
    let all = ways.iter().copied().flat_map(ports);
    all.flat_map(|(from, to, port)| ["tcp", "udp"].map(|protocol| (protocol, from, to, port))).collect()
}

/// A few rules at a time, since the first that takes everything decides about all; three of four commands are wrong.
const AT_A_TIME: usize = 16;

/// What `limit` lets through has tests of its own: ufw counts for all its rules together. All commands take minutes; a part
/// of them is always tried.
fn sets() -> Vec<Block> {
    let limits = |words: &Vec<String>| words.iter().any(|word| word == "limit");
    let all: Block = commands::rules().concat().into_iter().filter(|words| !limits(words)).collect();
    let every = if std::env::var_os("PALISADE_ALL_VERDICTS").is_some() { 1 } else { 5 };
    all.chunks(AT_A_TIME).step_by(every).map(<[_]>::to_vec).collect()
}

#[test]
fn the_same_rules_judge_the_same_packets_alike() {
    if let Some(why) = reference::missing() {
        return eprintln!("skipped: {why}");
    }
    isolated::isolated("verdicts::the_same_rules_judge_the_same_packets_alike", || {
        let mut pair = Pair::start();
        let mut streets = [pair.ufw.network(), std::process::id()].map(Street::around);
        let (mut taken, mut differences, mut seen) = (0, Vec::new(), std::collections::BTreeMap::new());
        for set in sets() {
            pair.ufw.reset();
            pair.ours.reset();
            pair.switch(false);
            let rules: Vec<_> =
                set.iter().filter(|words| pair.take(words)).map(|words| words.join(" ")).collect();
            taken += rules.len();
            pair.switch(true);
            assert!(pair.take(&words_of("reload")));
            let [ufw, ours] = knock(&mut streets);
            for (_, outcome) in &ours {
                *seen.entry(outcome.clone()).or_insert(0) += 1;
            }
            for (ufw, ours) in ufw.into_iter().zip(ours).filter(|(ufw, ours)| !are_alike(ufw, ours)) {
                let (door, rules) = (ufw.0, rules.join("\n  "));
                differences.push(format!("{door:?}: ufw {}, ours {}\n  {rules}", ufw.1, ours.1));
            }
        }
        eprintln!("{taken} rules taken, {seen:?}");
        assert!(seen.len() == 3 && seen.values().all(|count| *count > 20), "{seen:?}");
        let shown: Vec<String> = differences.iter().take(12).cloned().collect();
        assert!(shown.is_empty(), "{} verdicts differ:\n{}", differences.len(), shown.join("\n"));
    });
}

/// Whether the same became of a knock. Where a rule to reject names no protocol, ufw answers TCP with an ICMPv6 message, after
/// which Linux goes on waiting; ours resets the connection.
fn are_alike(ufw: &(Door, String), ours: &(Door, String)) -> bool {
    let (protocol, from, ..) = ufw.0;
    let waits = protocol == "tcp" && from.contains(':') && ufw.1 == "silent" && ours.1 == "refused";
    ufw == ours || waits
}

/// What becomes of each knock in both streets. On a busy machine an answer may come too late; it does not three times.
fn knock(streets: &mut [Street; 2]) -> [Vec<(Door, String)>; 2] {
    let mut outcomes = streets.each_mut().map(Street::knock);
    for _ in 0..2 {
        if !outcomes[0].iter().zip(&outcomes[1]).all(|(ufw, ours)| are_alike(ufw, ours)) {
            outcomes = streets.each_mut().map(Street::knock);
        }
    }
    outcomes
}

impl Pair {
    /// Whether both take a command. They do, or none does.
    fn take(&mut self, words: &[String]) -> bool {
        let (ufw, ours) = (self.ufw.run(words), self.ours.run(words));
        assert_eq!(ufw.status == 0, ours.status == 0, "{words:?}\n{}{}", said(&ufw), said(&ours));
        ours.status == 0
    }
}
