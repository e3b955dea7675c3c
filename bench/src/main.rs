//! Measures Palisade beside its peers, as `bench/run` says. What starts a daemon wants a network namespace of its own,
//! since the daemon makes its table there; with the journal, a mount namespace too.
#![forbid(unsafe_code)]

mod bans;
mod daemon;
mod fail2ban;
mod figures;
mod firewall;
mod generate;
mod hostile;
mod journal;
mod kernel;
mod loading;
mod memory;
mod process;
mod restart;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
enum Command {
    /// Writes a log of sshd's to standard output; the same one every time.
    Generate(generate::Log),
    /// The lines that cost a filter most, shipped and Debian's.
    Hostile(hostile::Hostile),
    /// Reading all of Debian's jails, beside Fail2Ban's client.
    Loading(loading::Loading),
    #[command(flatten)]
    OfDaemon(OfDaemon),
}

#[derive(Subcommand)]
enum OfDaemon {
    /// From the write of the deciding line to the element in the kernel.
    Latency(WithDaemon),
    /// The same from the journal; writes to /run and /var/log.
    Journal(WithDaemon),
    /// 2,000 addresses over the limit in one write.
    Burst(WithDaemon),
    /// A start with 100,000 live bans, and a new one meanwhile.
    Restart(WithDaemon),
    /// Memory and processor time at rest.
    Idle(WithDaemon),
    /// The same after a million lines.
    Memory(WithDaemon),
    /// Rules, beside ufw; covers ufw's files.
    Firewall(WithDaemon),
}

#[derive(Args)]
struct WithDaemon {
    /// The program to measure.
    #[arg(long)]
    palisade: PathBuf,
    /// `config/filter.d` of this repository.
    #[arg(long)]
    filters: PathBuf,
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Generate(log) => log.write(),
        Command::Hostile(with) => hostile::hostile(&with),
        Command::Loading(with) => loading::loading(&with),
        Command::OfDaemon(OfDaemon::Latency(with)) => bans::latency(&with),
        Command::OfDaemon(OfDaemon::Journal(with)) => journal::latency(&with),
        Command::OfDaemon(OfDaemon::Burst(with)) => bans::burst(&with),
        Command::OfDaemon(OfDaemon::Restart(with)) => restart::restart(&with),
        Command::OfDaemon(OfDaemon::Idle(with)) => memory::idle(&with),
        Command::OfDaemon(OfDaemon::Memory(with)) => memory::memory(&with),
        Command::OfDaemon(OfDaemon::Firewall(with)) => firewall::firewall(&with),
    }
}
