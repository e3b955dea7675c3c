//! `palisade bans`, `ban`, `unban` and `reload`: short talks with the running daemon.

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;

use super::firewall::reload_edited;
use crate::cli::{Ban, Bans, Unban};
use crate::control::client::ask;
use crate::control::protocol::{AddressReport, BanReport, BanRequest, Reply, Request, UnbanRequest};
use crate::control::session;
use crate::exit::{CommandError, Exit, Outcome};
use crate::output::{Align, Table, count, cut, json, left, plain};

/// Columns for the reason, in a line of 80.
const REASON: usize = 32;

pub(crate) fn bans(state: &Path, args: &Bans) -> Outcome {
    let Reply::Bans(bans) = ask(state, &Request::Bans { jail: args.jail.clone() })? else {
        return unexpected();
    };
    let mut out = anstream::stdout().lock();
    let written = match args.json {
        true => bans.iter().try_for_each(|ban| json(&mut out, ban)),
        false if bans.is_empty() => writeln!(out, "Nobody is banned."),
        false => table(&bans).write(&mut out),
    };
    printed(written)
}

/// Bans as people read them.
pub(crate) fn table(bans: &[BanReport]) -> Table {
    let now = Timestamp::now().as_second();
    let mut table = Table::new(&[
        ("JAIL", Align::Left),
        ("ADDRESS", Align::Left),
        ("LEFT", Align::Left),
        ("FAILURES", Align::Right),
        ("WHY", Align::Left),
    ]);
    for ban in bans {
        let why = cut(&plain(&ban.reason), REASON);
        table.row([
            ban.jail.clone(),
            ban.address.clone(),
            left(ban.until, now),
            ban.failures.to_string(),
            why,
        ]);
    }
    table
}

pub(crate) fn ban(state: &Path, args: &Ban) -> Outcome {
    let request = BanRequest {
        addresses: args.addresses.clone(),
        jail: args.jail.clone(),
        length: args.length.clone(),
        session: session::address(),
    };
    report(ask(state, &Request::Ban(request))?, args.json)
}

pub(crate) fn unban(state: &Path, args: &Unban) -> Outcome {
    let request = UnbanRequest { addresses: args.addresses.clone(), jail: args.jail.clone() };
    report(ask(state, &Request::Unban(request))?, args.json)
}

pub(crate) fn reload(state: &Path) -> Outcome {
    let Reply::Status(report) = ask(state, &Request::Status { jail: None })? else { return unexpected() };
    reload_edited(Path::new(&report.config), state)?;
    let Reply::Reloaded { jails, notes } = ask(state, &Request::Reload)? else { return unexpected() };
    let mut out = anstream::stdout().lock();
    let text = notes.trim_end();
    let gap = if text.is_empty() { "" } else { "\n" };
    printed(writeln!(out, "{text}{gap}Reloaded: {}.", count(jails, "jail")))
}

/// What became of each address; a status of 1 if any was refused.
fn report(reply: Reply, as_json: bool) -> Outcome {
    let Reply::Addresses(addresses) = reply else { return unexpected() };
    let mut out = anstream::stdout().lock();
    let written = addresses.iter().try_for_each(|address: &AddressReport| match as_json {
        true => json(&mut out, address),
        false => writeln!(out, "{}: {}", address.address, address.result),
    });
    printed(written)?;
    let all = !addresses.is_empty() && addresses.iter().all(|address| address.done);
    Ok(if all { Exit::Done } else { Exit::Nothing })
}

/// The end of a command whose last act was to print. A reader that has gone, as `head` does, is no error.
pub(crate) fn printed(written: std::io::Result<()>) -> Outcome {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CommandError::io("standard output", &error))
        }
        _ => Ok(Exit::Done),
    }
}

/// For an answer of the wrong kind: another version's daemon.
pub(crate) fn unexpected() -> Outcome {
    Err(CommandError::new(
        Exit::Unavailable,
        "the daemon is of another version than this command; restart it",
    ))
}
