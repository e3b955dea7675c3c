//! Changing rules beside ufw, each as the whole command, and what rules cost a packet. Wants namespaces of its own: ufw's
//! files are covered by copies.

use std::fmt::Write as _;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::WithDaemon;
use crate::figures::{Figures, beside, row};

const RULES: usize = 500;
const MANY: usize = 10_000;
const ROUNDS: u16 = 5;
const PACKETS: u32 = 100_000;

/// Rules of one kind, by number.
type Kind = (&'static str, fn(usize) -> String);

const KINDS: [Kind; 6] = [
    ("with a port each", |number| format!("allow {}/tcp", port(number))),
    ("with an address each", |number| format!("deny from {}", address(number))),
    ("with an address each, in front", |number| format!("prepend deny from {}", address(number))),
    ("with a network each", |number| format!("deny from {}", network(number))),
    ("with a network and a port each", |number| {
        format!("allow from {} to any port {} proto tcp", network(number), port(number))
    }),
    ("that stay apart", apart),
];

pub(crate) fn firewall(with: &WithDaemon) -> anyhow::Result<()> {
    let ours = Ours::new(&with.palisade)?;
    let mut more = Vec::new();
    for (name, rule) in KINDS {
        ours.write(RULES, |number| rule(number).replace("prepend ", ""))?;
        ours.run(&["reload"])?;
        let took = one_more(rule, |words| ours.run(words))?;
        row(&format!("one rule more, {RULES} there {name}"), "ms", took);
        more.push(took);
    }
    let reload = median(|_| ours.run(&["reload"]))?;
    row(&format!("reload of {RULES} rules that stay apart"), "ms", reload);
    ours.write(MANY, apart)?;
    row(&format!("{MANY} rules in one transaction"), "ms", took(|| ours.run(&["reload"]))?);
    packets(&ours)?;
    ours.run(&["disable"])?;
    let Some(_files) = ufw()? else { return Ok(()) };
    for ((name, rule), more) in KINDS.into_iter().zip(more) {
        let took = one_more(rule, |words| run(Command::new("ufw").args(words)))?;
        beside(&format!("  ufw, one rule more {name}"), "ms", took, more);
    }
    beside("  ufw, reload", "ms", median(|_| run(Command::new("ufw").arg("reload")))?, reload);
    Ok(())
}

/// Milliseconds for a rule that is not there yet.
fn one_more(rule: fn(usize) -> String, run: impl Fn(&[&str]) -> anyhow::Result<()>) -> anyhow::Result<f64> {
    median(|round| run(&rule(RULES + usize::from(round)).split(' ').collect::<Vec<_>>()))
}

/// None becomes a part of a set.
fn apart(number: usize) -> String {
    let first = port(number);
    format!("allow from {} to any port {first}:{} proto tcp", network(number), first + 1)
}

fn network(number: usize) -> String {
    format!("10.{}.{}.0/24", number >> 8, number & 255)
}

fn address(number: usize) -> String {
    format!("10.0.{}.{}", number / 250, number % 250)
}

fn port(number: usize) -> usize {
    number + 1001
}

/// Milliseconds.
fn took(command: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let start = Instant::now();
    command()?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

fn median(mut command: impl FnMut(u16) -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let times = (0..ROUNDS).map(|round| took(|| command(round))).collect::<anyhow::Result<Figures>>()?;
    Ok(times.median())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

struct Ours {
    palisade: PathBuf,
    folder: TempDir,
}

impl Ours {
    fn new(palisade: &Path) -> anyhow::Result<Self> {
        Ok(Self { palisade: palisade.to_owned(), folder: TempDir::new()? })
    }

    fn write(&self, count: usize, rule: impl Fn(usize) -> String) -> anyhow::Result<()> {
        let mut text = "[firewall]\nenabled = true\nrules = [\n".to_owned();
        (0..count).try_for_each(|number| writeln!(text, "    \"{}\",", rule(number)))?;
        Ok(fs::write(self.folder.path().join("palisade.toml"), text + "]\n")?)
    }

    fn run(&self, words: &[&str]) -> anyhow::Result<()> {
        let folder = self.folder.path();
        let mut command = Command::new(&self.palisade);
        command.arg("--config").arg(folder).arg("--state").arg(folder.join("state"));
        run(command.args(["firewall", "--force"]).args(words))
    }
}

/// The real one with as many rules, in force; `None` where it cannot run.
fn ufw() -> anyhow::Result<Option<TempDir>> {
    if !Path::new("/usr/sbin/ufw").exists() || !rustix::process::geteuid().is_root() {
        println!("  ufw: not measured");
        return Ok(None);
    }
    let files = TempDir::new()?;
    for folder in ["etc/ufw", "lib/ufw", "etc/default"] {
        let copy = files.path().join(folder);
        fs::create_dir_all(&copy)?;
        run(Command::new("cp").arg("-a").arg(format!("/{folder}/.")).arg(&copy))?;
        run(Command::new("mount").arg("--bind").arg(&copy).arg(format!("/{folder}")))?;
    }
    for (file, chain, any) in [("user.rules", "ufw", "0.0.0.0/0"), ("user6.rules", "ufw6", "::/0")] {
        let path = Path::new("/etc/ufw").join(file);
        let mut rules = "### RULES ###\n".to_owned();
        for port in (0..RULES).map(port) {
            writeln!(rules, "\n### tuple ### allow tcp {port} {any} any {any} in")?;
            writeln!(rules, "-A {chain}-user-input -p tcp --dport {port} -j ACCEPT")?;
        }
        let text = fs::read_to_string(&path)?;
        ensure!(text.contains("### RULES ###\n"), "{} reads otherwise", path.display());
        fs::write(&path, text.replacen("### RULES ###\n", &rules, 1))?;
    }
    run(Command::new("ufw").args(["--force", "enable"]))?;
    Ok(Some(files))
}

/// What a packet that opens no connection costs, to an address that nobody has.
fn packets(ours: &Ours) -> anyhow::Result<()> {
    const CABLE: &str = "ip link set lo up; ip link add here type veth peer name there; ip link set here up; \
        ip link set there up; ip addr add 192.0.2.1/24 dev here; \
        ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:01 dev here";
    run(Command::new("sh").args(["-ec", CABLE]))?;
    let cost = |count: usize| -> anyhow::Result<f64> {
        ours.write(count, |number| format!("deny out to {}", address(number)))?;
        ours.run(&["reload"])?;
        let socket = UdpSocket::bind("192.0.2.1:0")?;
        let mut least = Duration::MAX;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            for number in 0..PACKETS {
                socket.send_to(b"x", ("192.0.2.2", (number % 60_000) as u16 + 1000))?;
            }
            least = least.min(start.elapsed());
        }
        Ok(least.as_secs_f64() * 1e6 / f64::from(PACKETS))
    };
    let one = cost(1)?;
    row("a packet, 1 rule with a single address", "us", one);
    beside(&format!("a packet, {RULES} rules with one each"), "us", cost(RULES)?, one);
    Ok(())
}
