//! `palisade firewall list`: the lists that rules can name, and what is new in them.

use std::io::{self, Write};
use std::path::Path;

use ::lists::{Keeping, Origin, Terms};
use config::Posture;
use firewall::Lists;
use firewall::rules::Policy;
use ipnet::IpNet;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::beyond::{List, ListAction};
use crate::commands::bans::printed;
use crate::control::client;
use crate::control::protocol::Request;
use crate::engine::lists::{KeptLists, uses};
use crate::engine::posture::{put_in_force, vocabulary};
use crate::exit::{CommandError, Exit, Outcome};
use crate::fetcher::Fetch;
use crate::output::{ALERT, Align, Table, ago, cut, json, plain};
use crate::transaction::applied::Applied;
use crate::transaction::lockout::Ways;
use crate::transaction::ssh::Seen;

/// Columns for where a list is from, in a line of 80.
const FROM: usize = 40;

/// Does what the words behind `list` say.
pub(super) fn list(folder: &Path, state: &Path, args: &List) -> Outcome {
    let posture = Posture::load(folder, &vocabulary(folder))?;
    let lists = KeptLists::load(state, posture.lists());
    let (name, any) = match &args.action {
        Some(ListAction::Refresh { name, any_change }) => (name.as_deref(), *any_change),
        None => (args.name.as_deref(), false),
    };
    if let Some(name) = name.filter(|name| posture.lists().named(name).is_none()) {
        let names: Vec<String> = lists.iter().map(|kept| kept.name().to_owned()).collect();
        return Err(CommandError::new(
            Exit::Usage,
            format!("there is no list {name}; there is {}", names.join(", ")),
        ));
    }
    match args.action {
        Some(_) => refresh(&posture, state, lists, name, any),
        None => show(&lists, name, args.json),
    }
}

fn show(lists: &KeptLists, name: Option<&str>, as_json: bool) -> Outcome {
    let mut out = anstream::stdout().lock();
    let wanted = || lists.iter().filter(|kept| name.is_none_or(|name| kept.name() == name));
    printed(match (as_json, name) {
        (true, _) => wanted().try_for_each(|kept| json(&mut out, &Shown::of(kept))),
        (false, None) => overview(&mut out, lists),
        (false, Some(_)) => {
            wanted().flat_map(|kept| &kept.list.networks).try_for_each(|net| writeln!(out, "{net}"))
        }
    })
}

fn overview(mut out: impl Write, lists: &KeptLists) -> io::Result<()> {
    let now = Timestamp::now().as_second();
    let left = Align::Left;
    let mut table = Table::new(&[("LIST", left), ("NETWORKS", left), ("CHECKED", left), ("FROM", left)]);
    for kept in lists.iter() {
        let (v4, v6) = count(&kept.list.networks);
        let from = match &kept.list.origin {
            Origin::BuiltIn => "built in",
            Origin::Nowhere => "not asked for yet",
            Origin::Fetched { source, .. } => source,
        };
        let networks = format!("{v4} IPv4, {v6} IPv6");
        let checked = checked(kept).map_or("never".to_owned(), |at| ago(at, now));
        table.row([kept.name().to_owned(), networks, checked, cut(from, FROM)]);
    }
    table.write(&mut out)?;
    let troubles: Vec<String> = lists.iter().flat_map(|kept| troubles(kept, now)).collect();
    if !troubles.is_empty() {
        writeln!(out)?;
    }
    troubles.iter().try_for_each(|trouble| writeln!(out, "{ALERT}!{ALERT:#} {trouble}"))
}

/// Says what people ought to know of the lists that a policy uses.
pub(super) fn warn(posture: &Posture, state: &Path) {
    let now = Timestamp::now().as_second();
    let lists = KeptLists::load(state, posture.lists());
    for kept in lists.iter().filter(|kept| uses(posture.policy(), kept.name())) {
        troubles(kept, now).for_each(|trouble| anstream::eprintln!("WARN: {trouble}"));
    }
}

fn troubles(kept: &Keeping, now: i64) -> impl Iterator<Item = String> {
    let damage = kept.damage.as_ref().map(ToString::to_string);
    let failure = kept.failure.as_ref().map(|failure| {
        let (when, why) = (ago(failure.at, now), plain(&failure.why));
        format!("{} was not refreshed {when}, and stays as it is: {why}", kept.name())
    });
    damage.into_iter().chain(failure)
}

/// When somebody who knows said that this is the list.
fn checked(kept: &Keeping) -> Option<i64> {
    match kept.list.origin {
        Origin::BuiltIn => kept.named().built_in.map(|list| list.as_of),
        Origin::Fetched { at, .. } => Some(at),
        Origin::Nowhere => None,
    }
}

/// Of each family.
fn count(networks: &[IpNet]) -> (usize, usize) {
    let v4 = networks.iter().filter(|net| net.addr().is_ipv4()).count();
    (v4, networks.len() - v4)
}

/// A list for programs.
#[derive(Serialize)]
struct Shown<'a> {
    list: &'a str,
    networks: &'a [IpNet],
    /// Seconds since 1970; `null`: never.
    checked: Option<i64>,
    /// `null`: built in, or not asked for yet.
    source: Option<&'a str>,
    failure: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(kept: &'a Keeping) -> Self {
        let source = match &kept.list.origin {
            Origin::BuiltIn | Origin::Nowhere => None,
            Origin::Fetched { source, .. } => Some(source.as_str()),
        };
        let failure = kept.failure.as_ref().map(|failure| failure.why.as_str());
        Self { list: kept.name(), networks: &kept.list.networks, checked: checked(kept), source, failure }
    }
}

/// Asks for lists, and puts what is believed in force, in the daemon too if one runs.
fn refresh(posture: &Posture, state: &Path, mut lists: KeptLists, name: Option<&str>, any: bool) -> Outcome {
    let mut refused = Vec::new();
    // The file may have been edited since.
    let applied = Applied::load(state, posture.path());
    let policy = applied.as_ref().map(|applied| &*applied.policy);
    let before = lists.in_force();
    for kept in lists.iter_mut().filter(|kept| name.is_none_or(|name| kept.name() == name)) {
        match ask(kept, any, policy, &before) {
            Ok(said) => drop(printed(writeln!(anstream::stdout(), "{said}"))?),
            Err(why) => refused.push(format!("{} stays as it is: {why}", kept.name())),
        }
    }
    // A daemon that is not there learns of it when it starts.
    let _ = client::ask(state, &Request::TakeLists);
    if let Some(policy) = policy.filter(|policy| lists.iter().any(|kept| uses(policy, kept.name()))) {
        put_in_force(policy, &lists.in_force())?;
    }
    match refused.is_empty() {
        true => Ok(Exit::Done),
        false => Err(CommandError::new(Exit::Unavailable, refused.join("\n"))),
    }
}

fn ask(
    kept: &mut Keeping,
    any_change: bool,
    policy: Option<&Policy>,
    lists: &Lists,
) -> Result<String, String> {
    let own = sys::interface::addresses().map_err(|error| format!("this host's addresses: {error}"))?;
    let fetched = Fetch::start(&kept.named().source).map_err(|error| error.to_string()).and_then(Fetch::wait);
    let name = kept.name().to_owned();
    let objection =
        |networks: &[IpNet]| Ways::of_host(&Seen::now()).closed_by(policy?, lists, &name, networks);
    let terms = Terms { own: &own, any_change, objection: &objection };
    let change = kept.take(fetched, &terms, Timestamp::now().as_second())?;
    let (v4, v6) = count(&kept.list.networks);
    let list = format!("{}: {v4} IPv4 and {v6} IPv6 networks", kept.name());
    if change.is_nothing() {
        return Ok(format!("{list}, as before"));
    }
    let lines =
        |sign: char, nets: &[IpNet]| nets.iter().map(|net| format!("\n  {sign} {net}")).collect::<String>();
    Ok(format!("{list}{}{}", lines('+', &change.came), lines('-', &change.gone)))
}
