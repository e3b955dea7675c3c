//! How long bans take, beside `nft -f` with the same elements.
//!
//!     cargo build --release -p firewall --example ban_speed
//!     unshare -Urn target/release/examples/ban_speed

use std::error::Error;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use firewall::{Ban, BanPolicy, Firewall, JailTarget, Ports, Protocol, Verdict};
use ipnet::{IpNet, Ipv6Net};

fn main() -> Result<(), Box<dyn Error>> {
    let mut firewall = Firewall::open()?;
    firewall.apply(&policy())?;
    single(&mut firewall)?;
    let singles: Vec<_> = (0..100_000)
        .map(|n| ban(IpNet::from(std::net::IpAddr::from(Ipv4Addr::from(0x0b00_0000 + n)))))
        .collect();
    let networks: Vec<_> = (0..100_000_u128)
        .map(|n| Ipv6Net::new(Ipv6Addr::from((0x2001_0db8 << 96) + (n << 64)), 64).map(|net| ban(net.into())))
        .collect::<Result<_, _>>()?;
    measure("2,000 in one call", || firewall.ban(&singles[..2000]))?;
    measure("100,000 IPv4 addresses", || firewall.ban(&singles))?;
    measure("the same again", || firewall.ban(&singles))?;
    measure("100,000 IPv6 /64", || firewall.ban(&networks))?;
    single(&mut firewall)?;
    let monitor = firewall.monitor()?;
    measure("100,000 IPv4 addresses, monitored", || firewall.ban(&singles))?;
    drop(monitor);
    firewall.remove()?;
    firewall.apply(&policy())?;
    let script = nft_script(&singles);
    measure("nft -f with the same 100,000", || nft(&script))?;
    measure("deleting the table", || firewall.remove())?;
    Ok(())
}

fn policy() -> BanPolicy {
    let ports = Ports::Ranges(vec![22..=22]);
    let sshd = JailTarget { name: "sshd".into(), protocol: Protocol::Tcp, ports, verdict: Verdict::Reject };
    BanPolicy { jails: vec![sshd] }
}

fn ban(net: IpNet) -> Ban {
    Ban { jail: "sshd".into(), net, left: Some(Duration::from_secs(600)) }
}

/// The median of many bans, one call each.
fn single(firewall: &mut Firewall) -> Result<(), Box<dyn Error>> {
    let mut times = Vec::new();
    for n in 0..2000 {
        let address = Ipv4Addr::from(0x0a00_0000 + n);
        let start = Instant::now();
        firewall.ban(&[ban(IpNet::from(std::net::IpAddr::from(address)))])?;
        times.push(start.elapsed());
    }
    times.sort();
    println!("{:40} {:?} (p95 {:?})", "one ban", times[1000], times[1900]);
    Ok(())
}

fn measure<E: Error + 'static>(
    what: &str,
    work: impl FnOnce() -> Result<(), E>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    work()?;
    println!("{what:40} {:?}", start.elapsed());
    Ok(())
}

fn nft_script(bans: &[Ban]) -> String {
    let elements: Vec<_> = bans.iter().map(|ban| format!("{} timeout 600s", ban.net.addr())).collect();
    format!("add element inet palisade sshd_ip4 {{ {} }}\n", elements.join(", "))
}

fn nft(script: &str) -> Result<(), std::io::Error> {
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn()?;
    if let Some(stdin) = nft.stdin.as_mut() {
        stdin.write_all(script.as_bytes())?;
    }
    let status = nft.wait()?;
    if status.success() { Ok(()) } else { Err(std::io::Error::other("nft failed")) }
}
