//! Writes a made-up but realistic sshd log to standard output, the same for the same arguments: the input of `bench/`.
//!
//! usage: generate_log [LINES [ADDRESSES [SEED]]]
//!
//! Six lines in ten are failures that a sshd filter counts; the rest is what stands around them in a real auth.log.
//! A quarter of the addresses are IPv6.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

const USERS: [&str; 16] = [
    "root",
    "admin",
    "test",
    "ubuntu",
    "oracle",
    "postgres",
    "git",
    "deploy",
    "guest",
    "mysql",
    "ftpuser",
    "www-data",
    "pi",
    "jenkins",
    "user1",
    "administrator",
];
const MONTHS: [&str; 3] = ["Jun", "Jul", "Aug"];

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len() as u64) as usize]
    }
}

/// One connection of an attacker: whatever it logs has the same process number.
struct Attack {
    pid: u64,
    port: u64,
    user: &'static str,
    known: bool,
    address: Address,
}

#[derive(Clone, Copy)]
struct Address(u64);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0 as u32;
        match n % 4 {
            0 => Ipv6Addr::new(0x2001, 0xdb8, (n >> 8) as u16, n as u16, 0, 0, 0, 1).fmt(f),
            _ => Ipv4Addr::from(0x0b00_0000 + n.wrapping_mul(2_654_435) % 0xb000_0000).fmt(f),
        }
    }
}

impl Attack {
    fn begin(random: &mut Random, addresses: u64) -> Attack {
        let user = random.pick(&USERS);
        Attack {
            pid: 1000 + random.below(60000),
            port: 1024 + random.below(60000),
            user,
            known: user == "root",
            address: Address(random.below(addresses)),
        }
    }

    /// What sshd says of it, line by line. The number is drawn for each line anew.
    fn message(&self, step: u64) -> Option<String> {
        let Attack { port, user, address, .. } = self;
        let invalid = if self.known { "" } else { "invalid user " };
        Some(match step {
            0 if self.known => format!(
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={address}  user={user}"
            ),
            0 => format!("Invalid user {user} from {address} port {port}"),
            1 if self.known => format!("Failed password for {user} from {address} port {port} ssh2"),
            1 => format!(
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={address}"
            ),
            2 | 3 => format!("Failed password for {invalid}{user} from {address} port {port} ssh2"),
            4 => format!(
                "error: maximum authentication attempts exceeded for {invalid}{user} from {address} port {port} ssh2 [preauth]"
            ),
            5 => format!(
                "Disconnecting {invalid}{user} {address} port {port}: Too many authentication failures [preauth]"
            ),
            _ => return None,
        })
    }
}

/// What else a host's auth.log says.
fn everyday(random: &mut Random) -> (&'static str, String) {
    let session = random.below(4000);
    match random.below(5) {
        0 => ("CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)".to_owned()),
        1 => ("CRON", "pam_unix(cron:session): session closed for user root".to_owned()),
        2 => ("systemd-logind", format!("New session {session} of user deploy.")),
        3 => ("sshd", "pam_unix(sshd:auth): check pass; user unknown".to_owned()),
        _ => (
            "sudo",
            format!(
                "deploy : TTY=pts/{} ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/systemctl reload nginx",
                session % 8
            ),
        ),
    }
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let mut next = |default| arguments.next().unwrap_or(Ok(default)).map_err(io::Error::other);
    let (lines, addresses, seed) = (next(1_000_000)?, next(20_000)?, next(1)?);
    let mut random = Random(seed);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut open: Vec<(Attack, u64)> = (0..40).map(|_| (Attack::begin(&mut random, addresses), 0)).collect();
    for line in 0..lines {
        let second = line / 8;
        let (day, month) = (second / 86400 % 28 + 1, MONTHS[(second / 86400 / 28 % 3) as usize]);
        let clock = format!("{:02}:{:02}:{:02}", second / 3600 % 24, second / 60 % 60, second % 60);
        write!(out, "{month} {day:>2} {clock} mail-02 ")?;
        if random.below(100) < 15 {
            let (daemon, message) = everyday(&mut random);
            writeln!(out, "{daemon}[{}]: {message}", 300 + random.below(9000))?;
            continue;
        }
        let at = random.below(open.len() as u64) as usize;
        let (attack, step) = &mut open[at];
        match attack.message(*step) {
            Some(message) => {
                *step += 1;
                writeln!(out, "sshd[{}]: {message}", attack.pid)?;
            }
            None => {
                let (pid, address, port) = (attack.pid, attack.address, attack.port);
                writeln!(
                    out,
                    "sshd[{pid}]: Received disconnect from {address} port {port}:11: Bye Bye [preauth]"
                )?;
                open[at] = (Attack::begin(&mut random, addresses), 0);
            }
        }
    }
    out.flush()
}
