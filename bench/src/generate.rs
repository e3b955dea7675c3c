//! A log as an attacked sshd writes it.

use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use clap::Args;
use jiff::{SignedDuration, Timestamp};

/// What is to be written.
#[derive(Args)]
pub(crate) struct Log {
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) lines: u64,
    #[arg(long, default_value_t = 20_000)]
    pub(crate) addresses: u64,
    /// Of a hundred lines, so many are failures.
    #[arg(long, default_value_t = 60)]
    pub(crate) percent: u64,
}

const USERS: [&str; 8] = ["root", "admin", "test", "oracle", "ubuntu", "git", "postgres", "user"];
/// Of log time between two lines.
const STEP: SignedDuration = SignedDuration::from_micros(100);

impl Log {
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        self.write_to(&mut out, &mut Random::default())?;
        Ok(out.flush()?)
    }

    /// What `random` has given so far decides how it goes on.
    pub(crate) fn write_to(&self, out: &mut impl Write, random: &mut Random) -> io::Result<()> {
        let mut time = Timestamp::now();
        for line in 0..self.lines {
            time += STEP;
            let host = address(random.below(self.addresses));
            let (port, user) = (1024 + random.below(60_000), USERS[random.below(8) as usize]);
            let pid = 1000 + line;
            write!(out, "{time:.6} host ")?;
            match (random.below(100) < self.percent, random.below(5)) {
                (true, 0) => writeln!(out, "sshd[{pid}]: Invalid user {user} from {host} port {port}"),
                (true, 1 | 2) => writeln!(
                    out,
                    "sshd[{pid}]: Failed password for invalid user {user} from {host} port {port} ssh2"
                ),
                (true, _) => {
                    writeln!(out, "sshd[{pid}]: Failed password for {user} from {host} port {port} ssh2")
                }
                (false, 0) => {
                    writeln!(out, "CRON[{pid}]: pam_unix(cron:session): session opened for user root")
                }
                (false, 1) => writeln!(out, "systemd-logind[612]: New session {line} of user {user}."),
                (false, 2) => writeln!(
                    out,
                    "sshd[{pid}]: Accepted publickey for {user} from {host} port {port} ssh2: ED25519 SHA256:k"
                ),
                (false, 3) => writeln!(out, "sshd[{pid}]: Disconnected from user {user} {host} port {port}"),
                (false, _) => {
                    writeln!(out, "sshd[{pid}]: pam_unix(sshd:session): session closed for user {user}")
                }
            }?;
        }
        Ok(())
    }
}

/// The address of this number; each fourth is IPv6.
pub(crate) fn address(number: u64) -> IpAddr {
    let low = number as u32;
    match number % 4 {
        3 => {
            Ipv6Addr::from(0x2001_0db8_0000_0000_0000_0000_0000_0000_u128 | u128::from(low) << 64 | 1).into()
        }
        _ => Ipv4Addr::from(0x1000_0000 + (low & 0x3fff_ffff)).into(),
    }
}

/// xorshift64*: the same numbers on every machine.
pub(crate) struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}
