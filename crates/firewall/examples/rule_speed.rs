//! How long rules take to put in force, and what they cost a packet that opens no connection.
//!
//!     cargo build --release -p firewall --example rule_speed
//!     unshare -Urn target/release/examples/rule_speed

use std::error::Error;
use std::net::UdpSocket;
use std::time::Instant;

use firewall::rules::{Policy, Rule, Vocabulary};
use firewall::{Firewall, Lists};

const PACKETS: u32 = 100_000;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    sys::interface::loopback_up()?;
    let mut firewall = Firewall::open()?;
    let lists = Lists::new();
    for count in [500, 10_000] {
        let apart = |n: u32| {
            format!("allow from 10.{}.{}.0/24 to any port {}:{} proto tcp", n >> 8, n & 255, n + 1, n + 2)
        };
        let mut policy = policy((0..count).map(apart))?;
        let start = Instant::now();
        firewall.set_policy(&policy, &lists)?;
        println!("{count} rules in force            {:?}", start.elapsed());
        policy.rules.push(rule("allow 60000/udp")?);
        let start = Instant::now();
        firewall.set_policy(&policy, &lists)?;
        println!("one more                        {:?}", start.elapsed());
    }
    let single = |count: u32| (0..count).map(|n| format!("deny out to 10.0.{}.{}", n / 250, n % 250));
    let apart = |n: u32| format!("deny out to 10.0.{}.{} port {}:{}", n / 250, n % 250, n + 1, n + 2);
    let cases = [
        ("no rule", policy([])?),
        ("1 single address", policy(single(1))?),
        ("500 single addresses", policy(single(500))?),
        ("500 that stay apart", policy((0..500).map(apart))?),
    ];
    // Packets to an address that nobody has: loopback itself is let through before all rules.
    std::process::Command::new("sh")
        .args(["-ec", "ip link add here type veth peer name there; ip link set here up; ip link set there up; ip addr add 192.0.2.1/24 dev here; ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:01 dev here"])
        .status()?;
    for (name, policy) in cases {
        firewall.set_policy(&policy, &lists)?;
        println!("{name:<32}{:.0} ns a packet", nanoseconds()?);
    }
    Ok(())
}

/// The least of some rounds, each packet from a port of its own.
fn nanoseconds() -> Result<f64, Box<dyn Error>> {
    let socket = UdpSocket::bind("192.0.2.1:0")?;
    let mut least = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for n in 0..PACKETS {
            socket.send_to(b"x", ("192.0.2.2", (n % 60_000) as u16 + 1000))?;
        }
        least = least.min(start.elapsed().as_nanos() as f64 / f64::from(PACKETS));
    }
    Ok(least)
}

fn policy(lines: impl IntoIterator<Item = String>) -> Result<Policy, Box<dyn Error>> {
    let rules = lines.into_iter().map(|line| rule(&line)).collect::<Result<_, _>>()?;
    Ok(Policy { enabled: true, rules, ..Policy::default() })
}

fn rule(line: &str) -> Result<Rule, Box<dyn Error>> {
    Rule::read(line, &Vocabulary::default()).map_err(|(wrong, _)| wrong.to_string().into())
}
