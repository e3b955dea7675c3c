//! A module for each command, or for few that belong together.

mod bans;
mod boot;
mod config;
mod confirm;
mod demo;
mod filter;
pub(crate) mod firewall;
mod generate;
mod history;
mod import;
mod replay;
mod rollback;
mod run;
mod status;

use crate::cli::{Cli, Command, Config, Filter, Import};
use crate::exit::Outcome;
use crate::fail2ban::{self, Name};
use crate::transaction::guard;

/// Does what the command line says.
pub(crate) fn perform(cli: Cli) -> Outcome {
    let place = cli.place;
    match cli.command {
        Command::Run(args) => run::run(place, &args),
        Command::Watcher(_) => run::watcher(),
        Command::Spawner(_) => run::spawner(),
        Command::Runner(_) => run::runner(),
        Command::Fetcher(_) => run::fetcher(),
        Command::Reload(_) => bans::reload(&place.state),
        Command::Status(args) => status::status(&place.state, &args),
        Command::Bans(args) => bans::bans(&place.state, &args),
        Command::Ban(args) => bans::ban(&place.state, &args),
        Command::Unban(args) => bans::unban(&place.state, &args),
        Command::Filter(Filter::List(args)) => filter::list(&place, &args),
        Command::Filter(Filter::Test(args)) => filter::test(&place, &args),
        Command::Filter(Filter::Scan(args)) => filter::scan(&place, &args),
        Command::Replay(args) => replay::replay(&place, &args),
        Command::Config(Config::Check(args)) => config::check(&place, &args),
        Command::Config(Config::Show(args)) => config::show(&place, &args),
        Command::Firewall(args) => firewall::firewall(&place, &args),
        Command::Confirm(args) => confirm::confirm(&place.state, &args),
        Command::Rollback(args) => rollback::rollback(&place, &args),
        Command::History(args) => history::history(&place.state, &args),
        Command::Boot(_) => boot::boot(&place),
        Command::Guard(args) => guard::wait(&place.state, args.id, args.detach),
        Command::Demo(_) => demo::demo(),
        Command::DemoPart(part) => demo::part(part),
        Command::Fail2banClient(args) => Ok(fail2ban::program(Name::Client, &args.words)),
        Command::Fail2banRegex(args) => Ok(fail2ban::program(Name::Regex, &args.words)),
        Command::Fail2banServer(args) => Ok(fail2ban::program(Name::Server, &args.words)),
        Command::Import(Import::Fail2ban(args)) => import::fail2ban(&place, &args),
        Command::Import(Import::Ufw(args)) => import::ufw(&place, &args),
        Command::Import(Import::Iptables(args)) => import::iptables(&place, &args),
        Command::Generate(args) => generate::generate(&args),
    }
}
